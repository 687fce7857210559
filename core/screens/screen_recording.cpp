#include "screens/screen_recording.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::screens {

ScreenRecording::ScreenRecording(const recording::RecorderOptions& options, recording::TilePacker& packer,
                                 const recording::FileHeader& header, const recording::Hash& header_hash,
                                 std::shared_ptr<Tape> tape)
    : header_(header),
      tape_(std::move(tape)),
      recorder_(options, packer, header, header_hash, 1, 1),
      decoder_(painter_),
      now_(header.started_at),
      alive_(header.started_at) {}

void ScreenRecording::work(Instant now) {
  if (!failure_) {
    if (left_.empty()) {
      tape_->take(taken_);
      left_ = taken_;
    }
    left_ = replay(left_, *this, kTurn);
    // A large screen's worth is not kept between two bursts.
    if (left_.empty() && taken_.capacity() > Tape::kCapacity / 8) rfb::Bytes().swap(taken_);
  }
  if (!behind()) now_ = std::max(now_, now);
  if (!failure_) recorder_.tick(now_);
  look(now);
}

void ScreenRecording::look(Instant now) {
  if (!failure_ && decoder_.broken()) failure_ = Error{"recording.undecodable", "a rectangle cannot be decoded", {}};
  if (!failure_ && recorder_.state() == recording::Recorder::State::failed) failure_ = recorder_.failure();
  publish(now);
}

void ScreenRecording::publish(Instant now) {
  alive_ = std::max(alive_, now);
  tape_->set_state(
      {alive_, recorder_.durable_until(), closed() && !failure_, failure_ ? std::string(failure_->code) : ""});
}

const recording::Chunk* ScreenRecording::next_chunk(Instant now) {
  return failure_ ? nullptr : recorder_.next_chunk(behind() ? now_ : now);
}

void ScreenRecording::durable(Instant now, const Result<void>& end) {
  if (failure_) return;
  // Behind, the recorder's clock stands with the tape's: what is not yet read is not durable.
  recorder_.durable(behind() ? now_ : now, end);
  look(now);
}

std::optional<Instant> ScreenRecording::next_deadline() const {
  if (failure_ || closed()) return std::nullopt;
  if (behind()) return now_;
  const auto own = recorder_.next_deadline();
  return own ? std::min(*own, alive_ + kAlive) : alive_ + kAlive;
}

void ScreenRecording::time(Instant at) {
  now_ = std::max(now_, at);
}
void ScreenRecording::screen(rfb::Size size, rfb::PixelOrder order) {
  decoder_.screen(size, order);
}
void ScreenRecording::rect(const rfb::RectHead& head) {
  decoder_.rect(head);
}
void ScreenRecording::rect_bytes(rfb::View bytes) {
  decoder_.rect_bytes(bytes);
}
void ScreenRecording::rect_done() {
  decoder_.rect_done();
}
void ScreenRecording::update_done() {
  decoder_.update_done();
}
void ScreenRecording::key(bool down, std::uint32_t symbol, std::uint32_t scan_code) {
  recorder_.key(now_, {down, false, symbol, scan_code});
}
void ScreenRecording::pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) {
  recorder_.pointer(now_, {x, y, buttons});
}
void ScreenRecording::event(std::string_view code, std::string_view text) {
  recorder_.event(now_, {std::string(code), std::string(text)});
}
void ScreenRecording::close(std::string_view why) {
  why_ = why;
  recorder_.close(now_, why);
}

void ScreenRecording::Painter::resize(rfb::Size size) {
  owner.recorder_.resize(owner.now_, size.width, size.height);
}
void ScreenRecording::Painter::paint(const picture::Area& area, rfb::View pixels) {
  owner.recorder_.rectangle({owner.now_, area.x, area.y, area.width, area.height, pixels});
}
void ScreenRecording::Painter::copy(const picture::Area& area, std::uint16_t from_x, std::uint16_t from_y) {
  owner.recorder_.copied({owner.now_, area.x, area.y, area.width, area.height, from_x, from_y});
}

}  // namespace sekisho::screens
