// Recordings whose end nobody will write, because the relay that made them is gone, has never told their end, or talked
// to a gatekeeper that has since started anew: the journal says so of each (R15). Their files stay as they are; what
// the journal has of them can be verified.
#include "gate/consoles.hpp"
#include "recording/notes.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::size_t kPerTurn = 32;  // entries; a relay may have 256 screens
constexpr Seconds kRetry{5};          // while the journal takes nothing

}  // namespace

void Consoles::broke_off(std::vector<recording::FileHeader> recordings) {
  for (recording::FileHeader& header : recordings) broken_off_.push_back({std::move(header), {}, "gate.restarted"});
  tell_broken_off();
}

void Consoles::broke_off(const Screen& screen, const char* why) {
  if (screen.header && !screen.recording_over) broken_off_.push_back({*screen.header, screen.path, why});
}

void Consoles::not_told(BrokenOff recording) {
  broken_off_.push_back(std::move(recording));
  tell_at_ = gate_.now() + kRetry;
  tell_broken_off_later();
}

void Consoles::tell_broken_off() {
  if (telling_ || broken_off_.empty()) return;
  if (gate_.now() < tell_at_) return tell_broken_off_later();
  std::size_t left = std::min(broken_off_.size(), kPerTurn);
  if (broken_off_.size() > left && !std::exchange(behind_told_, true)) {
    gate_.record(recording::behind_entry(broken_off_.size(), gate_.now()));
  }
  for (; left != 0; --left) {
    auto one = std::make_shared<BrokenOff>(std::move(broken_off_.front()));
    broken_off_.pop_front();
    audit::Entry entry = recording::broken_off_entry(one->header, one->why, gate_.now());
    entry.path = one->path;
    gate_.record(std::move(entry), [this, one](const Result<std::uint64_t>& durable) {
      if (!durable) not_told(std::move(*one));
    });
  }
  if (broken_off_.empty()) {
    behind_told_ = false;
  } else {
    tell_broken_off_later();
  }
}

void Consoles::tell_broken_off_later() {
  if (std::exchange(telling_, true)) return;
  auto again = [this, weak = gate_.weak_from_this()] {
    if (weak.expired()) return;
    telling_ = false;
    tell_broken_off();
  };
  if (gate_.now() < tell_at_) {
    gate_.services.timers.at(tell_at_, std::move(again));
  } else {
    gate_.services.timers.post(std::move(again));
  }
}

}  // namespace sekisho::gate
