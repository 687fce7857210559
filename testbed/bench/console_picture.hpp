// Pictures of the console bench: what its guest shows, and how its viewer reads them. A part changes as a text screen
// does: 64x64 pixels in two colours, Tight's palette form, with a stamp over its first eight pixels that survives the
// relay, the recorder and its file. Bulk is raw rows.
// Threads: one an object. Units: pixels, ns of CLOCK_MONOTONIC. Errors: a reader that meets what this guest never sends
// says so and stays broken. Source: RFC 6143; issue "Desktops and consoles", must hold 5.
#pragma once
#include "console/rfb/protocol.hpp"

#include <zlib.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace sekisho::bench {

using rfb::Bytes;
using rfb::View;

inline constexpr rfb::Size kScreen{1280, 720};
inline constexpr std::uint16_t kPart = 64;      ///< a recording's tile
inline constexpr std::uint16_t kBulkRows = 16;  ///< of one raw rectangle

/// Says which update a picture belongs to and when it was drawn.
struct Stamp {
  std::uint64_t number = 0;  ///< of the connection's updates; 0 is the first, whole picture
  std::uint64_t at_ns = 0;
};
inline constexpr std::uint16_t kStampPixels = 8;
inline constexpr std::size_t kStampBytes = 3 * kStampPixels;
/// Red, green and blue of eight pixels.
[[nodiscard]] Bytes stamp_colours(const Stamp& stamp);
/// nullopt: no stamp stands there. Reads the first kStampBytes.
[[nodiscard]] std::optional<Stamp> read_stamp(View colours);

[[nodiscard]] std::uint64_t monotonic_ns();

/// What one connection's guest draws. Its compressor runs over the whole connection, as Tight wants.
class Painter {
 public:
  Painter();
  ~Painter();
  Painter(const Painter&) = delete;
  Painter& operator=(const Painter&) = delete;

  /// The whole screen as text; stamp 0 in its first part.
  void whole(Bytes& out, std::uint64_t at_ns);
  /// The next part, in reading order.
  void part(Bytes& out, std::uint64_t at_ns);
  [[nodiscard]] std::uint64_t drawn() const { return number_; }

  /// The whole screen as raw rows; the same bytes every time.
  [[nodiscard]] static const Bytes& bulk();

 private:
  void text(Bytes& out, std::uint16_t x, std::uint16_t y, std::uint16_t height);
  void stamp(Bytes& out, std::uint16_t x, std::uint16_t y, const Stamp& stamp);
  z_stream zlib_{};
  std::uint64_t number_ = 0, seed_ = 1;
};

/// A guest's messages as a viewer reads them, from any pieces.
class UpdateReader {
 public:
  /// Calls `done` after each whole update. False: something else came.
  [[nodiscard]] bool feed(View in, const std::function<void(const std::optional<Stamp>&)>& done);

 private:
  enum class At : std::uint8_t { message, rect, tight, length, payload, broken };
  [[nodiscard]] bool step(View& in, bool& ended);
  void next_rect(bool& ended);
  At at_ = At::message;
  rfb::Gather<12> head_;
  rfb::RectHead rect_;
  std::uint16_t rects_ = 0;
  std::uint8_t control_ = 0;
  std::size_t left_ = 0;  ///< of a payload
  bool stamps_ = false;   ///< the payload is a stamp
  Bytes colours_;
  std::optional<Stamp> stamp_;
};

/// A viewer's messages as the guest of this bench reads them: how many updates were asked for.
class RequestReader {
 public:
  struct Asked {
    std::uint32_t whole = 0, changes = 0;
  };
  /// Adds to `asked`. False: a message that no viewer of this bench sends.
  [[nodiscard]] bool feed(View in, Asked& asked);

 private:
  rfb::Gather<20> head_;
  std::size_t left_ = 0;
};

}  // namespace sekisho::bench
