#include "console/rfb/viewer_filter.hpp"

#include <algorithm>
#include <limits>

namespace sekisho::rfb {
namespace {

/// UltraVNC (7 file transfer, 8 scale, 9 server input, 10 single window, 11 text chat), TightVNC 1.3 (130 to 139)
/// and 2.
bool is_file_transfer(std::uint8_t type) {
  return (type >= 7 && type <= 11) || (type >= 130 && type <= 139) || type == 252;
}

}  // namespace

ViewerFilter::ViewerFilter(const ViewerPolicy& policy, const Caps& caps, Negotiation& agreed, NoticeBoard& board,
                           Observer* observer)
    : policy_(policy),
      caps_(caps),
      agreed_(agreed),
      board_(board),
      observer_(observer),
      pace_(policy.key_presses_per_s) {}

ViewerFilter::Step ViewerFilter::feed(View in, Instant now, Bytes& out) {
  const std::size_t all = in.size();
  const auto step = [&] { return Step{all - in.size(), broken_}; };
  while (!broken_) {
    if (skip_ != 0) {
      const auto gone = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, in.size()));
      in = in.subspan(gone);
      skip_ -= gone;
      if (skip_ != 0) break;
    }
    const Need needed = need();
    if (needed.refused) {
      broken_ = needed.refused;
      break;
    }
    if (!message_.complete(in, needed.bytes)) break;
    if (need().bytes != needed.bytes || need().refused) continue;  // its beginning tells more now
    waits_.reset();
    broken_ = whole(now, out);
    if (waits_) break;
    message_.clear();
  }
  if (broken_) board_.add(*broken_, Side::viewer);
  return step();
}

ViewerFilter::Need ViewerFilter::need() const {
  const View m = message_.view();
  if (m.empty()) return {1, {}};
  if (is_file_transfer(u8(m, 0))) return {0, Cause::file_transfer};  // enforces R14/console.file_transfer
  switch (u8(m, 0)) {
    case kSetPixelFormat:
      return {4 + kPixelFormatBytes, {}};
    case kSetEncodings:
      if (m.size() < 4) return {4, {}};
      if (be16(m, 2) > kMostEncodings) return {0, Cause::malformed};
      return {4 + std::size_t{4} * be16(m, 2), {}};
    case kUpdateRequest:
    case kEnableContinuous:
      return {10, {}};
    case kKeyEvent:
    case kClientCutText:  // its head; the text is skipped
      return {8, {}};
    case kPointerEvent:
      return {6, {}};
    case kXvp:
      return {4, {}};
    case kFence:
      if (m.size() < 9) return {9, {}};
      if (u8(m, 8) > kMostFence) return {0, Cause::malformed};
      return {9 + std::size_t{u8(m, 8)}, {}};
    case kSetDesktopSize:
      if (m.size() < 8) return {8, {}};
      if (u8(m, 6) > kMostScreens) return {0, Cause::malformed};
      return {8 + std::size_t{16} * u8(m, 6), {}};
    case kQemu:
      return need_of_qemu();
    default:
      return {0, Cause::unknown_message};
  }
}

ViewerFilter::Need ViewerFilter::need_of_qemu() const {
  const View m = message_.view();
  if (m.size() < 2) return {2, {}};
  if (u8(m, 1) == kQemuKey) return {12, {}};
  if (u8(m, 1) != kQemuAudio) return {0, Cause::unknown_message};
  if (m.size() < 4) return {4, {}};
  const std::uint16_t operation = be16(m, 2);
  if (operation > 2) return {0, Cause::unknown_message};
  return {operation == 2 ? std::size_t{10} : std::size_t{4}, {}};
}

std::optional<Cause> ViewerFilter::whole(Instant now, Bytes& out) {
  switch (u8(message_.view(), 0)) {
    case kSetPixelFormat:
      return set_pixel_format(out);
    case kSetEncodings:
      set_encodings(out);
      return {};
    case kUpdateRequest:
      update_request(out);
      return {};
    case kKeyEvent:
      key(false, now, out);
      return {};
    case kPointerEvent:
      pointer(out);
      return {};
    case kClientCutText:
      return cut_text();
    case kEnableContinuous:
      return continuous(out);
    case kFence:
      return fence(out);
    case kXvp:
      board_.add(Cause::power, Side::viewer);
      return {};
    case kSetDesktopSize:
      return desktop_size(out);
    case kQemu:
      return qemu(now, out);
    default:
      return Cause::unknown_message;
  }
}

std::optional<Cause> ViewerFilter::set_pixel_format(Bytes& out) {
  const View wanted = message_.view().subspan(4, kPixelFormatBytes - 3);  // the rest is padding
  for (const PixelOrder order : {PixelOrder::bgrx, PixelOrder::rgbx}) {
    const auto format = pixel_format(order);
    if (!std::ranges::equal(wanted, std::as_bytes(std::span(format)).first(wanted.size()))) continue;
    if (order == agreed_.order) return {};  // the guest has it already
    if (agreed_.order_settled) return Cause::pixel_format;
    agreed_.order = order;
    put32(out, std::uint32_t{kSetPixelFormat} << 24U);
    put(out, std::as_bytes(std::span(format)));
    if (observer_ != nullptr) observer_->screen(agreed_.size, agreed_.order);
    return {};
  }
  return Cause::pixel_format;
}

void ViewerFilter::set_encodings(Bytes& out) {
  const View m = message_.view();
  std::vector<std::int32_t> wanted(be16(m, 2));
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = static_cast<std::int32_t>(be32(m, 4 + 4 * i));
  const Rewritten list = rewrite_encodings(wanted, policy_.encodings);
  if (list.removed != 0) board_.add(Cause::encoding_held, Side::viewer, 0, list.removed);
  put16(out, std::uint16_t{kSetEncodings} << 8U);
  put16(out, static_cast<std::uint16_t>(list.encodings.size()));
  for (const std::int32_t encoding : list.encodings) {
    put32(out, static_cast<std::uint32_t>(encoding));
    agreed_.asked.add(encoding);
  }
}

void ViewerFilter::put_area(std::size_t at, Bytes& out) const {
  const View m = message_.view();
  const std::uint16_t x = std::min(be16(m, at), agreed_.size.width), y = std::min(be16(m, at + 2), agreed_.size.height);
  put16(out, x);
  put16(out, y);
  put16(out, std::min(be16(m, at + 4), static_cast<std::uint16_t>(agreed_.size.width - x)));
  put16(out, std::min(be16(m, at + 6), static_cast<std::uint16_t>(agreed_.size.height - y)));
}

void ViewerFilter::update_request(Bytes& out) {
  put8(out, kUpdateRequest);
  put8(out, u8(message_.view(), 1) != 0 ? 1 : 0);
  put_area(2, out);
  agreed_.order_settled = true;
}

void ViewerFilter::key(bool extended, Instant now, Bytes& out) {
  const View m = message_.view();
  const bool down = extended ? be16(m, 2) != 0 : u8(m, 1) != 0;
  const std::uint32_t symbol = be32(m, 4), scan_code = extended ? be32(m, 8) : 0;
  if (policy_.view_only) return board_.add(Cause::view_only, Side::viewer);
  if (const auto wait = pace_.event(down, std::uint64_t{scan_code} << 32U | symbol, now)) {
    // The same key asks again and again while it waits; it is one key.
    if (!counted_fast_) board_.add(Cause::fast_typing, Side::viewer);
    counted_fast_ = true;
    waits_ = wait;
    return;
  }
  counted_fast_ = false;
  if (extended) {
    put16(out, std::uint16_t{kQemu} << 8U | kQemuKey);
    put16(out, down ? 1 : 0);
    put32(out, symbol);
    put32(out, scan_code);
  } else {
    put32(out, std::uint32_t{kKeyEvent} << 24U | std::uint32_t{down} << 16U);
    put32(out, symbol);
  }
  ++inputs_;
  if (observer_ != nullptr) observer_->key(down, symbol, scan_code);
}

void ViewerFilter::pointer(Bytes& out) {
  if (policy_.view_only) return board_.add(Cause::view_only, Side::viewer);
  const View m = message_.view();
  const auto inside = [](std::uint16_t value, std::uint16_t size) {
    return std::min(value, static_cast<std::uint16_t>(size - 1));
  };
  const std::uint16_t x = inside(be16(m, 2), agreed_.size.width), y = inside(be16(m, 4), agreed_.size.height);
  put8(out, kPointerEvent);
  put8(out, u8(m, 1));
  put16(out, x);
  put16(out, y);
  ++inputs_;
  if (observer_ != nullptr) observer_->pointer(u8(m, 1), x, y);
}

std::optional<Cause> ViewerFilter::cut_text() {
  // A negative length is the extended form: its absolute value follows.
  const auto length = static_cast<std::int32_t>(be32(message_.view(), 4));
  if (length == std::numeric_limits<std::int32_t>::min()) return Cause::clipboard_size;
  const auto size = static_cast<std::uint32_t>(length < 0 ? -length : length);
  if (size > caps_.cut_text) return Cause::clipboard_size;  // enforces R14/console.clipboard_size
  skip_ = size;
  board_.add(Cause::clipboard, Side::viewer, size);
  return {};
}

std::optional<Cause> ViewerFilter::desktop_size(Bytes& out) {
  const View m = message_.view();
  if (!agreed_.sizes) return Cause::unasked_message;
  const std::uint16_t width = be16(m, 2), height = be16(m, 4);
  if (policy_.view_only || !policy_.resize || width == 0 || height == 0 || width > caps_.width ||
      height > caps_.height) {
    board_.add(Cause::resize, Side::viewer);
    return {};
  }
  const std::size_t at = out.size();
  put(out, m);
  out[at + 1] = out[at + 7] = std::byte{0};  // padding carries nothing
  return {};
}

std::optional<Cause> ViewerFilter::fence(Bytes& out) {
  if (!agreed_.fences) return Cause::unasked_message;
  const std::size_t at = out.size();
  put(out, message_.view());
  out[at + 1] = out[at + 2] = out[at + 3] = std::byte{0};
  return {};
}

std::optional<Cause> ViewerFilter::continuous(Bytes& out) {
  if (!agreed_.continuous) return Cause::unasked_message;
  put8(out, kEnableContinuous);
  put8(out, u8(message_.view(), 1) != 0 ? 1 : 0);
  put_area(2, out);
  agreed_.order_settled = true;
  return {};
}

std::optional<Cause> ViewerFilter::qemu(Instant now, Bytes& out) {
  if (u8(message_.view(), 1) == kQemuAudio) {
    board_.add(Cause::sound, Side::viewer);
    return {};
  }
  if (!agreed_.qemu_keys) return Cause::unasked_message;
  key(true, now, out);
  return {};
}

}  // namespace sekisho::rfb
