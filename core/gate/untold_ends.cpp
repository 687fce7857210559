// Ends that nobody else will write: of screens and of recordings, because the relay that had them is gone, has never
// told them, or talked to a gatekeeper that has since started anew, or because the journal took no entry when they
// came. The journal says so of each, once (R11, R12, R15). Files of recordings stay as they are; what the journal has
// of them can be verified.
#include "base/json_object.hpp"
#include "gate/consoles.hpp"
#include "recording/events.hpp"
#include "recording/notes.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::size_t kPerTurn = 32;  // entries; a relay may have 256 screens
constexpr Seconds kRetry{5};          // while the journal takes nothing

}  // namespace

audit::Entry Consoles::closed_entry(std::uint64_t console, const Screen& screen, std::string_view code) {
  audit::Entry out;
  out.event = screen.server.empty() ? "desktop.closed" : "console.closed";
  out.session = screen.session;
  out.person = screen.person;
  out.path = screen.path;
  out.rule = screen.server.empty() ? "R11" : "R12";
  out.code = code.substr(0, 64);
  out.result = "ended";
  out.detail = json_object("console", console, "target", screen.target);
  return out;
}

void Consoles::broke_off(const std::vector<OpenScreen>& screens, const std::vector<recording::FileHeader>& recordings) {
  for (const OpenScreen& open : screens) {
    Screen screen;
    screen.session = open.session;
    screen.person = open.person;
    screen.path = open.path;
    screen.target = open.target;
    if (!open.of_desktop) screen.server = open.target;
    untold_.push_back(closed_entry(open.console, screen, "gate.restarted"));
  }
  for (const recording::FileHeader& header : recordings) {
    untold_.push_back(recording::broken_off_entry(header, "gate.restarted", gate_.now()));
  }
  tell_untold();
}

void Consoles::broke_off(std::uint64_t console, const Screen& screen, const char* why) {
  if (screen.given && !screen.closed) untold_.push_back(closed_entry(console, screen, why));
  if (!screen.header || screen.recording_over) return;
  untold_.push_back(recording::broken_off_entry(*screen.header, why, gate_.now()));
  untold_.back().path = screen.path;
}

void Consoles::tell_end(audit::Entry entry) {
  auto held = std::make_shared<audit::Entry>(entry);
  gate_.record(std::move(entry), [this, held](const Result<std::uint64_t>& durable) {
    if (!durable) not_told(std::move(*held));
  });
}

void Consoles::not_told(audit::Entry entry) {
  untold_.push_back(std::move(entry));
  tell_at_ = gate_.now() + kRetry;
  tell_untold_later();
}

void Consoles::tell_untold() {
  if (telling_ || untold_.empty()) return;
  if (gate_.now() < tell_at_) return tell_untold_later();
  std::size_t left = std::min(untold_.size(), kPerTurn);
  const auto recordings = std::ranges::count(untold_, recording::kBrokenOff.id, &audit::Entry::event);
  if (untold_.size() > left && recordings != 0 && !std::exchange(behind_told_, true)) {
    gate_.record(recording::behind_entry(static_cast<std::size_t>(recordings), gate_.now()));
  }
  for (; left != 0; --left) {
    audit::Entry one = std::move(untold_.front());
    untold_.pop_front();
    tell_end(std::move(one));
  }
  if (untold_.empty()) {
    behind_told_ = false;
  } else {
    tell_untold_later();
  }
}

void Consoles::tell_untold_later() {
  if (std::exchange(telling_, true)) return;
  auto again = [this, weak = gate_.weak_from_this()] {
    if (weak.expired()) return;
    telling_ = false;
    tell_untold();
  };
  if (gate_.now() < tell_at_) {
    gate_.services.timers.at(tell_at_, std::move(again));
  } else {
    gate_.services.timers.post(std::move(again));
  }
}

}  // namespace sekisho::gate
