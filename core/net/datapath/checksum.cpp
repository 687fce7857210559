#include "net/datapath/checksum.hpp"

#include <array>
#include <bit>
#include <cstring>
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sekisho::datapath {
namespace {

std::uint16_t to_wire(std::uint16_t value) {
  if constexpr (std::endian::native == std::endian::little) return static_cast<std::uint16_t>(value << 8 | value >> 8);
  return value;
}

#ifdef __x86_64__
/// Sum of 32-bit words, in four lanes of 64 bits each; takes whole pieces of 64 bytes off the front of `bytes`. A lane
/// holds 2^32 words before it would overflow, more than any span here has.
__attribute__((target("avx2"))) std::uint64_t sum_wide(std::span<const std::byte>& bytes) {
  const __m256i low = _mm256_set1_epi64x(0xffffffff);
  __m256i first = _mm256_setzero_si256(), second = first, third = first, fourth = first;
  for (; bytes.size() >= 64; bytes = bytes.subspan(64)) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes.data()));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes.data() + 32));
    first = _mm256_add_epi64(first, _mm256_and_si256(a, low));
    second = _mm256_add_epi64(second, _mm256_srli_epi64(a, 32));
    third = _mm256_add_epi64(third, _mm256_and_si256(b, low));
    fourth = _mm256_add_epi64(fourth, _mm256_srli_epi64(b, 32));
  }
  const __m256i all = _mm256_add_epi64(_mm256_add_epi64(first, second), _mm256_add_epi64(third, fourth));
  alignas(32) std::array<std::uint64_t, 4> lanes{};
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes.data()), all);
  std::uint64_t sum = 0;
  for (const std::uint64_t lane : lanes) sum += (lane & 0xffffffffU) + (lane >> 32);
  return sum;
}

bool has_wide() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#endif

}  // namespace

std::uint64_t partial_sum(std::span<const std::byte> bytes, std::uint64_t start) {
  // RFC 1071 §2: words of any width may be added as long as every carry is kept. Two sums of 64-bit words, each with
  // its carries in the upper half: two additions for eight bytes.
#ifdef __x86_64__
  if (constexpr std::size_t kWorthIt = 256; bytes.size() >= kWorthIt && has_wide()) {
    const std::uint64_t wide = sum_wide(bytes);
    start = (start & 0xffffffffU) + (start >> 32) + wide;
  }
#endif
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
