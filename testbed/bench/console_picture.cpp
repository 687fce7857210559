#include "console_picture.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <array>
#include <ctime>

namespace sekisho::bench {
namespace {

constexpr std::uint32_t kMagic = 0x53544d50;
constexpr std::uint8_t kMono = 0x50;     // Tight: stream 1, a filter follows
constexpr std::uint8_t kPalette = 1;     // that filter
constexpr std::uint16_t kFewest = 4096;  // of a compressed piece

void put64(Bytes& out, std::uint64_t value) {
  rfb::put32(out, static_cast<std::uint32_t>(value >> 32U));
  rfb::put32(out, static_cast<std::uint32_t>(value));
}
std::uint64_t be64(View bytes, std::size_t at) {
  return std::uint64_t{rfb::be32(bytes, at)} << 32U | rfb::be32(bytes, at + 4);
}
std::uint64_t next(std::uint64_t& seed) {  // xorshift64
  seed ^= seed << 13U;
  seed ^= seed >> 7U;
  seed ^= seed << 17U;
  return seed;
}
/// 64 letters of 8x16 pixels.
const std::array<std::array<std::uint8_t, 16>, 64>& letters() {
  static const auto all = [] {
    std::array<std::array<std::uint8_t, 16>, 64> out{};
    std::uint64_t seed = 20261127;
    for (auto& letter : out) {
      for (std::size_t row = 2; row < 14; ++row)
        letter[row] = static_cast<std::uint8_t>(next(seed) & next(seed) & 0x7eU);
    }
    return out;
  }();
  return all;
}
void rect(Bytes& out, std::uint16_t x, std::uint16_t y, std::uint16_t w, std::uint16_t h, std::int32_t encoding) {
  for (const std::uint16_t value : {x, y, w, h}) rfb::put16(out, value);
  rfb::put32(out, static_cast<std::uint32_t>(encoding));
}
void update(Bytes& out, std::uint16_t rects) {
  rfb::put16(out, rfb::kUpdate);
  rfb::put16(out, rects);
}

}  // namespace

Bytes stamp_colours(const Stamp& stamp) {
  Bytes out;
  rfb::put32(out, kMagic);
  rfb::put32(out, ~kMagic);
  put64(out, stamp.number);
  put64(out, stamp.at_ns);
  return out;
}

std::optional<Stamp> read_stamp(View colours) {
  if (colours.size() < kStampBytes || rfb::be32(colours, 0) != kMagic || rfb::be32(colours, 4) != ~kMagic) return {};
  return Stamp{be64(colours, 8), be64(colours, 16)};
}

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

Painter::Painter() {
  SEKISHO_ASSERT(deflateInit(&zlib_, 2) == Z_OK);
}
Painter::~Painter() {
  deflateEnd(&zlib_);
}

void Painter::text(Bytes& out, std::uint16_t x, std::uint16_t y, std::uint16_t height) {
  rect(out, x, y, kPart, height, rfb::kTight);
  rfb::put8(out, kMono);
  rfb::put8(out, kPalette);
  rfb::put8(out, 1);  // two colours
  for (const std::uint8_t colour : {0x1c, 0x22, 0x2b, 0xe6, 0xe6, 0xe6}) rfb::put8(out, colour);
  std::array<Bytef, std::size_t{kPart} / 8 * kPart> bits{};
  std::array<std::uint8_t, kPart / 8> line{};
  for (std::uint16_t row = 0; row < height; ++row) {
    if (row % 16 == 0) {
      for (auto& letter : line) letter = static_cast<std::uint8_t>(next(seed_) >> 40U & 63U);
    }
    for (std::size_t cell = 0; cell < line.size(); ++cell) {
      bits[std::size_t{row} * line.size() + cell] = letters()[line[cell]][row % 16];
    }
  }
  std::array<Bytef, kFewest> packed{};
  zlib_.next_in = bits.data();
  zlib_.avail_in = static_cast<uInt>(std::size_t{height} * line.size());
  zlib_.next_out = packed.data();
  zlib_.avail_out = packed.size();
  SEKISHO_ASSERT(deflate(&zlib_, Z_SYNC_FLUSH) == Z_OK && zlib_.avail_in == 0 && zlib_.avail_out != 0);
  const std::size_t size = packed.size() - zlib_.avail_out;
  // Seven bits a byte, the lowest first.
  if (size < 128) {
    rfb::put8(out, static_cast<std::uint8_t>(size));
  } else {
    rfb::put8(out, static_cast<std::uint8_t>((size & 127U) | 128U));
    rfb::put8(out, static_cast<std::uint8_t>(size >> 7U));
  }
  rfb::put(out, std::as_bytes(std::span(packed)).first(size));
}

void Painter::stamp(Bytes& out, std::uint16_t x, std::uint16_t y, const Stamp& stamp) {
  rect(out, x, y, kStampPixels, 1, rfb::kRaw);
  const Bytes colours = stamp_colours(stamp);
  for (std::size_t pixel = 0; pixel < kStampPixels; ++pixel) {
    rfb::put(out, View(colours).subspan(pixel * 3, 3));
    rfb::put8(out, 0);
  }
}

void Painter::whole(Bytes& out, std::uint64_t at_ns) {
  const std::uint16_t columns = kScreen.width / kPart, rows = (kScreen.height + kPart - 1) / kPart;
  update(out, static_cast<std::uint16_t>(columns * rows + 1));
  for (std::uint16_t row = 0; row < rows; ++row) {
    for (std::uint16_t column = 0; column < columns; ++column) {
      const auto y = static_cast<std::uint16_t>(row * kPart);
      text(out, static_cast<std::uint16_t>(column * kPart), y, std::min<std::uint16_t>(kPart, kScreen.height - y));
    }
  }
  stamp(out, 0, 0, {number_++, at_ns});
}

void Painter::part(Bytes& out, std::uint64_t at_ns) {
  const std::uint64_t columns = kScreen.width / kPart, rows = kScreen.height / kPart;
  const auto x = static_cast<std::uint16_t>(number_ % columns * kPart);
  const auto y = static_cast<std::uint16_t>(number_ / columns % rows * kPart);
  update(out, 2);
  text(out, x, y, kPart);
  stamp(out, x, y, {number_++, at_ns});
}

const Bytes& Painter::bulk() {
  static const Bytes all = [] {
    Bytes out;
    std::uint64_t seed = 7;
    update(out, kScreen.height / kBulkRows);
    for (std::uint16_t y = 0; y < kScreen.height; y += kBulkRows) {
      rect(out, 0, y, kScreen.width, kBulkRows, rfb::kRaw);
      for (std::size_t i = 0; i < std::size_t{kScreen.width} * kBulkRows; ++i) {
        rfb::put32(out, static_cast<std::uint32_t>(next(seed)) & 0xffffff00U);
      }
    }
    return out;
  }();
  return all;
}

bool UpdateReader::feed(View in, const std::function<void(const std::optional<Stamp>&)>& done) {
  while (!in.empty() && at_ != At::broken) {
    bool ended = false;
    if (!step(in, ended)) at_ = At::broken;
    if (ended) {
      done(stamp_);
      stamp_.reset();
    }
  }
  return at_ != At::broken;
}

void UpdateReader::next_rect(bool& ended) {
  at_ = --rects_ == 0 ? At::message : At::rect;
  ended = rects_ == 0;
}

bool UpdateReader::step(View& in, bool& ended) {
  switch (at_) {
    case At::message:
      if (!head_.complete(in, 4)) return true;
      rects_ = rfb::be16(head_.view(), 2);
      if (rfb::u8(head_.view(), 0) != rfb::kUpdate || rects_ == 0) return false;
      head_.clear();
      at_ = At::rect;
      return true;
    case At::rect: {
      if (!head_.complete(in, 12)) return true;
      const View head = head_.view();
      rect_ = {rfb::be16(head, 0), rfb::be16(head, 2), rfb::be16(head, 4), rfb::be16(head, 6),
               static_cast<std::int32_t>(rfb::be32(head, 8))};
      head_.clear();
      left_ = std::size_t{rect_.width} * rect_.height * 4;
      stamps_ = rect_.width == kStampPixels && rect_.height == 1;
      colours_.clear();
      if (rect_.encoding == rfb::kTight) at_ = At::tight;
      if (rect_.encoding == rfb::kRaw) at_ = At::payload;
      return at_ != At::rect && left_ != 0;
    }
    case At::tight:  // control, filter, colours less one, two colours
      if (!head_.complete(in, 9)) return true;
      if (rfb::u8(head_.view(), 0) != kMono || rfb::u8(head_.view(), 2) != 1) return false;
      head_.clear();
      stamps_ = false;
      at_ = At::length;
      return true;
    case At::length: {
      const std::size_t have = head_.size();
      if (!head_.complete(in, have + 1)) return true;
      const View size = head_.view();
      if ((rfb::u8(size, have) & 128U) != 0 && have < 2) return true;
      left_ = 0;
      for (std::size_t i = 0; i <= have; ++i) left_ |= std::size_t{rfb::u8(size, i) & (i < 2 ? 127U : 255U)} << (7 * i);
      head_.clear();
      at_ = At::payload;
      return left_ != 0;
    }
    case At::payload: {
      const View piece = in.first(std::min(left_, in.size()));
      in = in.subspan(piece.size());
      left_ -= piece.size();
      if (stamps_) rfb::put(colours_, piece);
      if (left_ != 0) return true;
      if (stamps_) {
        Bytes seen;
        for (std::size_t pixel = 0; pixel < kStampPixels; ++pixel) rfb::put(seen, View(colours_).subspan(pixel * 4, 3));
        stamp_ = read_stamp(seen);
      }
      next_rect(ended);
      return true;
    }
    case At::broken:
      break;
  }
  return false;
}

bool RequestReader::feed(View in, Asked& asked) {
  while (!in.empty()) {
    if (left_ != 0) {
      const std::size_t size = std::min(left_, in.size());
      in = in.subspan(size);
      left_ -= size;
      continue;
    }
    if (!head_.complete(in, 1)) return true;
    std::size_t size = 0;
    switch (rfb::u8(head_.view(), 0)) {
      case rfb::kSetPixelFormat:
        size = 20;
        break;
      case rfb::kSetEncodings:
        size = 4;
        break;
      case rfb::kUpdateRequest:
        size = 10;
        break;
      case rfb::kKeyEvent:
        size = 8;
        break;
      case rfb::kPointerEvent:
        size = 6;
        break;
      default:
        return false;
    }
    if (!head_.complete(in, size)) return true;
    const View head = head_.view();
    if (rfb::u8(head, 0) == rfb::kSetEncodings) left_ = std::size_t{rfb::be16(head, 2)} * 4;
    if (rfb::u8(head, 0) == rfb::kUpdateRequest) ++(rfb::u8(head, 1) == 0 ? asked.whole : asked.changes);
    head_.clear();
  }
  return true;
}

}  // namespace sekisho::bench
