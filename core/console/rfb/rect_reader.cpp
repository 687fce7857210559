#include "console/rfb/rect_reader.hpp"

#include <algorithm>

namespace sekisho::rfb {
namespace {

constexpr std::uint32_t kTile = 16;
constexpr std::uint8_t kHextileRaw = 1, kHextileBackground = 2, kHextileForeground = 4, kHextileSubrects = 8,
                       kHextileColoured = 16;
constexpr std::uint64_t kTightUncompressed = 12;  // shorter data is neither compressed nor prefixed by a length

}  // namespace

void RectReader::bulk(std::uint64_t bytes, At after) {
  bytes_ = bytes;
  after_ = after;
  at_ = At::bulk;
}

std::optional<Cause> RectReader::begin(const RectHead& head, Size screen) {
  head_ = head;
  screen_ = screen;
  gather_.clear();
  const auto cursor_too_large = [&] { return head.width > caps_.cursor || head.height > caps_.cursor; };
  const auto length = [&](std::uint64_t most) {
    most_ = most;
    at_ = At::length;
  };
  switch (head.encoding) {
    case kRaw:
      bulk(pixels() * 4, At::done);
      return {};
    case kCopyRect:
      at_ = At::copy_source;
      return {};
    case kZlib:
    case kZrle:
      length(most_compressed());
      return {};
    case kHextile:
      tile_ = 0;
      tiles_ = ((head.width + kTile - 1) / kTile) * ((head.height + kTile - 1) / kTile);
      at_ = tiles_ == 0 ? At::done : At::hextile_mask;
      return {};
    case kTight:
      if (head.width > kWidestTight) return Cause::malformed;
      at_ = At::tight_control;
      return {};
    case kCursor:
      if (cursor_too_large()) return Cause::screen_size;
      bulk(pixels() * 4 + std::uint64_t{(head.width + 7U) / 8} * head.height, At::done);
      return {};
    case kCursorAlpha:
      if (cursor_too_large()) return Cause::screen_size;
      at_ = At::alpha_encoding;
      return {};
    case kLedState:
      bulk(1, At::done);
      return {};
    case kDesktopName:
      length(caps_.name);
      return {};
    case kExtendedDesktopSize:
      at_ = At::screens;
      return {};
    case kDesktopSize:
    case kLastRect:
    case kQemuKeys:
    case kPointerType:
      at_ = At::done;
      return {};
    default:
      return Cause::encoding;
  }
}

RectReader::Step RectReader::feed(View in) {
  const std::size_t all = in.size();
  Step step;
  for (settle(); at_ != At::done && !in.empty(); settle()) {
    const View before = in;
    step.broken = advance(in);
    if (step.broken) {
      // All before the byte that broke it has passed, also of a number of four: however the stream is cut.
      in = before.subspan(before.size() - in.size() - 1);
      break;
    }
  }
  step.taken = all - in.size();
  step.done = at_ == At::done;
  return step;
}

void RectReader::settle() {
  for (;;) {
    if (at_ == At::bulk && bytes_ == 0) {
      at_ = after_;
    } else if (at_ == At::hextile_tile_end) {
      at_ = ++tile_ == tiles_ ? At::done : At::hextile_mask;
    } else if (at_ == At::tight_data && tight_bytes_ < kTightUncompressed) {
      bulk(tight_bytes_, At::done);
    } else if (at_ == At::tight_data) {
      at_ = At::tight_length;
    } else {
      return;
    }
  }
}

std::optional<Cause> RectReader::advance(View& in) {
  switch (at_) {
    case At::bulk: {
      const auto gone = static_cast<std::size_t>(std::min<std::uint64_t>(bytes_, in.size()));
      in = in.subspan(gone);
      bytes_ -= gone;
      return {};
    }
    case At::length:
    case At::copy_source:
    case At::alpha_encoding:
    case At::screens:
      return gather_.complete(in, 4) ? word() : std::nullopt;
    default:
      break;
  }
  const std::uint8_t byte = u8(in, 0);
  in = in.subspan(1);
  switch (at_) {
    case At::hextile_mask:
      return hextile_mask(byte);
    case At::hextile_count:
      bulk(std::uint64_t{byte} * (coloured_ ? 6 : 2), At::hextile_tile_end);
      return {};
    case At::tight_control:
      return tight_control(byte);
    case At::tight_filter:
      return tight_filter(byte);
    case At::tight_colours: {
      // A single colour is sent as a fill; viewers differ in how they read a palette of one.
      if (byte == 0) return Cause::malformed;
      const std::uint64_t colours = std::uint64_t{byte} + 1;
      tight_rows(colours == 2 ? (head_.width + 7U) / 8 : head_.width);
      bulk(colours * 3, At::tight_data);
      return {};
    }
    case At::tight_length:
      return tight_length(byte);
    default:
      return Cause::malformed;
  }
}

std::optional<Cause> RectReader::word() {
  const std::uint32_t number = be32(gather_.view(), 0);
  const std::uint8_t first = u8(gather_.view(), 0);
  gather_.clear();
  switch (at_) {
    case At::screens:
      if (first > kMostScreens) return Cause::malformed;
      bulk(std::uint64_t{16} * first, At::done);
      return {};
    case At::copy_source:
      if ((number >> 16U) + head_.width > screen_.width || (number & 0xffffU) + head_.height > screen_.height) {
        return Cause::outside_screen;
      }
      at_ = At::done;
      return {};
    case At::alpha_encoding:
      if (number != static_cast<std::uint32_t>(kRaw)) return Cause::encoding;
      bulk(pixels() * 4, At::done);
      return {};
    default:
      if (number > most_) return head_.encoding == kDesktopName ? Cause::screen_size : Cause::malformed;
      bulk(number, At::done);
      return {};
  }
}

std::optional<Cause> RectReader::hextile_mask(std::uint8_t mask) {
  if (mask > (kHextileRaw | kHextileBackground | kHextileForeground | kHextileSubrects | kHextileColoured)) {
    return Cause::malformed;
  }
  if ((mask & kHextileRaw) != 0) {
    const std::uint32_t across = (head_.width + kTile - 1) / kTile;
    const std::uint32_t width = std::min(kTile, head_.width - tile_ % across * kTile);
    const std::uint32_t height = std::min(kTile, head_.height - tile_ / across * kTile);
    bulk(std::uint64_t{4} * width * height, At::hextile_tile_end);
    return {};
  }
  const std::uint64_t colours =
      ((mask & kHextileBackground) != 0 ? 4U : 0U) + ((mask & kHextileForeground) != 0 ? 4U : 0U);
  coloured_ = (mask & kHextileColoured) != 0;
  bulk(colours, (mask & kHextileSubrects) != 0 ? At::hextile_count : At::hextile_tile_end);
  return {};
}

void RectReader::tight_rows(std::uint64_t row_bytes) {
  tight_bytes_ = row_bytes * head_.height;
}

std::optional<Cause> RectReader::tight_control(std::uint8_t control) {
  compact_ = compact_parts_ = 0;
  const std::uint8_t kind = control >> 4U;  // the low bits reset streams of the viewer's inflater
  if (kind == 8) {
    bulk(3, At::done);
  } else if (kind == 9) {
    at_ = At::tight_length;
  } else if (kind > 7) {
    return kind == 10 ? Cause::encoding : Cause::malformed;  // TightPNG is another encoding
  } else if ((kind & 4U) != 0) {
    at_ = At::tight_filter;
  } else {
    tight_rows(std::uint64_t{3} * head_.width);
    at_ = At::tight_data;
  }
  return {};
}

std::optional<Cause> RectReader::tight_filter(std::uint8_t filter) {
  if (filter > 2) return Cause::malformed;
  if (filter == 1) {
    at_ = At::tight_colours;
    return {};
  }
  tight_rows(std::uint64_t{3} * head_.width);  // copy and gradient
  at_ = At::tight_data;
  return {};
}

std::optional<Cause> RectReader::tight_length(std::uint8_t part) {
  const bool last = compact_parts_ == 2 || (part & 0x80U) == 0;
  const std::uint32_t bits = compact_parts_ == 2 ? part : part & 0x7fU;
  compact_ |= bits << (7U * compact_parts_);
  ++compact_parts_;
  if (!last) return {};
  if (compact_ == 0 || compact_ > most_compressed()) return Cause::malformed;
  bulk(compact_, At::done);
  return {};
}

}  // namespace sekisho::rfb
