// RFB 3.8 in numbers: message types, encodings, rectangles, the pixel formats that pass, big-endian integers.
//
//   browser ⇄ relay ⇄ hypervisor        The browser's side is the "viewer", the hypervisor's side the "guest".
//
// Threads: plain values. Units: pixels. Source: RFC 6143 §7; the RFB community wiki for numbers above RFC 6143.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sekisho::rfb {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

inline constexpr std::string_view kVersion = "RFB 003.008\n";

/// Who sent the bytes in question.
enum class Side : std::uint8_t { viewer, guest };

// Client to server.
inline constexpr std::uint8_t kSetPixelFormat = 0, kSetEncodings = 2, kUpdateRequest = 3, kKeyEvent = 4,
                              kPointerEvent = 5, kClientCutText = 6, kEnableContinuous = 150, kSetDesktopSize = 251;
// Server to client.
inline constexpr std::uint8_t kUpdate = 0, kColourMap = 1, kBell = 2, kServerCutText = 3, kEndOfContinuous = 150;
// Both.
inline constexpr std::uint8_t kFence = 248, kXvp = 250, kQemu = 255;
inline constexpr std::uint8_t kQemuKey = 0, kQemuAudio = 1;

// Encodings and pseudo-encodings.
inline constexpr std::int32_t kRaw = 0, kCopyRect = 1, kHextile = 5, kZlib = 6, kTight = 7, kZrle = 16;
inline constexpr std::int32_t kDesktopSize = -223, kLastRect = -224, kCursor = -239, kPointerType = -257,
                              kQemuKeys = -258, kLedState = -261, kDesktopName = -307, kExtendedDesktopSize = -308,
                              kFences = -312, kContinuous = -313, kCursorAlpha = -314;
inline constexpr std::int32_t kQualityLowest = -32, kQualityHighest = -23, kCompressionLowest = -256,
                              kCompressionHighest = -247;

/// The screen as far as the two ends have heard of it.
struct Size {
  std::uint16_t width = 0, height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

struct RectHead {
  std::uint16_t x = 0, y = 0, width = 0, height = 0;
  std::int32_t encoding = 0;
  friend bool operator==(const RectHead&, const RectHead&) = default;
};

/// Only 32 bits a pixel, depth 24, little-endian, true colour, 255 for each colour pass; the two orders of colours are
/// what differs: `bgrx` has blue in the first byte (shifts 16, 8, 0), `rgbx` red (0, 8, 16; noVNC asks for this one).
enum class PixelOrder : std::uint8_t { bgrx, rgbx };
inline constexpr std::size_t kPixelFormatBytes = 16;
[[nodiscard]] constexpr std::array<std::uint8_t, kPixelFormatBytes> pixel_format(PixelOrder order) {
  const std::uint8_t red = order == PixelOrder::bgrx ? 16 : 0;
  return {32, 24, 0, 1, 0, 255, 0, 255, 0, 255, red, 8, static_cast<std::uint8_t>(16 - red), 0, 0, 0};
}

/// What a screen may cost. A guest or viewer that goes beyond ends its own console.
struct Caps {
  std::uint16_t width = 3840, height = 2160;  ///< of the screen, ends included
  std::uint16_t cursor = 512;                 ///< of a cursor, either way
  std::uint32_t name = 4096;                  ///< bytes of a desktop's name or a refusal's text
  std::uint32_t cut_text = 1U << 20U;         ///< bytes of a dropped clipboard or sound message
};
inline constexpr std::uint16_t kMostEncodings = 128, kMostScreens = 16, kMostFence = 64, kWidestTight = 2048;

// Big-endian integers; `at` + size must lie inside.
[[nodiscard]] inline std::uint8_t u8(View bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}
[[nodiscard]] inline std::uint16_t be16(View bytes, std::size_t at) {
  return static_cast<std::uint16_t>(u8(bytes, at) << 8U | u8(bytes, at + 1));
}
[[nodiscard]] inline std::uint32_t be32(View bytes, std::size_t at) {
  return std::uint32_t{be16(bytes, at)} << 16U | be16(bytes, at + 2);
}
inline void put8(Bytes& out, std::uint8_t value) {
  out.push_back(std::byte{value});
}
inline void put16(Bytes& out, std::uint16_t value) {
  put8(out, static_cast<std::uint8_t>(value >> 8U));
  put8(out, static_cast<std::uint8_t>(value & 255U));
}
inline void put32(Bytes& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16U));
  put16(out, static_cast<std::uint16_t>(value & 0xffffU));
}
inline void put(Bytes& out, View bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void put(Bytes& out, std::string_view text) {
  put(out, std::as_bytes(std::span(text)));
}

/// Puts a head of fixed size together from pieces of a stream.
template <std::size_t kCapacity>
class Gather {
 public:
  /// Takes from the front of `in` until `size` (<= kCapacity) bytes are there; true when they are.
  [[nodiscard]] bool complete(View& in, std::size_t size) {
    while (have_ < size && !in.empty()) {
      bytes_[have_++] = in.front();
      in = in.subspan(1);
    }
    return have_ >= size;
  }
  [[nodiscard]] View view() const { return View(bytes_).first(have_); }
  [[nodiscard]] std::size_t size() const { return have_; }
  void clear() { have_ = 0; }

 private:
  std::array<std::byte, kCapacity> bytes_{};
  std::size_t have_ = 0;
};

}  // namespace sekisho::rfb
