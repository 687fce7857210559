// Where decoded rectangles go: a recorder's screen, a thumbnail, a test.
// Threads: the decoder's. Ownership: pixels are borrowed for the call. Units: pixels.
#pragma once
#include "console/rfb/protocol.hpp"

namespace sekisho::picture {

using rfb::Bytes;
using rfb::PixelOrder;
using rfb::RectHead;
using rfb::Size;
using rfb::View;

/// A part of the screen. It lies on the screen: the guest filter has checked that.
struct Area {
  std::uint16_t x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const Area&, const Area&) = default;
};

class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void resize(Size size) = 0;
  /// Shape: `area.height` rows of `area.width` pixels, top first, without gaps; a pixel is B, G, R and a byte that
  /// counts for nothing. At most 64 rows at a time.
  virtual void paint(const Area& area, View pixels) = 0;
  /// Source and target may overlap.
  virtual void copy(const Area& area, std::uint16_t from_x, std::uint16_t from_y) = 0;
  /// A picture is complete: a good moment to look.
  virtual void update_done() = 0;
};

}  // namespace sekisho::picture
