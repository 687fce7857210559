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
  // RFC 1071 §2: words of any width may be added as long as every carry is kept. Two sums of 64-bit words, each with
  // its carries in the upper half: two additions for eight bytes.
  __extension__ using Wide = unsigned __int128;
  Wide even = start, odd = 0;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16) {
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), at, 16);
    even += words[0];
    odd += words[1];
  }
  std::uint64_t sum = 0;
  for (const Wide half : {even, odd}) {
    const auto low = static_cast<std::uint64_t>(half);
    sum += (low & 0xffffffffU) + (low >> 32) + static_cast<std::uint64_t>(half >> 64);
  }
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
