// From relayed rectangles to pixels: what a recorder, a thumbnail or a test sees of a screen.
// An observer of the console's guest side. It keeps no picture: pixels go to the canvas in tiles and rows as they come.
// What it cannot decode breaks it for good; a recorded console is then closed, because it could not be recorded.
// JPEG within Tight is not decoded: where pictures are decoded, withhold the quality levels
// (encodings_not_decoded()).
//
// Threads: one at a time; made to run off the relay's hot path: hand it copies of rect(), rect_bytes() … in their
// order. Memory: fixed but for zlib (at most six streams of 40 KiB) and one piece of a payload. Errors: broken().
#pragma once
#include "console/picture/rect_decoders.hpp"
#include "console/rfb/causes.hpp"
#include "console/rfb/observer.hpp"

#include <map>
#include <memory>
#include <vector>

namespace sekisho::picture {

/// For EncodingPolicy::withheld of a console whose pictures are decoded: with a quality level Tight turns to JPEG.
[[nodiscard]] std::vector<std::int32_t> encodings_not_decoded();

class Decoder final : public rfb::Observer {
 public:
  explicit Decoder(Canvas& canvas);

  void screen(Size size, PixelOrder order) override;
  void rect(const RectHead& head) override;
  void rect_bytes(View bytes) override;
  void rect_done() override;
  void update_done() override;
  void key(bool, std::uint32_t, std::uint32_t) override {}
  void pointer(std::uint8_t, std::uint16_t, std::uint16_t) override {}

  [[nodiscard]] bool broken() const { return broken_; }

 private:
  Canvas& canvas_;
  Size size_{};
  PixelOrder order_ = PixelOrder::bgrx;
  // zlib streams run over the whole connection: a decoder lives as long as the screen.
  std::map<std::int32_t, std::unique_ptr<RectDecoder>> decoders_;
  RectDecoder* now_ = nullptr;  // of the rectangle that has begun; null for one without pixels
  Bytes held_;                  // of its payload, not yet used
  bool broken_ = false;
};

}  // namespace sekisho::picture
