// What a recorder sees of a console: the guest's rectangles as they were relayed, and the viewer's input.
// Threads: called on the console's thread, inside from_guest() and from_viewer(). Ownership: spans are borrowed for the
// call. Must not call back into the console. Units: pixels. Source: decisions.md "Recording source".
//
// Order: screen() first, then for each update any number of  rect() rect_bytes()* rect_done(),  then update_done().
// screen() comes again after a new size, between rectangles. The pixel order never changes once a rectangle has come.
#pragma once
#include "console/rfb/protocol.hpp"

namespace sekisho::rfb {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void screen(Size size, PixelOrder order) = 0;
  /// Every rectangle that is relayed, pseudo-encodings too (a cursor is one).
  virtual void rect(const RectHead& head) = 0;
  /// The payload, in pieces, exactly as in the stream: the bytes between this rectangle's head and the next.
  virtual void rect_bytes(View bytes) = 0;
  virtual void rect_done() = 0;
  virtual void update_done() = 0;
  /// `scan_code` is the PC/XT set 1 code (0x80 set for E0 keys), 0 when the viewer sent a symbol alone.
  virtual void key(bool down, std::uint32_t symbol, std::uint32_t scan_code) = 0;
  virtual void pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) = 0;
};

}  // namespace sekisho::rfb
