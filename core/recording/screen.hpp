// Screen: what a console shows, as tiles, with a mark on each tile that has changed since it was last taken.
// Threads: one. Units: pixels. Ranges: 1x1 to kMaxWidth x kMaxHeight; memory 3 bytes a pixel, rounded up to tiles
// (1080p: 6.3 MB; the largest: 25.1 MB). Errors: false, and nothing is changed. Source: decisions.md "Recording
// source".
#pragma once
#include "recording/format.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sekisho::recording {

/// One decoded update of the screen, as the relay sees it pass.
/// Shape: `h` rows of `w` pixels, top first, without gaps; a pixel is B, G, R and a byte that counts for nothing.
/// `pixels` is borrowed until the call returns.
struct Rectangle {
  Instant time{};
  std::uint16_t x = 0, y = 0, w = 0, h = 0;
  std::span<const std::byte> pixels;
};
/// A part of the screen that moves: RFB's CopyRect.
struct CopiedRectangle {
  Instant time{};
  std::uint16_t x = 0, y = 0, w = 0, h = 0, from_x = 0, from_y = 0;
};

class Screen {
 public:
  /// 1x1, black.
  Screen() { static_cast<void>(resize(1, 1)); }
  /// Black, and nothing marked.
  [[nodiscard]] bool resize(std::uint16_t width, std::uint16_t height);
  [[nodiscard]] bool put(const Rectangle& rectangle);
  /// Source and target may overlap.
  [[nodiscard]] bool copy(const CopiedRectangle& rectangle);

  [[nodiscard]] std::uint16_t width() const { return width_; }
  [[nodiscard]] std::uint16_t height() const { return height_; }
  [[nodiscard]] std::size_t columns() const { return columns_; }
  [[nodiscard]] std::size_t tiles() const { return marked_.size(); }
  /// What it holds, in bytes.
  [[nodiscard]] std::size_t memory() const { return pixels_.capacity() + marked_.capacity() / 8; }
  /// kTileBytes; row-major numbers.
  [[nodiscard]] std::span<const std::byte> tile(std::size_t number) const {
    return std::span(pixels_).subspan(number * kTileBytes, kTileBytes);
  }
  /// Replaces a whole tile; marks nothing.
  void set_tile(std::size_t number, std::span<const std::byte> bytes);
  [[nodiscard]] bool black(std::size_t number) const;

  [[nodiscard]] bool changed() const { return changes_ != 0; }
  /// The marked tiles in ascending order, at most `most`; their marks are gone.
  [[nodiscard]] std::vector<std::uint16_t> take_changes(std::size_t most);
  void forget_changes();

  /// width*3 bytes: R, G, B of one row.
  void row(std::uint16_t y, std::span<std::byte> out) const;

 private:
  [[nodiscard]] bool inside(std::size_t x, std::size_t y, std::size_t w, std::size_t h) const {
    return x + w <= width_ && y + h <= height_;
  }
  [[nodiscard]] std::byte* at(std::size_t x, std::size_t y) {
    return pixels_.data() + (y / kTile * columns_ + x / kTile) * kTileBytes + (y % kTile * kTile + x % kTile) * 3;
  }
  void mark(std::size_t x, std::size_t y) {
    auto mark = marked_.begin() + static_cast<std::ptrdiff_t>(y / kTile * columns_ + x / kTile);
    changes_ += *mark ? 0 : 1;
    *mark = true;
  }
  /// Writes `bytes` (R, G, B) into row `y` from `x` on; marks the tiles that differ.
  void write(std::size_t x, std::size_t y, std::span<const std::byte> bytes);

  std::uint16_t width_ = 0, height_ = 0;
  std::size_t columns_ = 0, changes_ = 0;
  std::vector<std::byte> pixels_;  ///< tile after tile
  std::vector<bool> marked_;
};

}  // namespace sekisho::recording
