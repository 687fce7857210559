// Raw, CopyRect, Hextile and Zlib. Source: RFC 6143 §7.7.1, §7.7.2, §7.7.4; the RFB community wiki for Zlib.
#include "console/picture/rect_decoders.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::picture {
namespace {

using rfb::be16;
using rfb::be32;
using rfb::u8;

/// Paints one row of 32-bit pixels.
void paint_row(const RectHead& head, std::size_t row, View bytes, PixelOrder order, Patch& patch, Canvas& canvas) {
  patch.begin({head.x, static_cast<std::uint16_t>(head.y + row), head.width, 1});
  for (std::size_t x = 0; x < head.width; ++x) patch.set(x, pixel_at(bytes, x * 4, order));
  patch.paint(canvas);
}

class RawDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder order, Canvas& canvas) override {
    head_ = head;
    order_ = order;
    canvas_ = &canvas;
    rows_.begin(std::size_t{head.width} * 4, head.height);
  }
  bool feed(View& in) override {
    while (!in.empty() && !rows_.complete()) {
      const auto wanted = rows_.wanted();
      const std::size_t size = std::min(wanted.size(), in.size());
      std::ranges::copy(in.first(size), wanted.begin());
      in = in.subspan(size);
      if (const auto row = rows_.wrote(size)) paint_row(head_, *row, rows_.row(), order_, patch_, *canvas_);
    }
    return in.empty();
  }
  bool complete() const override { return rows_.complete(); }

 private:
  RectHead head_{};
  PixelOrder order_{};
  Canvas* canvas_ = nullptr;
  Rows rows_;
  Patch patch_;
};

class CopyDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder, Canvas& canvas) override {
    head_ = head;
    canvas_ = &canvas;
    done_ = false;
  }
  bool feed(View& in) override {
    if (done_ || in.size() < 4) return !done_;
    canvas_->copy({head_.x, head_.y, head_.width, head_.height}, be16(in, 0), be16(in, 2));
    in = in.subspan(4);
    done_ = true;
    return in.empty();
  }
  bool complete() const override { return done_; }

 private:
  RectHead head_{};
  Canvas* canvas_ = nullptr;
  bool done_ = false;
};

class HextileDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder order, Canvas& canvas) override {
    head_ = head;
    order_ = order;
    canvas_ = &canvas;
    x_ = y_ = 0;
    finished_ = head.width == 0 || head.height == 0;
    background_ = foreground_ = {};
  }
  bool feed(View& in) override {
    while (!finished_ && !in.empty()) {
      const std::size_t before = in.size();
      if (!tile(in)) return false;
      if (in.size() == before) return true;  // the tile is not whole yet
      x_ += kTile;
      if (x_ >= head_.width) {
        x_ = 0;
        y_ += kTile;
      }
      finished_ = y_ >= head_.height;
    }
    return in.empty();
  }
  bool complete() const override { return finished_; }

 private:
  static constexpr std::size_t kTile = 16;

  /// Reads one whole tile, or nothing.
  bool tile(View& in) {
    const std::size_t width = std::min(kTile, head_.width - x_), height = std::min(kTile, head_.height - y_);
    const unsigned mask = u8(in, 0);
    std::size_t at = 1;
    patch_.begin({static_cast<std::uint16_t>(head_.x + x_), static_cast<std::uint16_t>(head_.y + y_),
                  static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height)});
    if ((mask & 1U) != 0) {
      if (in.size() < at + width * height * 4) return true;
      for (std::size_t i = 0; i < width * height; ++i, at += 4) patch_.set(i, pixel_at(in, at, order_));
      patch_.paint(*canvas_);
      in = in.subspan(at);
      return true;
    }
    const std::size_t colours = ((mask & 2U) != 0 ? 4U : 0U) + ((mask & 4U) != 0 ? 4U : 0U);
    const bool subrects = (mask & 8U) != 0, coloured = (mask & 16U) != 0;
    if (in.size() < at + colours + (subrects ? 1U : 0U)) return true;
    const std::size_t count = subrects ? u8(in, at + colours) : 0;
    const std::size_t each = coloured ? 6 : 2;
    if (in.size() < at + colours + (subrects ? 1U : 0U) + count * each) return true;
    if ((mask & 2U) != 0) background_ = pixel_at(in, std::exchange(at, at + 4), order_);
    if ((mask & 4U) != 0) foreground_ = pixel_at(in, std::exchange(at, at + 4), order_);
    for (std::size_t i = 0; i < patch_.pixels(); ++i) patch_.set(i, background_);
    at += subrects ? 1U : 0U;
    for (std::size_t i = 0; i < count; ++i) {
      const Pixel colour = coloured ? pixel_at(in, std::exchange(at, at + 4), order_) : foreground_;
      const std::size_t x = u8(in, at) >> 4U, y = u8(in, at) & 15U;
      const std::size_t w = (u8(in, at + 1) >> 4U) + 1U, h = (u8(in, at + 1) & 15U) + 1U;
      at += 2;
      if (x + w > width || y + h > height) return false;
      for (std::size_t row = y; row < y + h; ++row) {
        for (std::size_t column = x; column < x + w; ++column) patch_.set(column, row, colour);
      }
    }
    patch_.paint(*canvas_);
    in = in.subspan(at);
    return true;
  }

  RectHead head_{};
  PixelOrder order_{};
  Canvas* canvas_ = nullptr;
  std::size_t x_ = 0, y_ = 0;
  bool finished_ = false;
  Pixel background_{}, foreground_{};
  Patch patch_;
};

class ZlibDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder order, Canvas& canvas) override {
    head_ = head;
    order_ = order;
    canvas_ = &canvas;
    length_read_ = false;
    left_ = 0;
    rows_.begin(std::size_t{head.width} * 4, head.height);
  }
  bool feed(View& in) override {
    if (!length_read_) {
      if (in.size() < 4) return true;
      left_ = be32(in, 0);
      in = in.subspan(4);
      length_read_ = true;
    }
    const std::size_t size = std::min<std::size_t>(left_, in.size());
    const auto wrote = [&](std::size_t got) {
      if (const auto row = rows_.wrote(got)) paint_row(head_, *row, rows_.row(), order_, patch_, *canvas_);
      return true;
    };
    if (!zlib_.all(
            in.first(size), [&] { return rows_.wanted(); }, wrote))
      return false;
    in = in.subspan(size);
    left_ -= static_cast<std::uint32_t>(size);
    return in.empty();
  }
  bool complete() const override { return length_read_ && left_ == 0 && rows_.complete(); }

 private:
  RectHead head_{};
  PixelOrder order_{};
  Canvas* canvas_ = nullptr;
  bool length_read_ = false;
  std::uint32_t left_ = 0;
  Inflater zlib_;
  Rows rows_;
  Patch patch_;
};

}  // namespace

std::unique_ptr<RectDecoder> make_raw_decoder() {
  return std::make_unique<RawDecoder>();
}
std::unique_ptr<RectDecoder> make_copy_decoder() {
  return std::make_unique<CopyDecoder>();
}
std::unique_ptr<RectDecoder> make_hextile_decoder() {
  return std::make_unique<HextileDecoder>();
}
std::unique_ptr<RectDecoder> make_zlib_decoder() {
  return std::make_unique<ZlibDecoder>();
}

}  // namespace sekisho::picture
