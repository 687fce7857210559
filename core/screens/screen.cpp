#include "screens/screen.hpp"

#include "console/picture/decoder.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::screens {
namespace {

constexpr std::uint16_t kInternal = 1011;  // RFC 6455 §7.4.1: a condition of the server's
constexpr std::size_t kLongestCode = 64;
constexpr std::size_t kClosingRoom = 4096;

/// An ordinary end is no notice of its own: it is the end that is told.
bool is_notice(rfb::Cause cause) {
  return cause != rfb::Cause::viewer_gone && cause != rfb::Cause::guest_gone && cause != rfb::Cause::closed;
}

std::uint16_t close_code(const ScreenEnd& end) {
  if (end.code == "console.not_recorded") return kInternal;
  if (!end.cause || *end.cause == rfb::Cause::closed) return websocket::kNormal;
  return *end.cause == rfb::Cause::guest_gone ? websocket::kGoingAway : websocket::kPolicy;
}

}  // namespace

rfb::ConsoleOptions recorded(rfb::ConsoleOptions options) {
  auto& withheld = options.viewer.encodings.withheld;
  const auto more = picture::encodings_not_decoded();
  withheld.insert(withheld.end(), more.begin(), more.end());
  return options;
}

Screen::Screen(ScreenOptions options, std::shared_ptr<Tape> tape, Instant now)
    : options_(std::move(options)),
      tape_(std::move(tape)),
      websocket_(options_.websocket, now),
      console_(tape_ ? recorded(options_.console) : options_.console, tape_.get(), now) {
  begin(now);
  settle(now);
}

std::size_t Screen::room_from_browser() const {
  if (done_ || websocket_.state() == websocket::Connection::State::closed) return 0;
  if (to_browser_.size() > kToBrowser) return 0;  // answers to pings wait there too
  if (ended()) return kClosingRoom;
  if (!pending_.empty()) return 0;
  const std::size_t room = console_.room_from_viewer();
  return tape_ ? std::min(room, tape_->room() / 4) : room;
}

std::size_t Screen::room_from_guest() const {
  if (ended()) return 0;
  const std::size_t room = console_.room_from_guest();
  return tape_ ? std::min(room, tape_->room() / 4) : room;
}

void Screen::begin(Instant now) {
  if (tape_) tape_->at(now);
}

std::size_t Screen::from_browser(rfb::View bytes, Instant now) {
  begin(now);
  const rfb::View in = bytes.first(std::min(bytes.size(), room_from_browser()));
  if (in.empty()) return 0;
  from_browser_ += in.size();
  // A frame's payload is shorter than the frame: what has room as raw bytes has room as payload.
  const std::size_t taken =
      websocket_.feed(in, now, ended() ? 0 : kPending - pending_.size(), pending_, to_browser_.tail());
  settle(now);
  return taken;
}

std::size_t Screen::from_guest(rfb::View bytes, Instant now) {
  begin(now);
  const rfb::View in = bytes.first(std::min(bytes.size(), room_from_guest()));
  if (in.empty()) return 0;
  const std::size_t taken = console_.from_guest(in, now);
  from_guest_ += taken;
  settle(now);
  return taken;
}

void Screen::sent_to_browser(std::size_t bytes, Instant now) {
  begin(now);
  to_browser_.sent(bytes);
  if (bytes != 0) browser_waits_.reset();
  settle(now);
}

void Screen::sent_to_guest(std::size_t bytes, Instant now) {
  begin(now);
  console_.sent_to_guest(bytes);
  if (bytes != 0) guest_waits_.reset();
  settle(now);
}

void Screen::browser_gone(Instant now) {
  begin(now);
  browser_left_ = true;
  console_.end(rfb::Cause::viewer_gone);
  settle(now);
}

void Screen::guest_gone(Instant now) {
  begin(now);
  console_.end(rfb::Cause::guest_gone);
  settle(now);
}

void Screen::end(std::string_view code, Instant now) {
  begin(now);
  if (!ended()) {
    console_.end(rfb::Cause::closed);
    finish({std::string(code.substr(0, kLongestCode)), rfb::Cause::closed, {}}, now);
  }
  settle(now);
}

void Screen::feed_console(Instant now) {
  while (!pending_.empty()) {
    const std::size_t taken = console_.from_viewer(pending_, now);
    if (taken == 0) break;
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  if (console_.state() == rfb::Console::State::ended) rfb::Bytes().swap(pending_);
  if (pending_.empty() && pending_.capacity() > rfb::OutQueue::kKeep / 4) rfb::Bytes().swap(pending_);
}

void Screen::settle(Instant now) {
  feed_console(now);
  const auto at = websocket_.state();
  if (at != websocket::Connection::State::open && !ended() && console_.state() != rfb::Console::State::ended) {
    console_.end(rfb::Cause::viewer_gone);
    if (!websocket_.fault().empty()) {
      finish({"console.websocket", rfb::Cause::viewer_gone, std::string(websocket_.fault())}, now);
    }
  }
  for (const rfb::Notice& notice : console_.notices(now)) {
    if (!is_notice(notice.cause)) continue;
    notices_.push_back(notice);
    if (tape_) {
      tape_->event(rfb::words(notice.cause).code, std::string(notice.side == rfb::Side::viewer ? "viewer" : "guest") +
                                                      " count " + std::to_string(notice.count) + " bytes " +
                                                      std::to_string(notice.bytes));
    }
  }
  if (console_.state() == rfb::Console::State::ended && !ended()) {
    const rfb::Cause cause = *console_.why();
    finish({std::string(rfb::words(cause).code), cause,
            cause == rfb::Cause::guest_refused ? console_.guest_said() : std::string()},
           now);
  }
  // Towards the browser, no more than it takes.
  while (websocket_.state() == websocket::Connection::State::open && to_browser_.size() < kToBrowser &&
         !console_.to_viewer().empty()) {
    const rfb::View piece = console_.to_viewer();
    const std::size_t size = std::min({piece.size(), kToBrowser, options_.websocket.message_out});
    websocket_.send(piece.first(size), to_browser_.tail());
    console_.sent_to_viewer(size);
  }
  const auto mark = [now](std::optional<Instant>& since, bool waiting) {
    if (!waiting) since.reset();
    if (waiting && !since) since = now;
  };
  mark(browser_waits_, to_browser_.size() != 0);
  mark(guest_waits_, !console_.to_guest().empty());
  if (!ended()) return;
  if (!told_ && console_.to_viewer().empty()) {
    told_ = true;
    websocket_.close(close_code(*end_), end_->code, now, to_browser_.tail());
  }
  const bool closed = websocket_.state() == websocket::Connection::State::closed;
  if (browser_left_ || (closed && to_browser_.size() == 0)) done_ = true;
}

void Screen::finish(ScreenEnd why, Instant now) {
  end_ = std::move(why);
  ended_at_ = now;
  if (tape_) tape_->close(end_->code);
}

void Screen::watch_recording(Instant now) {
  if (!tape_ || ended()) return;
  const TapeState state = tape_->state();
  std::string detail = state.failure;
  if (detail.empty() && now >= state.alive + options_.alive) detail = "the recorder does not work";
  if (detail.empty() && now >= state.durable_until + options_.unsettled) detail = "the recording is behind";
  if (detail.empty()) return;
  console_.end(rfb::Cause::closed);
  finish({"console.not_recorded", std::nullopt, std::move(detail)}, now);
}

void Screen::watch_sides(Instant now) {
  if (ended()) return;
  if (browser_waits_ && now >= *browser_waits_ + options_.stuck) {
    console_.end(rfb::Cause::viewer_gone);
  } else if (guest_waits_ && now >= *guest_waits_ + options_.stuck) {
    console_.end(rfb::Cause::guest_gone);
  }
}

std::optional<Instant> Screen::next_deadline() const {
  if (done_) return std::nullopt;
  std::optional<Instant> out;
  const auto also = [&](std::optional<Instant> at) {
    if (at) out = std::min(out.value_or(*at), *at);
  };
  if (ended()) {
    also(ended_at_ + options_.websocket.closing);
    return out;
  }
  also(console_.next_deadline());
  if (!held()) also(websocket_.next_deadline());
  if (browser_waits_) also(*browser_waits_ + options_.stuck);
  if (guest_waits_) also(*guest_waits_ + options_.stuck);
  if (tape_) {
    const TapeState state = tape_->state();
    also(std::min(state.alive + options_.alive, state.durable_until + options_.unsettled));
  }
  return out;
}

void Screen::tick(Instant now) {
  begin(now);
  watch_recording(now);
  watch_sides(now);
  console_.tick(now);
  if (!ended() && !held()) websocket_.tick(now, to_browser_.tail());
  settle(now);
  // Who does not take his last words within the limit goes without them.
  if (ended() && now >= ended_at_ + options_.websocket.closing) done_ = true;
}

}  // namespace sekisho::screens
