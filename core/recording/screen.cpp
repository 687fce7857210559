#include "recording/screen.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sekisho::recording {
namespace {

constexpr std::size_t tiles_over(std::size_t pixels) {
  return (pixels + kTile - 1) / kTile;
}

}  // namespace

bool Screen::resize(std::uint16_t width, std::uint16_t height) {
  if (width < 1 || width > kMaxWidth || height < 1 || height > kMaxHeight) return false;
  width_ = width;
  height_ = height;
  columns_ = tiles_over(width);
  const std::size_t count = columns_ * tiles_over(height);
  // The old one goes first: two of the largest would not fit into a console's share.
  std::vector<std::byte>().swap(pixels_);
  pixels_.resize(count * kTileBytes);
  marked_.assign(count, false);
  changes_ = 0;
  return true;
}

void Screen::write(std::size_t x, std::size_t y, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t here = std::min(bytes.size(), (kTile - x % kTile) * 3);
    std::byte* to = at(x, y);
    if (std::memcmp(to, bytes.data(), here) != 0) {
      std::memcpy(to, bytes.data(), here);
      mark(x, y);
    }
    bytes = bytes.subspan(here);
    x += here / 3;
  }
}

bool Screen::put(const Rectangle& r) {
  if (!inside(r.x, r.y, r.w, r.h) || r.pixels.size() != std::size_t{4} * r.w * r.h) return false;
  std::array<std::byte, std::size_t{kMaxWidth} * 3> row;  // NOLINT: filled below
  const std::byte* from = r.pixels.data();
  for (std::size_t y = 0; y < r.h; ++y) {
    std::byte* to = row.data();
    for (std::size_t x = 0; x < r.w; ++x, from += 4, to += 3) {
      to[0] = from[2];
      to[1] = from[1];
      to[2] = from[0];
    }
    write(r.x, r.y + y, std::span(row).first(std::size_t{3} * r.w));
  }
  return true;
}

bool Screen::copy(const CopiedRectangle& r) {
  if (!inside(r.x, r.y, r.w, r.h) || !inside(r.from_x, r.from_y, r.w, r.h)) return false;
  std::array<std::byte, std::size_t{kMaxWidth} * 3> row;  // NOLINT: filled below
  for (std::size_t i = 0; i < r.h; ++i) {
    // From the end that is not yet overwritten; within a row the buffer does it.
    const std::size_t y = r.y > r.from_y ? r.h - 1 - i : i;
    for (std::size_t x = 0; x < r.w;) {
      const std::size_t from = r.from_x + x;
      const std::size_t here = std::min<std::size_t>(r.w - x, kTile - from % kTile);
      std::memcpy(row.data() + 3 * x, at(from, r.from_y + y), 3 * here);
      x += here;
    }
    write(r.x, r.y + y, std::span(row).first(std::size_t{3} * r.w));
  }
  return true;
}

void Screen::set_tile(std::size_t number, std::span<const std::byte> bytes) {
  SEKISHO_ASSERT(number < tiles() && bytes.size() == kTileBytes);
  std::memcpy(pixels_.data() + number * kTileBytes, bytes.data(), kTileBytes);
}

bool Screen::black(std::size_t number) const {
  const auto bytes = tile(number);
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

std::vector<std::uint16_t> Screen::take_changes(std::size_t most) {
  std::vector<std::uint16_t> out;
  out.reserve(std::min(most, changes_));
  for (std::size_t i = 0; i < marked_.size() && out.size() < most && changes_ != 0; ++i) {
    if (!marked_[i]) continue;
    marked_[i] = false;
    --changes_;
    out.push_back(static_cast<std::uint16_t>(i));
  }
  return out;
}

void Screen::forget_changes() {
  marked_.assign(marked_.size(), false);
  changes_ = 0;
}

void Screen::row(std::uint16_t y, std::span<std::byte> out) const {
  SEKISHO_ASSERT(y < height_ && out.size() == std::size_t{3} * width_);
  for (std::size_t x = 0; x < width_; x += kTile) {
    const std::size_t here = std::min<std::size_t>(kTile, width_ - x);
    const std::size_t from = (y / kTile * columns_ + x / kTile) * kTileBytes + y % kTile * kTile * 3;
    std::memcpy(out.data() + 3 * x, pixels_.data() + from, 3 * here);
  }
}

}  // namespace sekisho::recording
