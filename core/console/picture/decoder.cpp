#include "console/picture/decoder.hpp"

#include <utility>

namespace sekisho::picture {

std::vector<std::int32_t> encodings_not_decoded() {
  std::vector<std::int32_t> out;
  for (std::int32_t level = rfb::kQualityLowest; level <= rfb::kQualityHighest; ++level) out.push_back(level);
  return out;
}

Decoder::Decoder(Canvas& canvas) : canvas_(canvas) {
  decoders_.emplace(rfb::kRaw, make_raw_decoder());
  decoders_.emplace(rfb::kCopyRect, make_copy_decoder());
  decoders_.emplace(rfb::kHextile, make_hextile_decoder());
  decoders_.emplace(rfb::kZlib, make_zlib_decoder());
  decoders_.emplace(rfb::kZrle, make_zrle_decoder());
  decoders_.emplace(rfb::kTight, make_tight_decoder());
}

void Decoder::screen(Size size, PixelOrder order) {
  order_ = order;
  if (std::exchange(size_, size) != size) canvas_.resize(size);
}

void Decoder::rect(const RectHead& head) {
  const auto found = decoders_.find(head.encoding);
  now_ = found == decoders_.end() ? nullptr : found->second.get();
  held_.clear();
  if (now_ == nullptr || broken_) return;
  now_->begin(head, order_, canvas_);
}

void Decoder::rect_bytes(View bytes) {
  if (now_ == nullptr || broken_) return;
  View in = bytes;
  if (!held_.empty()) {
    rfb::put(held_, bytes);
    in = held_;
  }
  broken_ = !now_->feed(in);
  Bytes rest(in.begin(), in.end());
  held_.swap(rest);
}

void Decoder::rect_done() {
  if (now_ != nullptr && !broken_) broken_ = !now_->complete() || !held_.empty();
  now_ = nullptr;
}

void Decoder::update_done() {
  if (!broken_) canvas_.update_done();
}

}  // namespace sekisho::picture
