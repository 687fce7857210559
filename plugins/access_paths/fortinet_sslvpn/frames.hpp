// The 6-byte frames that carry PPP inside Fortinet's tunnel: an incremental reader over a byte stream and a writer.
//
//   0      1      2      3      4      5      6 …
//   +------+------+------+------+------+------+----------------+
//   | total length| 0x50   0x50 | PPP length  | PPP frame …    |    total = PPP length + 6, both big-endian
//   +------+------+------+------+------+------+----------------+
//
// A PPP frame begins with an optional ff 03, then a protocol number of one byte (odd) or two (even first byte). No FCS,
// no escaping. The server writes the bare two-byte form only, because openfortivpn puts ff 03 in front itself.
// Threads: none of its own; one thread at a time. No allocation per frame: a split frame is put together in a buffer
// that is allocated once, at the first split. Source: RFC 1661 §2; decisions.md "Frames in".
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sekisho::fortinet {

inline constexpr std::size_t kFrameHeader = 6;
/// What the server's own frames add to a packet: the header and the bare protocol number.
inline constexpr std::size_t kFrameOverhead = 8;
/// What a frame from a client may add to a packet: the header, ff 03 and the protocol number.
inline constexpr std::size_t kFrameOverheadIn = 10;

/// One PPP frame. `payload` is borrowed: from the bytes given to take(), or from the reader until the next next().
struct Frame {
  std::uint16_t protocol = 0;
  std::span<const std::byte> payload;
};

class FrameReader {
 public:
  enum class State : std::uint8_t { frame, more, broken };
  struct Step {
    State state = State::more;
    Frame frame;             ///< with State::frame
    std::string_view why{};  ///< with State::broken: constant text
  };

  /// `largest_total` (7 to 65,535): the largest total length accepted; one byte more breaks the stream.
  explicit FrameReader(std::size_t largest_total);
  /// Lends bytes to the reader. Call next() until it says `more` before lending again or letting `bytes` go.
  void take(std::span<const std::byte> bytes) { rest_ = bytes; }
  /// The next whole frame; `more` when the lent bytes are used up (a begun frame was copied); `broken` for good after
  /// the first byte that cannot be part of a frame.
  [[nodiscard]] Step next();
  /// True while a frame has begun and is not complete.
  [[nodiscard]] bool in_frame() const { return !carry_.empty() && !carry_delivered_; }

 private:
  [[nodiscard]] Step broken(std::string_view why);
  [[nodiscard]] Step parse(std::span<const std::byte> ppp);
  /// Total length of the frame that starts at `header` (6 bytes), or 0 with why_ set.
  [[nodiscard]] std::size_t total_of(std::span<const std::byte> header);
  [[nodiscard]] Step next_split();

  std::size_t largest_total_;
  std::span<const std::byte> rest_;
  std::vector<std::byte> carry_;
  bool carry_delivered_ = false;
  std::string_view why_;
};

/// Writes one frame with the bare two-byte protocol number (`address_control`: with ff 03 in front, as openconnect
/// does). Returns the bytes used, or 0 when `out` is too small or the frame would pass 65,535 bytes; then `out` is
/// unchanged.
[[nodiscard]] std::size_t write_frame(std::uint16_t protocol, std::span<const std::byte> payload,
                                      std::span<std::byte> out, bool address_control = false) noexcept;

}  // namespace sekisho::fortinet
