// Chance: everything random in a world, from its seed alone. Threads: one.
#pragma once
#include <sekisho/sdk/services.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace sekisho::sim {

/// splitmix64: small, and the same on every machine (the standard's distributions are not).
class Chance final : public Entropy {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  void fill(std::span<std::byte> out) override {
    for (std::size_t at = 0; at < out.size(); at += 8) {
      const std::uint64_t bits = next();
      std::memcpy(out.data() + at, &bits, std::min<std::size_t>(8, out.size() - at));
    }
  }
  /// [0, bound)
  std::uint64_t under(std::uint64_t bound) { return next() % bound; }
  /// [low, high]
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(under(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool one_in(std::uint64_t n) { return under(n) == 0; }
  bool percent(std::uint64_t p) { return under(100) < p; }
  std::chrono::microseconds span(std::chrono::microseconds low, std::chrono::microseconds high) {
    return std::chrono::microseconds(between(low.count(), high.count()));
  }
  template <class T>
  const T& pick(const std::vector<T>& of) {
    return of[under(of.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace sekisho::sim
