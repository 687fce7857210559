// The small services that the host hands to plugins and machines: chance and nothing else. Time comes as `now`.
// Threads: entropy may be called from any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace sekisho {

class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills `out` with unpredictable bytes (production: getrandom). Cannot fail: production aborts if the kernel has
  /// none.
  virtual void fill(std::span<std::byte> out) = 0;
  /// Uniform in [0, bound), by rejection sampling; `bound` > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound);
};

}  // namespace sekisho
