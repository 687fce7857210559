// One decoder for each encoding that carries pixels. Each is begun with a rectangle and fed with its payload.
// Threads: one. Memory: a row or a tile, and what zlib keeps. Errors: feed() false, for good.
#pragma once
#include "console/picture/canvas.hpp"
#include "console/picture/inflater.hpp"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace sekisho::picture {

class RectDecoder {
 public:
  virtual ~RectDecoder() = default;
  virtual void begin(const RectHead& head, PixelOrder order, Canvas& canvas) = 0;
  /// Takes from the front of `in` what it can use; what is left comes again with more behind it. False: not decodable,
  /// or there is more than the rectangle's payload.
  [[nodiscard]] virtual bool feed(View& in) = 0;
  /// The payload is complete and nothing of the rectangle is missing.
  [[nodiscard]] virtual bool complete() const = 0;
};

[[nodiscard]] std::unique_ptr<RectDecoder> make_raw_decoder();
[[nodiscard]] std::unique_ptr<RectDecoder> make_copy_decoder();
[[nodiscard]] std::unique_ptr<RectDecoder> make_hextile_decoder();
[[nodiscard]] std::unique_ptr<RectDecoder> make_zlib_decoder();
[[nodiscard]] std::unique_ptr<RectDecoder> make_zrle_decoder();
[[nodiscard]] std::unique_ptr<RectDecoder> make_tight_decoder();

// --- shared by them

/// Four bytes as the canvas takes them.
using Pixel = std::array<std::byte, 4>;
/// The first three bytes at `at`, in the order of the stream.
[[nodiscard]] inline Pixel pixel_at(View bytes, std::size_t at, PixelOrder order) {
  return order == PixelOrder::bgrx ? Pixel{bytes[at], bytes[at + 1], bytes[at + 2], std::byte{0}}
                                   : Pixel{bytes[at + 2], bytes[at + 1], bytes[at], std::byte{0}};
}

/// A tile or some rows, filled pixel by pixel and then painted.
class Patch {
 public:
  void begin(const Area& area) {
    area_ = area;
    bytes_.assign(std::size_t{area.width} * area.height * 4, std::byte{0});
  }
  [[nodiscard]] std::size_t pixels() const { return bytes_.size() / 4; }
  void set(std::size_t number, const Pixel& pixel) {
    for (std::size_t i = 0; i < 4; ++i) bytes_[number * 4 + i] = pixel[i];
  }
  void set(std::size_t x, std::size_t y, const Pixel& pixel) { set(y * area_.width + x, pixel); }
  void paint(Canvas& canvas) const { canvas.paint(area_, bytes_); }
  [[nodiscard]] const Area& area() const { return area_; }

 private:
  Area area_{};
  Bytes bytes_;
};

/// Rows of pixels that come as a stream of bytes: raw, or out of zlib.
class Rows {
 public:
  /// `row_bytes` > 0 of each of `rows` rows; 0 rows are complete at once.
  void begin(std::size_t row_bytes, std::size_t rows) {
    row_.assign(row_bytes, std::byte{0});
    have_ = 0;
    next_ = 0;
    rows_ = row_bytes == 0 ? 0 : rows;
  }
  [[nodiscard]] bool complete() const { return next_ == rows_; }
  /// Where the next bytes go; empty when complete.
  [[nodiscard]] std::span<std::byte> wanted() {
    return complete() ? std::span<std::byte>() : std::span(row_).subspan(have_);
  }
  /// `size` bytes were written there; the number of the row that is whole now, if one is.
  [[nodiscard]] std::optional<std::size_t> wrote(std::size_t size) {
    have_ += size;
    if (have_ < row_.size() || complete()) return std::nullopt;
    have_ = 0;
    return next_++;
  }
  [[nodiscard]] View row() const { return row_; }

 private:
  Bytes row_;
  std::size_t have_ = 0, next_ = 0, rows_ = 0;
};

}  // namespace sekisho::picture
