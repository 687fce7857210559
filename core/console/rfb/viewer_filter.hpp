// Viewer to guest, after the handshake: an allow-list of messages, each read whole, checked and written anew. What is
// not on the list ends the console; the clipboard is counted away as it streams by and never stored.
//
// Japanese keyboards: keys arrive as QEMU extended key events with scan codes (the guest's key map then decides, as on
// a real 106/109 keyboard); they pass with their scan code once the guest has said that it takes them. Threads: its
// console's. Memory: one message of at most 520 bytes. Source: RFC 6143 §7.5; consoles.md §1.2.
#pragma once
#include "console/rfb/causes.hpp"
#include "console/rfb/key_pace.hpp"
#include "console/rfb/negotiation.hpp"
#include "console/rfb/notice_board.hpp"
#include "console/rfb/observer.hpp"

#include <sekisho/sdk/time.hpp>

#include <optional>

namespace sekisho::rfb {

struct ViewerPolicy {
  EncodingPolicy encodings{};
  bool view_only = false;                ///< keys and pointer are taken out
  bool resize = false;                   ///< the viewer may ask for another size of the screen
  std::uint32_t key_presses_per_s = 30;  ///< 0: no limit
};

class ViewerFilter {
 public:
  /// `observer` may be null.
  ViewerFilter(const ViewerPolicy& policy, const Caps& caps, Negotiation& agreed, NoticeBoard& board,
               Observer* observer);

  struct Step {
    std::size_t taken = 0;        ///< bytes of `in` that are used up
    std::optional<Cause> broken;  ///< for good; what was written before it may still go out
  };
  /// Reads `in`, appends to `out` what passes: never more than was read, plus four bytes a SetEncodings.
  /// Takes less than all of it when the stream must stand still (waits()) or breaks.
  [[nodiscard]] Step feed(View in, Instant now, Bytes& out);
  /// Until when the stream stands still because keys came too fast; then feed() again, also with nothing.
  [[nodiscard]] std::optional<Instant> waits() const { return waits_; }

  /// Keys and pointer moves that have passed: what a person did.
  [[nodiscard]] std::uint64_t inputs() const { return inputs_; }

  /// The longest message that is read whole: SetEncodings with 128 entries.
  static constexpr std::size_t kLongest = 4 + 4 * kMostEncodings;

 private:
  struct Need {
    std::size_t bytes = 0;  ///< of the message, as far as its beginning tells
    std::optional<Cause> refused;
  };
  [[nodiscard]] Need need() const;
  [[nodiscard]] Need need_of_qemu() const;
  /// The message in message_ is whole.
  [[nodiscard]] std::optional<Cause> whole(Instant now, Bytes& out);
  [[nodiscard]] std::optional<Cause> set_pixel_format(Bytes& out);
  void set_encodings(Bytes& out);
  void update_request(Bytes& out);
  void key(bool extended, Instant now, Bytes& out);
  void pointer(Bytes& out);
  [[nodiscard]] std::optional<Cause> cut_text();
  [[nodiscard]] std::optional<Cause> desktop_size(Bytes& out);
  [[nodiscard]] std::optional<Cause> fence(Bytes& out);
  [[nodiscard]] std::optional<Cause> continuous(Bytes& out);
  [[nodiscard]] std::optional<Cause> qemu(Instant now, Bytes& out);
  /// x, y, width and height at `at`, cut to the screen.
  void put_area(std::size_t at, Bytes& out) const;

  const ViewerPolicy& policy_;
  const Caps& caps_;
  Negotiation& agreed_;
  NoticeBoard& board_;
  Observer* observer_;
  KeyPace pace_;
  Gather<kLongest> message_;
  std::uint64_t inputs_ = 0;
  std::uint64_t skip_ = 0;  // bytes of a dropped message still to come
  std::optional<Instant> waits_;
  bool counted_fast_ = false;  // the key that waits was counted
  std::optional<Cause> broken_;
};

}  // namespace sekisho::rfb
