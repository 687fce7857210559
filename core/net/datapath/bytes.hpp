// Big-endian loads and stores over spans whose length the caller has checked.
// Threads: pure functions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace sekisho::datapath {

inline std::uint8_t load8(std::span<const std::byte> at, std::size_t offset) {
  return std::to_integer<std::uint8_t>(at[offset]);
}
inline std::uint16_t load16(std::span<const std::byte> at, std::size_t offset) {
  return static_cast<std::uint16_t>(load8(at, offset) << 8 | load8(at, offset + 1));
}
inline std::uint32_t load32(std::span<const std::byte> at, std::size_t offset) {
  return static_cast<std::uint32_t>(load16(at, offset)) << 16 | load16(at, offset + 2);
}
inline void store8(std::span<std::byte> at, std::size_t offset, std::uint8_t value) {
  at[offset] = std::byte{value};
}
inline void store16(std::span<std::byte> at, std::size_t offset, std::uint16_t value) {
  store8(at, offset, static_cast<std::uint8_t>(value >> 8));
  store8(at, offset + 1, static_cast<std::uint8_t>(value));
}
inline void store32(std::span<std::byte> at, std::size_t offset, std::uint32_t value) {
  store16(at, offset, static_cast<std::uint16_t>(value >> 16));
  store16(at, offset + 2, static_cast<std::uint16_t>(value));
}

}  // namespace sekisho::datapath
