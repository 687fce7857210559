// Where the payload of one rectangle ends: every encoding of the allow-list, measured at 32 bits a pixel without
// inflating, decoding or storing anything.
// Threads: its console's. Memory: fixed. Source: RFC 6143 §7.7; the RFB community wiki for Tight and pseudo-encodings.
#pragma once
#include "console/rfb/causes.hpp"
#include "console/rfb/protocol.hpp"

#include <optional>

namespace sekisho::rfb {

class RectReader {
 public:
  explicit RectReader(const Caps& caps) : caps_(caps) {}

  /// A rectangle's payload begins. `head.encoding` is one of the allow-list; that a picture lies on the screen is the
  /// caller's to check, its size as a cursor or Tight rectangle and the source of a copy are checked here.
  [[nodiscard]] std::optional<Cause> begin(const RectHead& head, Size screen);
  struct Step {
    std::size_t taken = 0;        ///< bytes that belong to this payload
    bool done = false;            ///< the payload is complete
    std::optional<Cause> broken;  ///< the byte after `taken` cannot be part of it
  };
  [[nodiscard]] Step feed(View in);

 private:
  enum class At : std::uint8_t {
    done,
    bulk,            // bytes_ more, then after_
    length,          // U32 length of a compressed payload or a name
    copy_source,     // U16 x, y
    alpha_encoding,  // S32, Raw
    screens,         // U8 count, 3 padding, 16 bytes each
    hextile_mask,
    hextile_count,
    hextile_tile_end,
    tight_control,
    tight_filter,
    tight_colours,
    tight_data,
    tight_length,
  };
  void bulk(std::uint64_t bytes, At after);
  /// Takes the steps that need no byte.
  void settle();
  /// Takes one step on `in`, which is not empty.
  [[nodiscard]] std::optional<Cause> advance(View& in);
  [[nodiscard]] std::optional<Cause> word();
  [[nodiscard]] std::optional<Cause> hextile_mask(std::uint8_t mask);
  [[nodiscard]] std::optional<Cause> tight_control(std::uint8_t control);
  [[nodiscard]] std::optional<Cause> tight_filter(std::uint8_t filter);
  [[nodiscard]] std::optional<Cause> tight_length(std::uint8_t part);
  void tight_rows(std::uint64_t row_bytes);
  [[nodiscard]] std::uint64_t pixels() const { return std::uint64_t{head_.width} * head_.height; }
  /// The largest payload that a compressor of pictures makes of this rectangle.
  [[nodiscard]] std::uint64_t most_compressed() const { return 5 * pixels() + 4096; }

  const Caps& caps_;
  RectHead head_{};
  Size screen_{};
  At at_ = At::done, after_ = At::done;
  std::uint64_t bytes_ = 0;
  Gather<4> gather_;
  std::uint64_t most_ = 0;  // of a length that is read
  std::uint32_t tile_ = 0, tiles_ = 0;
  bool coloured_ = false;          // hextile: each subrectangle has a colour of its own
  std::uint64_t tight_bytes_ = 0;  // uncompressed
  std::uint32_t compact_ = 0;      // Tight's length of 1 to 3 bytes, as far as it is read
  std::uint8_t compact_parts_ = 0;
};

}  // namespace sekisho::rfb
