#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/services.hpp>

#include <cstring>
#include <limits>

namespace sekisho {

std::uint32_t Entropy::below(std::uint32_t bound) {
  SEKISHO_ASSERT(bound > 0);
  // Values at or above the largest multiple of `bound` would favour small results: drawn again.
  const std::uint64_t range = std::uint64_t{std::numeric_limits<std::uint32_t>::max()} + 1;
  const std::uint64_t limit = range - range % bound;
  for (;;) {
    std::uint32_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    if (value < limit) return value % bound;
  }
}

}  // namespace sekisho
