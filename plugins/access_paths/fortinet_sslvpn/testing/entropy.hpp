// Chance for tests: either given bytes and then a seeded sequence, or the sequence alone. Threads: one at a time.
#pragma once
#include "bytes.hpp"

#include <sekisho/sdk/services.hpp>

#include <cstdint>
#include <utility>

namespace sekisho::fortinet::testing {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed = 1, Bytes first = {}) : state_(seed), first_(std::move(first)) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) {
      if (used_ < first_.size()) {
        b = first_[used_++];
        continue;
      }
      b = static_cast<std::byte>(next() >> 56U);
    }
  }
  /// SplitMix64.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  /// True in `percent` of 100 calls.
  bool chance(unsigned percent) { return next() % 100 < percent; }

 private:
  std::uint64_t state_;
  Bytes first_;
  std::size_t used_ = 0;
};

}  // namespace sekisho::fortinet::testing
