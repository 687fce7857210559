#include "console/rfb/console.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sekisho::rfb {
namespace {

constexpr std::size_t kPiece = 65536;  // of the guest's stream, in one go
constexpr std::size_t kLongestName = 256;

std::size_t room(std::size_t limit, std::size_t queued, std::size_t piece) {
  return queued >= limit ? 0 : std::min(limit - queued, piece);
}

ConsoleOptions checked(ConsoleOptions options) {
  SEKISHO_ASSERT(options.name.size() <= kLongestName);
  return options;
}

}  // namespace

Console::Console(ConsoleOptions options, Observer* observer, Instant now)
    : options_(checked(std::move(options))),
      observer_(observer),
      opening_until_(now + options_.opening_limit),
      guest_(options_.caps, options_.challenge),
      viewer_filter_(options_.viewer, options_.caps, agreed_, board_, observer),
      guest_filter_(options_.caps, agreed_, board_, observer) {
  viewer_.begin(to_viewer_.tail());
}

std::size_t Console::room_from_viewer() const {
  if (state_ == State::ended || viewer_filter_.waits()) return 0;
  if (state_ == State::opening && (viewer_.waiting() || viewer_.ready())) return 0;
  return room(kToGuest, to_guest_.size(), kToGuest);
}

std::size_t Console::room_from_guest() const {
  if (state_ == State::ended || (state_ == State::opening && guest_.result())) return 0;
  return room(kToViewer, to_viewer_.size(), kPiece);
}

std::size_t Console::from_viewer(View bytes, Instant now) {
  const View in = bytes.first(std::min(bytes.size(), room_from_viewer()));
  if (in.empty()) return 0;
  if (state_ == State::opening) {
    const auto step = viewer_.feed(in, to_viewer_.tail());
    if (step.broken) {
      board_.add(*step.broken, Side::viewer);
      end(*step.broken, true);
    } else {
      open();
    }
    return step.taken;
  }
  const auto step = viewer_filter_.feed(in, now, to_guest_.tail());
  if (step.broken) end(*step.broken, true);
  return step.taken;
}

std::size_t Console::from_guest(View bytes, Instant) {
  const View in = bytes.first(std::min(bytes.size(), room_from_guest()));
  if (in.empty()) return 0;
  if (state_ == State::opening) {
    const auto step = guest_.feed(in, agreed_.order, to_guest_.tail());
    if (step.broken) {
      board_.add(*step.broken, Side::guest);
      end(*step.broken, true);
    } else {
      open();
    }
    return step.taken;
  }
  const auto step = guest_filter_.feed(in, to_viewer_.tail());
  if (step.broken) end(*step.broken, true);
  return step.taken;
}

void Console::open() {
  if (!guest_.result()) return;
  agreed_.size = guest_.result()->size;
  if (viewer_.waiting()) viewer_.accept(to_viewer_.tail());
  if (!viewer_.ready()) return;
  ViewerHandshake::server_init(agreed_.size, agreed_.order, options_.name, to_viewer_.tail());
  state_ = State::open;
  if (observer_ != nullptr) observer_->screen(agreed_.size, agreed_.order);
}

void Console::end(Cause why) {
  SEKISHO_ASSERT(words(why).ends);
  end(why, false);
}

void Console::end(Cause why, bool counted) {
  if (state_ == State::ended) return;
  if (!counted) board_.add(why, why == Cause::guest_gone ? Side::guest : Side::viewer);
  if (state_ == State::opening) {
    const EventText what = words(why).what;
    viewer_.refuse(std::string(words(why).code) + ": " + what.ja + " / " + what.en, to_viewer_.tail());
  }
  state_ = State::ended;
  why_ = why;
}

std::optional<Instant> Console::next_deadline() const {
  std::optional<Instant> out = board_.next();
  const auto also = [&](std::optional<Instant> at) {
    if (at) out = std::min(out.value_or(*at), *at);
  };
  if (state_ == State::opening) also(opening_until_);
  if (state_ == State::open) also(viewer_filter_.waits());
  return out;
}

void Console::tick(Instant now) {
  if (state_ == State::opening && now >= opening_until_) end(Cause::slow_opening);
  if (state_ == State::open && viewer_filter_.waits() && now >= *viewer_filter_.waits()) {
    const auto step = viewer_filter_.feed({}, now, to_guest_.tail());
    if (step.broken) end(*step.broken, true);
  }
}

}  // namespace sekisho::rfb
