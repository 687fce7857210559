// ReadPace: how long to leave a busy socket alone before it is looked at again, so that one waking takes several
// packets. A reader that is quicker than its sender wakes for each packet, and the waking costs more than the packet.
// What comes seldom is never kept waiting: the pause needs a stream so dense that a packet waits for a few others, no
// longer. Threads: one. Ownership: a plain value. Units: packets, microseconds. Source: core/decisions/0012.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sekisho::front {

class ReadPace {
 public:
  static constexpr std::chrono::microseconds kPause{200}, kNone{0};
  /// Packets a second above which a pause pays.
  static constexpr std::uint64_t kDense = 45'000;
  static constexpr std::chrono::milliseconds kWindow{2};

  /// `packets` have just been read. Zero: look again at once.
  [[nodiscard]] std::chrono::microseconds after(Instant now, std::size_t packets) {
    const auto past = now - begun_;
    if (past < std::chrono::microseconds{0} || past > 4 * kWindow) {  // the first, or after a silence
      begun_ = now;
      count_ = packets;
      dense_ = false;
      return kNone;
    }
    count_ += packets;
    if (past >= kWindow) {
      const auto us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(past).count());
      dense_ = count_ * 1'000'000 >= kDense * us;
      begun_ = now;
      count_ = 0;
    }
    return dense_ ? kPause : kNone;
  }

 private:
  Instant begun_{};
  std::uint64_t count_ = 0;
  bool dense_ = false;
};

}  // namespace sekisho::front
