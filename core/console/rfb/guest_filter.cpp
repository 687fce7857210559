#include "console/rfb/guest_filter.hpp"

#include <algorithm>
#include <limits>

namespace sekisho::rfb {
namespace {

constexpr std::uint16_t kEndless = 0xffff;

/// What is drawn, as opposed to what is said about the screen.
bool is_picture(std::int32_t encoding) {
  return encoding >= 0;
}
bool has_pixels(std::int32_t encoding) {
  return is_picture(encoding) || encoding == kCursor || encoding == kCursorAlpha;
}

}  // namespace

GuestFilter::Step GuestFilter::feed(View in, Bytes& out) {
  const std::size_t all = in.size();
  while (!broken_ && !in.empty()) {
    switch (at_) {
      case At::message:
        broken_ = message(in, out);
        break;
      case At::skip: {
        const auto gone = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, in.size()));
        in = in.subspan(gone);
        skip_ -= gone;
        if (skip_ == 0) at_ = At::message;
        break;
      }
      case At::rect_head:
        if (head_.complete(in, kRectHead)) broken_ = rect_head(out);
        break;
      case At::rect:
        broken_ = rect(in, out);
        break;
    }
    if (broken_) board_.add(*broken_, Side::guest);
  }
  return {all - in.size(), broken_};
}

GuestFilter::Need GuestFilter::need() const {
  const View m = head_.view();
  if (m.empty()) return {1, {}};
  switch (u8(m, 0)) {
    case kUpdate:
      return {4, {}};
    case kBell:
      return {1, {}};
    case kServerCutText:  // its head; the text is skipped
      return {8, {}};
    case kEndOfContinuous:
      if (!agreed_.asked.has(kContinuous)) return {0, Cause::unasked_message};
      return {1, {}};
    case kFence:
      if (!agreed_.asked.has(kFences)) return {0, Cause::unasked_message};
      if (m.size() < 9) return {9, {}};
      if (u8(m, 8) > kMostFence) return {0, Cause::malformed};
      return {9 + std::size_t{u8(m, 8)}, {}};
    case kXvp:
      return {4, {}};
    case kQemu:
      return need_of_qemu();
    case kColourMap:
      return {0, Cause::colour_map};
    default:
      return {0, Cause::unknown_message};
  }
}

GuestFilter::Need GuestFilter::need_of_qemu() const {
  const View m = head_.view();
  if (m.size() < 2) return {2, {}};
  if (u8(m, 1) != kQemuAudio) return {0, Cause::unknown_message};
  if (m.size() < 4) return {4, {}};
  const std::uint16_t operation = be16(m, 2);
  if (operation > 2) return {0, Cause::unknown_message};
  return {operation == 2 ? std::size_t{8} : std::size_t{4}, {}};
}

std::optional<Cause> GuestFilter::message(View& in, Bytes& out) {
  for (;;) {
    const Need needed = need();
    if (needed.refused) return needed.refused;
    if (!head_.complete(in, needed.bytes)) return {};
    const Need now = need();
    if (now.refused) return now.refused;
    if (now.bytes == needed.bytes) break;
  }
  const auto refused = whole(out);
  head_.clear();
  return refused;
}

void GuestFilter::skip(std::uint64_t bytes) {
  skip_ = bytes;
  if (bytes != 0) at_ = At::skip;
}

std::optional<Cause> GuestFilter::whole(Bytes& out) {
  const View m = head_.view();
  switch (u8(m, 0)) {
    case kUpdate:
      rects_ = be16(m, 2);
      put16(out, std::uint16_t{kUpdate} << 8U);  // padding carries nothing
      put16(out, static_cast<std::uint16_t>(rects_));
      if (rects_ == 0) {
        end_update();
      } else {
        at_ = At::rect_head;
      }
      return {};
    case kBell:
      put(out, m);
      return {};
    case kServerCutText:
      return cut_text();
    case kEndOfContinuous:
      agreed_.continuous = true;
      put(out, m);
      return {};
    case kFence: {
      agreed_.fences = true;
      const std::size_t at = out.size();
      put(out, m);
      out[at + 1] = out[at + 2] = out[at + 3] = std::byte{0};
      return {};
    }
    case kXvp:
      board_.add(Cause::power, Side::guest);
      return {};
    default: {  // QEMU sound
      const std::uint32_t size = m.size() == 8 ? be32(m, 4) : 0;
      if (size > caps_.cut_text) return Cause::clipboard_size;
      board_.add(Cause::sound, Side::guest, size);
      skip(size);
      return {};
    }
  }
}

std::optional<Cause> GuestFilter::cut_text() {
  const auto length = static_cast<std::int32_t>(be32(head_.view(), 4));
  if (length == std::numeric_limits<std::int32_t>::min()) return Cause::clipboard_size;
  const auto size = static_cast<std::uint32_t>(length < 0 ? -length : length);
  if (size > caps_.cut_text) return Cause::clipboard_size;  // enforces R14/console.clipboard_size
  board_.add(Cause::clipboard, Side::guest, size);
  skip(size);
  return {};
}

std::optional<Cause> GuestFilter::judge(const RectHead& head) {
  if (!agreed_.asked.has(head.encoding)) return Cause::encoding;  // enforces R14/console.encoding
  if (is_picture(head.encoding) && (std::uint32_t{head.x} + head.width > agreed_.size.width ||
                                    std::uint32_t{head.y} + head.height > agreed_.size.height)) {
    return Cause::outside_screen;
  }
  switch (head.encoding) {
    case kDesktopSize:
      return resize(head);
    case kExtendedDesktopSize:
      agreed_.sizes = true;
      // x says whose wish it was (1: this viewer's), y whether it failed; then the numbers say nothing new.
      return head.x == 1 && head.y != 0 ? std::nullopt : resize(head);
    case kQemuKeys:
      agreed_.qemu_keys = true;
      return {};
    default:
      if (has_pixels(head.encoding)) agreed_.order_settled = true;
      return {};
  }
}

std::optional<Cause> GuestFilter::resize(const RectHead& head) {
  const Size size{head.width, head.height};
  if (size.width == 0 || size.height == 0 || size.width > caps_.width || size.height > caps_.height) {
    return Cause::screen_size;
  }
  if (size == agreed_.size) return {};
  agreed_.size = size;
  if (observer_ != nullptr) observer_->screen(size, agreed_.order);
  return {};
}

std::optional<Cause> GuestFilter::rect_head(Bytes& out) {
  const View m = head_.view();
  rect_ = {be16(m, 0), be16(m, 2), be16(m, 4), be16(m, 6), static_cast<std::int32_t>(be32(m, 8))};
  if (const auto refused = judge(rect_)) return refused;
  if (const auto refused = reader_.begin(rect_, agreed_.size)) return refused;
  put(out, m);
  head_.clear();
  if (observer_ != nullptr) observer_->rect(rect_);
  View none;
  return rect(none, out);  // a payload may be empty
}

std::optional<Cause> GuestFilter::rect(View& in, Bytes& out) {
  const auto step = reader_.feed(in);
  const View passing = in.first(step.taken);
  put(out, passing);
  in = in.subspan(step.taken);
  if (observer_ != nullptr && !passing.empty()) observer_->rect_bytes(passing);
  if (step.broken) return step.broken;
  at_ = At::rect;
  if (step.done) end_rect();
  return {};
}

void GuestFilter::end_rect() {
  if (observer_ != nullptr) observer_->rect_done();
  at_ = At::rect_head;
  if (rects_ != kEndless || !agreed_.asked.has(kLastRect)) --rects_;
  if (rect_.encoding == kLastRect || rects_ == 0) end_update();
}

void GuestFilter::end_update() {
  at_ = At::message;
  if (observer_ != nullptr) observer_->update_done();
}

}  // namespace sekisho::rfb
