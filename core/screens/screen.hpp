// Screen: one console between a browser and a guest, and its recording.
//
//   browser ⇄ websocket::Connection ⇄ rfb::Console ⇄ guest
//                                          └─ copies ─▶ Tape ─▶ ScreenRecording (another thread)
//
//   open ─end of either side, gate's wish, fault, recording not kept─▶ ended (last words to the browser) ─▶ done
//
// Sans I/O. The driver reads from a side only while its room is not 0, hands the bytes in, writes to_…() as the sockets
// take it and says sent_…(), sleeps until next_deadline() and calls tick(). Once ended() it closes the guest's side and
// goes on with the browser's until done().
//
// Back-pressure: the browser's side takes bytes only while the guest's queue and the tape have room, the guest's side
// only while the browser's queue and the tape have room. Each viewer has a guest connection of its own, so one that
// reads slowly holds back nobody else. Memory: rfb::Console's queues, kToBrowser and a frame, kPending; the tape's.
// Unrecorded work is not done (T-63): a recording that failed, whose thread does not live, or that is behind by more
// than unsettled ends the screen.
//
// Threads: one at a time. Ownership: shares the tape with its recording; null where policy does not record. Errors:
// what a peer can cause ends this screen alone and is told by why(). Source: issue "Desktops and consoles" parts 2 and
// 3; threats.md T-12, T-61, T-63.
#pragma once
#include "console/rfb/console.hpp"
#include "net/websocket/connection.hpp"
#include "screens/tape.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::screens {

struct ScreenOptions {
  rfb::ConsoleOptions console{};
  websocket::Limits websocket{};
  Seconds alive{5};       ///< the recorder's thread must have been at work since
  Seconds unsettled{10};  ///< what is older must be durable (5 s to fill a chunk, 5 s to write it)
  Seconds stuck{60};      ///< a side that takes nothing of what waits for it is gone
};

/// The options of a console whose picture is decoded: nothing is asked of the guest that the decoder cannot read.
[[nodiscard]] rfb::ConsoleOptions recorded(rfb::ConsoleOptions options);

/// Why a screen ended. `code` is stable: a cause of rfb (console.clipboard_size …), console.not_recorded,
/// console.websocket, or what the gate gave.
struct ScreenEnd {
  std::string code;
  std::optional<rfb::Cause> cause;  ///< of the console, where it had one
  std::string detail;               ///< the guest's or the recorder's words, not trusted; <= 256 bytes
};

class Screen {
 public:
  static constexpr std::size_t kToBrowser = 64 * 1024, kPending = rfb::Console::kToGuest;

  Screen(ScreenOptions options, std::shared_ptr<Tape> tape, Instant now);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] std::size_t room_from_browser() const;
  [[nodiscard]] std::size_t room_from_guest() const;
  /// Returns how many bytes were taken, from the front; the rest is handed in again when there is room.
  std::size_t from_browser(rfb::View bytes, Instant now);
  std::size_t from_guest(rfb::View bytes, Instant now);
  [[nodiscard]] rfb::View to_browser() const { return to_browser_.view(); }
  [[nodiscard]] rfb::View to_guest() const { return console_.to_guest(); }
  void sent_to_browser(std::size_t bytes, Instant now);
  void sent_to_guest(std::size_t bytes, Instant now);

  /// The connection of a side has ended.
  void browser_gone(Instant now);
  void guest_gone(Instant now);
  /// The gate's wish: end of the session, of the right, stop. `code`: why, <= 64 bytes.
  void end(std::string_view code, Instant now);

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void tick(Instant now);

  [[nodiscard]] bool open() const { return console_.state() == rfb::Console::State::open; }
  [[nodiscard]] bool ended() const { return end_.has_value(); }
  [[nodiscard]] bool done() const { return done_; }
  /// With ended().
  [[nodiscard]] const ScreenEnd& why() const { return *end_; }
  /// What did not pass since the last call; it also stands on the tape.
  [[nodiscard]] std::vector<rfb::Notice> take_notices() { return std::exchange(notices_, {}); }

  [[nodiscard]] rfb::Size size() const { return console_.size(); }
  /// Keys and pointer moves that have passed: what a person did, and no page by itself.
  [[nodiscard]] std::uint64_t inputs() const { return console_.inputs(); }
  [[nodiscard]] std::uint64_t bytes_from_browser() const { return from_browser_; }
  [[nodiscard]] std::uint64_t bytes_from_guest() const { return from_guest_; }

 private:
  void begin(Instant now);
  void feed_console(Instant now);
  /// Whatever happened: what waits moves on, ends are seen, notices are taken.
  void settle(Instant now);
  void watch_recording(Instant now);
  void watch_sides(Instant now);
  void finish(ScreenEnd why, Instant now);
  /// The browser's stream stands still because of us, not of it.
  [[nodiscard]] bool held() const { return !ended() && room_from_browser() == 0; }

  const ScreenOptions options_;
  const std::shared_ptr<Tape> tape_;
  websocket::Connection websocket_;
  rfb::Console console_;
  rfb::Bytes pending_;  // out of the WebSocket, not yet taken by the console
  rfb::OutQueue to_browser_;
  std::vector<rfb::Notice> notices_;
  std::optional<ScreenEnd> end_;
  Instant ended_at_{};
  bool told_ = false;  // our close frame, or the peer's, is in the queue
  bool done_ = false, browser_left_ = false;
  std::optional<Instant> browser_waits_, guest_waits_;  // since when that side has taken nothing of what waits for it
  std::uint64_t from_browser_ = 0, from_guest_ = 0;
};

}  // namespace sekisho::screens
