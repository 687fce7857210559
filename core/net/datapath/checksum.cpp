#include "net/datapath/checksum.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace sekisho::datapath {
namespace {

std::uint16_t to_wire(std::uint16_t value) {
  if constexpr (std::endian::native == std::endian::little) return static_cast<std::uint16_t>(value << 8 | value >> 8);
  return value;
}

}  // namespace

std::uint64_t partial_sum(std::span<const std::byte> bytes, std::uint64_t start) {
  // Four 32-bit lanes in 64-bit accumulators: no carry can be lost within 2^32 additions.
  std::array<std::uint64_t, 4> lanes{};
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16) {
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), at, 16);
    for (std::size_t i = 0; i < 4; ++i) lanes[i] += words[i];
  }
  std::uint64_t sum = start;
  for (const std::uint64_t lane : lanes) sum += (lane & 0xffffffffU) + (lane >> 32);
  for (; left >= 2; at += 2, left -= 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, at, 2);
    sum += word;
  }
  if (left == 1) {
    const std::array<std::byte, 2> padded{*at, std::byte{0}};
    std::uint16_t word = 0;
    std::memcpy(&word, padded.data(), 2);
    sum += word;
  }
  return sum;
}

std::uint16_t fold(std::uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return to_wire(static_cast<std::uint16_t>(sum));
}

std::uint64_t pseudo_header_sum(std::span<const std::byte> ipv4_header, std::size_t transport_bytes) {
  const auto protocol = std::to_integer<std::uint16_t>(ipv4_header[9]);
  return partial_sum(ipv4_header.subspan(12, 8)) + to_wire(protocol) +
         to_wire(static_cast<std::uint16_t>(transport_bytes));
}

}  // namespace sekisho::datapath
