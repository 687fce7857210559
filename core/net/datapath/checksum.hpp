// The Internet checksum. Sums are kept in the machine's byte order (the result is the same, RFC 1071 §2) until folded.
// Threads: pure functions. Source: RFC 1071; RFC 9293 §3.1; RFC 768.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace sekisho::datapath {

/// One's complement sum of `bytes`, added to `start`. Pieces must have even length but for the last.
[[nodiscard]] std::uint64_t partial_sum(std::span<const std::byte> bytes, std::uint64_t start = 0);
/// Folds to 16 bits, in wire order: 0xffff for data with a right checksum inside.
[[nodiscard]] std::uint16_t fold(std::uint64_t sum);
/// The checksum to store (store16) for data whose checksum field is zero.
[[nodiscard]] inline std::uint16_t checksum(std::uint64_t sum) {
  return static_cast<std::uint16_t>(~fold(sum));
}
/// Sum of the pseudo header of an IPv4 packet (at least 20 bytes) that carries `transport_bytes` of its protocol.
[[nodiscard]] std::uint64_t pseudo_header_sum(std::span<const std::byte> ipv4_header, std::size_t transport_bytes);

}  // namespace sekisho::datapath
