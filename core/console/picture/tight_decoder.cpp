// Tight without JPEG: fills, and rows by one of three filters out of one of four zlib streams. A pixel is three bytes,
// red first, whatever the pixel format's order. Source: the RFB community wiki, "Tight Encoding".
#include "console/picture/rect_decoders.hpp"

#include <algorithm>

namespace sekisho::picture {
namespace {

using rfb::u8;

constexpr std::size_t kColour = 3, kUncompressed = 12;

Pixel colour_at(View bytes, std::size_t at) {
  return pixel_at(bytes, at, PixelOrder::rgbx);
}

class TightDecoder final : public RectDecoder {
 public:
  void begin(const RectHead& head, PixelOrder, Canvas& canvas) override {
    head_ = head;
    canvas_ = &canvas;
    at_ = At::control;
    length_ = shift_ = 0;
    previous_.assign(std::size_t{head.width} * kColour, std::byte{0});
  }

  bool feed(View& in) override {
    while (at_ != At::done) {
      const std::size_t before = in.size();
      const At was = at_;
      if (!step(in)) return false;
      if (in.size() == before && at_ == was) return true;  // more is needed
    }
    return in.empty();
  }
  bool complete() const override { return at_ == At::done; }

 private:
  enum class At : std::uint8_t { control, fill, filter, colours, plain, length, packed, done };
  enum class Filter : std::uint8_t { copy, palette, gradient };

  bool step(View& in) {
    switch (at_) {
      case At::control:
        return in.empty() || control(take(in));
      case At::fill:
        if (in.size() >= kColour) {
          fill(colour_at(in, 0));
          in = in.subspan(kColour);
        }
        return true;
      case At::filter: {
        if (in.empty()) return true;
        const std::uint8_t filter = take(in);
        if (filter > 2) return false;
        filter_ = static_cast<Filter>(filter);
        at_ = At::colours;
        if (filter_ != Filter::palette) rows_begin(head_.width * kColour);
        return true;
      }
      case At::colours:
        return palette(in);
      case At::plain:
        return plain(in);
      case At::length:
        return in.empty() || length(take(in));
      case At::packed:
        return packed(in);
      case At::done:
        return true;
    }
    return false;
  }

  static std::uint8_t take(View& in) {
    const std::uint8_t out = u8(in, 0);
    in = in.subspan(1);
    return out;
  }

  bool control(std::uint8_t byte) {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if ((byte >> i & 1U) != 0) streams_[i].reset();
    }
    const unsigned kind = byte >> 4U;
    if (kind == 8) {
      at_ = At::fill;
      return true;
    }
    if (kind > 7) return false;  // JPEG is not asked for where pictures are decoded
    stream_ = kind & 3U;
    filter_ = Filter::copy;
    if ((kind & 4U) != 0) {
      at_ = At::filter;
    } else {
      rows_begin(head_.width * kColour);
    }
    return true;
  }

  void fill(const Pixel& colour) {
    // In strips, so that a whole screen of one colour needs no picture of it.
    for (std::size_t y = 0; head_.width != 0 && y < head_.height; y += kStrip) {
      patch_.begin({head_.x, static_cast<std::uint16_t>(head_.y + y), head_.width,
                    static_cast<std::uint16_t>(std::min<std::size_t>(kStrip, head_.height - y))});
      for (std::size_t i = 0; i < patch_.pixels(); ++i) patch_.set(i, colour);
      patch_.paint(*canvas_);
    }
    at_ = At::done;
  }

  bool palette(View& in) {
    if (in.empty()) return true;
    const std::size_t colours = std::size_t{u8(in, 0)} + 1;
    if (colours < 2) return false;
    if (in.size() < 1 + colours * kColour) return true;
    colours_ = colours;
    for (std::size_t i = 0; i < colours; ++i) palette_[i] = colour_at(in, 1 + i * kColour);
    in = in.subspan(1 + colours * kColour);
    rows_begin(colours == 2 ? (head_.width + 7U) / 8 : head_.width);
    return true;
  }

  void rows_begin(std::size_t row_bytes) {
    rows_.begin(row_bytes, head_.height);
    const std::size_t all = row_bytes * head_.height;
    at_ = all == 0 ? At::done : all < kUncompressed ? At::plain : At::length;
  }

  bool plain(View& in) {
    while (!in.empty() && !rows_.complete()) {
      const auto wanted = rows_.wanted();
      const std::size_t size = std::min(wanted.size(), in.size());
      std::ranges::copy(in.first(size), wanted.begin());
      in = in.subspan(size);
      if (const auto row = rows_.wrote(size); row && !paint(*row)) return false;
    }
    if (rows_.complete()) at_ = At::done;
    return true;
  }

  bool length(std::uint8_t part) {
    const bool last = shift_ == 14 || (part & 0x80U) == 0;
    length_ |= std::uint32_t{shift_ == 14 ? part : part & 0x7fU} << shift_;
    shift_ += 7;
    if (last) at_ = At::packed;
    return true;
  }

  bool packed(View& in) {
    const std::size_t size = std::min<std::size_t>(length_, in.size());
    const auto wrote = [&](std::size_t got) {
      const auto row = rows_.wrote(got);
      return !row || paint(*row);
    };
    if (!streams_[stream_].all(
            in.first(size), [&] { return rows_.wanted(); }, wrote))
      return false;
    in = in.subspan(size);
    length_ -= static_cast<std::uint32_t>(size);
    if (length_ != 0) return true;
    at_ = At::done;
    return rows_.complete();
  }

  /// The row that is whole now; false when it names a colour that is not in the palette.
  bool paint(std::size_t number) {
    patch_.begin({head_.x, static_cast<std::uint16_t>(head_.y + number), head_.width, 1});
    const View row = rows_.row();
    for (std::size_t x = 0; x < head_.width; ++x) {
      if (filter_ == Filter::palette) {
        const std::size_t index = colours_ == 2 ? u8(row, x / 8) >> (7 - x % 8) & 1U : u8(row, x);
        if (index >= colours_) return false;
        patch_.set(x, palette_[index]);
      } else if (filter_ == Filter::copy) {
        patch_.set(x, colour_at(row, x * kColour));
      } else {
        patch_.set(x, colour_at(predicted(row, x), 0));
      }
    }
    patch_.paint(*canvas_);
    if (filter_ == Filter::gradient) previous_.swap(current_);
    return true;
  }

  /// Gradient: what is sent is the difference to left + above - above left, within 0 and 255.
  View predicted(View row, std::size_t x) {
    current_.resize(previous_.size());
    for (std::size_t i = 0; i < kColour; ++i) {
      const std::size_t at = x * kColour + i;
      const int left = x == 0 ? 0 : u8(current_, at - kColour), above = u8(previous_, at);
      const int corner = x == 0 ? 0 : u8(previous_, at - kColour);
      current_[at] = static_cast<std::byte>(u8(row, at) + std::clamp(left + above - corner, 0, 255));
    }
    return View(current_).subspan(x * kColour, kColour);
  }

  static constexpr std::size_t kStrip = 16;
  RectHead head_{};
  Canvas* canvas_ = nullptr;
  At at_ = At::control;
  Filter filter_{};
  std::array<Inflater, 4> streams_{};
  std::size_t stream_ = 0;
  std::array<Pixel, 256> palette_{};
  std::size_t colours_ = 0;
  std::uint32_t length_ = 0, shift_ = 0;
  Rows rows_;
  Bytes previous_, current_;
  Patch patch_;
};

}  // namespace

std::unique_ptr<RectDecoder> make_tight_decoder() {
  return std::make_unique<TightDecoder>();
}

}  // namespace sekisho::picture
