// Guest to viewer, after the handshake: pictures pass, rectangle by rectangle, once they are known to lie on the screen
// and to be in a form that was asked for; the clipboard, power answers and sound are counted away as they stream by. A
// message of unknown length ends the console: nothing behind it could be understood.
// Threads: its console's. Memory: fixed; a picture is never stored here. Source: RFC 6143 §7.6; consoles.md §1.3.
#pragma once
#include "console/rfb/causes.hpp"
#include "console/rfb/negotiation.hpp"
#include "console/rfb/notice_board.hpp"
#include "console/rfb/observer.hpp"
#include "console/rfb/rect_reader.hpp"

#include <optional>

namespace sekisho::rfb {

class GuestFilter {
 public:
  /// `observer` may be null.
  GuestFilter(const Caps& caps, Negotiation& agreed, NoticeBoard& board, Observer* observer)
      : caps_(caps), agreed_(agreed), board_(board), observer_(observer), reader_(caps) {}

  struct Step {
    std::size_t taken = 0;        ///< all of `in`, unless the stream breaks
    std::optional<Cause> broken;  ///< for good; what was written before it may still go out
  };
  /// Reads `in`, appends to `out` what passes: at most as much as was read in all so far.
  [[nodiscard]] Step feed(View in, Bytes& out);

 private:
  enum class At : std::uint8_t { message, skip, rect_head, rect };
  struct Need {
    std::size_t bytes = 0;
    std::optional<Cause> refused;
  };
  [[nodiscard]] Need need() const;
  [[nodiscard]] Need need_of_qemu() const;
  [[nodiscard]] std::optional<Cause> message(View& in, Bytes& out);
  [[nodiscard]] std::optional<Cause> whole(Bytes& out);
  [[nodiscard]] std::optional<Cause> cut_text();
  [[nodiscard]] std::optional<Cause> rect_head(Bytes& out);
  [[nodiscard]] std::optional<Cause> judge(const RectHead& head);
  [[nodiscard]] std::optional<Cause> resize(const RectHead& head);
  [[nodiscard]] std::optional<Cause> rect(View& in, Bytes& out);
  void end_rect();
  void end_update();
  void skip(std::uint64_t bytes);

  static constexpr std::size_t kLongest = 9 + kMostFence, kRectHead = 12;
  const Caps& caps_;
  Negotiation& agreed_;
  NoticeBoard& board_;
  Observer* observer_;
  RectReader reader_;
  At at_ = At::message;
  Gather<kLongest> head_;
  RectHead rect_{};
  std::uint32_t rects_ = 0;  // still to come in this update; kEndless until LastRect
  std::uint64_t skip_ = 0;
  std::optional<Cause> broken_;
};

}  // namespace sekisho::rfb
