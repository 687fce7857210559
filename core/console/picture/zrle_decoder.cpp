// ZRLE: tiles of 64x64 in one zlib stream that runs over the whole connection. Source: RFC 6143 §7.7.6.
#include "console/picture/rect_decoders.hpp"

#include <algorithm>

namespace sekisho::picture {
namespace {

using rfb::be32;
using rfb::u8;

constexpr std::size_t kTile = 64, kCompact = 3;  // bytes of a CPIXEL at depth 24
/// More than any tile takes: 4,096 runs of one pixel, each with its length.
constexpr std::size_t kLargestTile = 32768;

enum class Read : std::uint8_t { whole, more, bad };

/// A tile's bytes from the front; `short_` is set once they do not suffice.
class TileReader {
 public:
  TileReader(View bytes, PixelOrder order) : bytes_(bytes), order_(order) {}
  std::uint8_t byte() { return need(1) ? u8(bytes_, at_++) : std::uint8_t{0}; }
  Pixel pixel() {
    if (!need(kCompact)) return {};
    at_ += kCompact;
    return pixel_at(bytes_, at_ - kCompact, order_);
  }
  /// The length of a run: 1 and a chain of 255s.
  std::size_t run() {
    std::size_t out = 1;
    for (;;) {
      const std::uint8_t part = byte();
      out += part;
      if (short_ || part != 255 || out > kTile * kTile) return out;
    }
  }
  [[nodiscard]] bool is_short() const { return short_; }
  [[nodiscard]] std::size_t used() const { return at_; }

 private:
  bool need(std::size_t size) {
    if (bytes_.size() - at_ < size) short_ = true;
    return !short_;
  }
  View bytes_;
  PixelOrder order_;
  std::size_t at_ = 0;
  bool short_ = false;
};

class ZrleDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder order, Canvas& canvas) override {
    head_ = head;
    order_ = order;
    canvas_ = &canvas;
    length_read_ = false;
    left_ = 0;
    x_ = y_ = 0;
    finished_ = head.width == 0 || head.height == 0;
    plain_.clear();
  }

  bool feed(View& in) override {
    if (!length_read_) {
      if (in.size() < 4) return true;
      left_ = be32(in, 0);
      in = in.subspan(4);
      length_read_ = true;
    }
    const std::size_t size = std::min<std::size_t>(left_, in.size());
    const auto want = [&]() -> std::span<std::byte> {
      if (finished_) return {};
      piece_.resize(8192);
      return piece_;
    };
    const auto wrote = [&](std::size_t got) {
      rfb::put(plain_, View(piece_).first(got));
      return tiles();
    };
    if (!zlib_.all(in.first(size), want, wrote)) return false;
    in = in.subspan(size);
    left_ -= static_cast<std::uint32_t>(size);
    return in.empty();
  }
  bool complete() const override { return length_read_ && left_ == 0 && finished_; }

 private:
  /// Paints the tiles that are whole in plain_; false when one is none, or something follows the last.
  bool tiles() {
    std::size_t used = 0;
    while (!finished_) {
      std::size_t size = 0;
      const Read read = tile(View(plain_).subspan(used), size);
      if (read == Read::bad) return false;
      if (read == Read::more) break;
      patch_.paint(*canvas_);
      used += size;
      x_ += kTile;
      if (x_ >= head_.width) {
        x_ = 0;
        y_ += kTile;
      }
      finished_ = y_ >= head_.height;
    }
    plain_.erase(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(used));
    return finished_ ? plain_.empty() : plain_.size() <= kLargestTile;
  }

  Read tile(View bytes, std::size_t& size) {
    patch_.begin({static_cast<std::uint16_t>(head_.x + x_), static_cast<std::uint16_t>(head_.y + y_),
                  static_cast<std::uint16_t>(std::min(kTile, head_.width - x_)),
                  static_cast<std::uint16_t>(std::min(kTile, head_.height - y_))});
    TileReader in(bytes, order_);
    const unsigned kind = in.byte();
    bool good = true;
    if (kind == 0) {
      for (std::size_t i = 0; i < patch_.pixels() && !in.is_short(); ++i) patch_.set(i, in.pixel());
    } else if (kind == 1) {
      const Pixel colour = in.pixel();
      for (std::size_t i = 0; i < patch_.pixels(); ++i) patch_.set(i, colour);
    } else if (kind <= 16) {
      good = packed(in, kind);
    } else if (kind == 128) {
      good = runs(in);
    } else if (kind >= 130) {
      good = palette_runs(in, kind - 128);
    } else {
      good = false;
    }
    size = in.used();
    return in.is_short() ? Read::more : good ? Read::whole : Read::bad;
  }

  void palette(TileReader& in, std::size_t colours) {
    for (std::size_t i = 0; i < colours; ++i) palette_[i] = in.pixel();
  }

  bool packed(TileReader& in, std::size_t colours) {
    palette(in, colours);
    const unsigned bits = colours == 2 ? 1 : colours <= 4 ? 2 : 4;
    for (std::size_t y = 0; y < patch_.area().height; ++y) {
      unsigned byte = 0, have = 0;
      for (std::size_t x = 0; x < patch_.area().width; ++x) {
        if (have == 0) {
          byte = in.byte();
          have = 8;
        }
        have -= bits;
        const std::size_t index = byte >> have & ((1U << bits) - 1U);
        if (in.is_short()) return true;
        if (index >= colours) return false;
        patch_.set(x, y, palette_[index]);
      }
    }
    return true;
  }

  bool runs(TileReader& in) {
    for (std::size_t at = 0; at < patch_.pixels();) {
      const Pixel colour = in.pixel();
      const std::size_t length = in.run();
      if (in.is_short()) return true;
      if (length > patch_.pixels() - at) return false;
      for (const std::size_t end = at + length; at < end; ++at) patch_.set(at, colour);
    }
    return true;
  }

  bool palette_runs(TileReader& in, std::size_t colours) {
    palette(in, colours);
    for (std::size_t at = 0; at < patch_.pixels();) {
      const std::uint8_t entry = in.byte();
      const std::size_t length = (entry & 0x80U) != 0 ? in.run() : 1;
      if (in.is_short()) return true;
      if ((entry & 0x7fU) >= colours || length > patch_.pixels() - at) return false;
      for (const std::size_t end = at + length; at < end; ++at) patch_.set(at, palette_[entry & 0x7fU]);
    }
    return true;
  }

  RectHead head_{};
  PixelOrder order_{};
  Canvas* canvas_ = nullptr;
  bool length_read_ = false, finished_ = false;
  std::uint32_t left_ = 0;
  std::size_t x_ = 0, y_ = 0;
  Inflater zlib_;
  Bytes piece_, plain_;  // just inflated; inflated and not yet a whole tile
  std::array<Pixel, 127> palette_{};
  Patch patch_;
};

}  // namespace

std::unique_ptr<RectDecoder> make_zrle_decoder() {
  return std::make_unique<ZrleDecoder>();
}

}  // namespace sekisho::picture
