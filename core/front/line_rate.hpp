// LineRate: how many bytes a line has carried lately, measured over the time in which it was fed. Says how large a
// packet may be so that it does not hold up the next one: on a thin line, one segment. Threads: plain value. Units:
// bytes. Source: performance.md finding 3 ("slow lines").
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <cstdint>

namespace sekisho::front {

class LineRate {
 public:
  /// One look covers at least this much; what a packet may hold up.
  static constexpr std::chrono::milliseconds kWindow{20}, kMoment{4};
  /// A silence of this length makes the old figure worthless.
  static constexpr std::chrono::seconds kStale{2};

  void count(std::size_t bytes) { bytes_ += bytes; }
  void look(Instant now) {
    const auto span = now - since_;
    if (span < kWindow) return;
    in_a_moment_ = span > kStale ? 0
                                 : bytes_ * std::uint64_t{kMoment / Instant::duration(1)} /
                                       static_cast<std::uint64_t>(span.count());
    bytes_ = 0;
    since_ = now;
  }
  /// Bytes that the line carries in kMoment.
  [[nodiscard]] std::uint64_t in_a_moment() const { return in_a_moment_; }

 private:
  std::uint64_t bytes_ = 0, in_a_moment_ = 0;
  Instant since_{};
};

}  // namespace sekisho::front
