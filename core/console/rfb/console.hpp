// One console: a viewer's RFB stream and a guest's, both ended here, what may pass carried from one to the other.
//
//            from_viewer() ─▶ ViewerHandshake, ViewerFilter ─▶ to_guest()
//   viewer                                                                  guest
//            to_viewer()  ◀─ GuestFilter, GuestHandshake   ◀─ from_guest()
//
//   opening ─both handshakes─▶ open ─▶ ended        (opening ─▶ ended: the viewer is told why in RFB's words)
//
// Sans I/O. The driver: reads from a peer only while its room is not 0 and hands the bytes in; writes to_…() as the
// sockets take it and says sent_…(); sleeps until next_deadline() and calls tick(). When state() is ended it writes
// what is left towards the viewer and closes both. Back-pressure: a direction takes bytes only while its queue is below
// its limit, so a slow viewer holds its own guest's stream back and nobody else's. Memory: kToViewer, kToGuest, and a
// message (<= 516 bytes) for each. Threads: one at a time. Ownership: the observer is borrowed and may be
// null. Errors: what a peer can cause ends this console and is told by why() and notices(); nothing throws but
// bad_alloc. Source: RFC 6143; consoles.md §1; T-61.
#pragma once
#include "console/rfb/guest_filter.hpp"
#include "console/rfb/handshake.hpp"
#include "console/rfb/notice_board.hpp"
#include "console/rfb/out_queue.hpp"
#include "console/rfb/viewer_filter.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::rfb {

struct ConsoleOptions {
  std::string name;  ///< the screen's title, as the viewer is told it; <= 256 bytes of UTF-8
  ViewerPolicy viewer{};
  Caps caps{};
  ChallengeAnswer challenge{};             ///< for guests with a VNC password
  std::chrono::seconds opening_limit{10};  ///< from the first call with `now` until open
};

class Console {
 public:
  enum class State : std::uint8_t { opening, open, ended };
  static constexpr std::size_t kToViewer = 128 * 1024, kToGuest = 16 * 1024;

  Console(ConsoleOptions options, Observer* observer, Instant now);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// How many bytes of that peer are welcome now; 0: do not read from it.
  [[nodiscard]] std::size_t room_from_viewer() const;
  [[nodiscard]] std::size_t room_from_guest() const;
  /// Hands bytes in; returns how many were taken, from the front. Less than all: the rest is kept by the driver and
  /// handed in again when there is room.
  std::size_t from_viewer(View bytes, Instant now);
  std::size_t from_guest(View bytes, Instant now);

  [[nodiscard]] View to_viewer() const { return to_viewer_.view(); }
  [[nodiscard]] View to_guest() const { return to_guest_.view(); }
  void sent_to_viewer(std::size_t bytes) { to_viewer_.sent(bytes); }
  void sent_to_guest(std::size_t bytes) { to_guest_.sent(bytes); }

  /// Ends the console from outside: the gate's wish (Cause::closed) or a peer's end (viewer_gone, guest_gone).
  void end(Cause why);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void tick(Instant now);

  [[nodiscard]] State state() const { return state_; }
  /// With State::ended.
  [[nodiscard]] std::optional<Cause> why() const { return why_; }
  /// The guest's own words on a refusal, not trusted, <= 256 bytes.
  [[nodiscard]] const std::string& guest_said() const { return guest_.reason(); }
  /// What did not pass since the last call, as far as it is due (NoticeBoard); all of it once the console has ended.
  [[nodiscard]] std::vector<Notice> notices(Instant now) { return board_.take(now, state_ == State::ended); }
  [[nodiscard]] std::uint64_t total(Cause cause, Side side) const { return board_.total(cause, side); }
  [[nodiscard]] Size size() const { return agreed_.size; }
  /// Keys and pointer moves that have passed.
  [[nodiscard]] std::uint64_t inputs() const { return viewer_filter_.inputs(); }

 private:
  void end(Cause why, bool counted);
  /// Goes on with the opening as far as both sides have come.
  void open();

  const ConsoleOptions options_;
  Observer* observer_;
  Instant opening_until_;
  State state_ = State::opening;
  std::optional<Cause> why_;
  Negotiation agreed_;
  NoticeBoard board_;
  ViewerHandshake viewer_;
  GuestHandshake guest_;
  ViewerFilter viewer_filter_;
  GuestFilter guest_filter_;
  OutQueue to_viewer_, to_guest_;
};

}  // namespace sekisho::rfb
