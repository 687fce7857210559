// Little-endian numbers in strings, for the format of this room alone.
// Threads: pure functions. Ranges: get() reads inside `bytes`; the caller has checked the length.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::recording {

template <class Number>
void put(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFF);
  }
}

template <class Number>
[[nodiscard]] Number get(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return static_cast<Number>(value);
}

}  // namespace sekisho::recording
