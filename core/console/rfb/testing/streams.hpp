// Bytes for this room's tests and harnesses: hex, messages of both sides, recordings of real servers (testdata/).
// Threads: pure functions.
#pragma once
#include "console/rfb/protocol.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace sekisho::rfb::testing {

/// Hex digits, white space ignored.
inline Bytes hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::byte>(high * 16 + digit));
      high = -1;
    }
  }
  return out;
}

inline std::string to_hex(View bytes) {
  std::string out;
  for (const std::byte byte : bytes) {
    out += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4U];
    out += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15U];
  }
  return out;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  put(a, b);
  return a;
}

inline Bytes zeros(std::size_t size) {
  return Bytes(size);
}

// --- viewer to guest
inline Bytes set_encodings(const std::vector<std::int32_t>& list) {
  Bytes out;
  put16(out, std::uint16_t{kSetEncodings} << 8U);
  put16(out, static_cast<std::uint16_t>(list.size()));
  for (const std::int32_t encoding : list) put32(out, static_cast<std::uint32_t>(encoding));
  return out;
}
inline Bytes set_pixel_format(PixelOrder order) {
  Bytes out;
  put32(out, 0);
  const auto format = pixel_format(order);
  put(out, std::as_bytes(std::span(format)));
  return out;
}
inline Bytes update_request(bool incremental, std::uint16_t x, std::uint16_t y, std::uint16_t width,
                            std::uint16_t height) {
  Bytes out;
  put8(out, kUpdateRequest);
  put8(out, incremental ? 1 : 0);
  for (const std::uint16_t value : {x, y, width, height}) put16(out, value);
  return out;
}
inline Bytes key(bool down, std::uint32_t symbol) {
  Bytes out;
  put32(out, std::uint32_t{kKeyEvent} << 24U | std::uint32_t{down} << 16U);
  put32(out, symbol);
  return out;
}
inline Bytes qemu_key(bool down, std::uint32_t symbol, std::uint32_t scan_code) {
  Bytes out;
  put16(out, 0xff00);
  put16(out, down ? 1 : 0);
  put32(out, symbol);
  put32(out, scan_code);
  return out;
}
inline Bytes pointer(std::uint8_t buttons, std::uint16_t x, std::uint16_t y) {
  Bytes out;
  put8(out, kPointerEvent);
  put8(out, buttons);
  put16(out, x);
  put16(out, y);
  return out;
}
/// `type` is kClientCutText or kServerCutText; `length` as it is sent, `body` as it follows.
inline Bytes cut_text(std::uint8_t type, std::uint32_t length, const Bytes& body) {
  Bytes out;
  put32(out, std::uint32_t{type} << 24U);
  put32(out, length);
  put(out, body);
  return out;
}

// --- guest to viewer
inline Bytes update(std::uint16_t rects) {
  Bytes out;
  put16(out, 0);
  put16(out, rects);
  return out;
}
inline Bytes rect(const RectHead& head) {
  Bytes out;
  for (const std::uint16_t value : {head.x, head.y, head.width, head.height}) put16(out, value);
  put32(out, static_cast<std::uint32_t>(head.encoding));
  return out;
}

/// What noVNC 1.7 says first (core/rfb.js), for a screen of that size.
inline Bytes novnc_opening(Size size) {
  return set_pixel_format(PixelOrder::rgbx) +
         set_encodings({1,    7,         -260, 16,   21,   5,    2,
                        6,    0,         -26,  -254, -223, -224, -258,
                        -261, -308,      -309, -312, -313, -307, static_cast<std::int32_t>(0xc0a1e5ceU),
                        -239, 0x574d5664}) +
         update_request(false, 0, 0, size.width, size.height);
}

/// A file of testdata/, whole; empty when it is missing.
inline Bytes recording(const std::string& folder, const std::string& name) {
  std::ifstream in(folder + "/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Bytes out;
  put(out, std::string_view(text));
  return out;
}

/// Every encoding that may be asked for.
inline void ask_everything(auto& asked) {
  for (std::int32_t encoding = -512; encoding <= 64; ++encoding) asked.add(encoding);
}

}  // namespace sekisho::rfb::testing
