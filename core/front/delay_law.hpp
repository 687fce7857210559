// DelayLaw: when to drop a packet because the queue has been slow for too long, so that a person on a thin line feels
// the keys and not the file. CoDel's law with numbers for a tunnel: what is fast never meets it.
//
//   quick ──a packet waited kTarget, for kInterval long──▶ dropping (1, then ever closer together) ──waited less──▶
//   quick
//
// Threads: plain value. Time: `now` never goes back. Source: RFC 8289 §5 (pseudo-code, other constants: the path to the
// peer is one TCP connection whose own buffer is 64 KB, so shorter targets would meet full-speed lines too).
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cmath>
#include <cstdint>
#include <optional>

namespace sekisho::front {

class DelayLaw {
 public:
  static constexpr std::chrono::milliseconds kTarget{25}, kInterval{200};

  /// The oldest packet has waited for `waited`; true: drop it and ask again about the next one.
  [[nodiscard]] bool drop(Instant now, Instant::duration waited) {
    if (waited < kTarget) {
      slow_at_.reset();
      dropping_ = false;
      return false;
    }
    if (!slow_at_) {
      slow_at_ = now + kInterval;
      return false;
    }
    if (now < *slow_at_) return false;
    if (!dropping_) {
      dropping_ = true;
      // A queue that was slow a moment ago goes on near the rate that helped then.
      count_ = count_ > 2 && now < next_ + 16 * kInterval ? count_ - 2 : 1;
      next_ = now + gap();
      return true;
    }
    if (now < next_) return false;
    ++count_;
    next_ += gap();
    return true;
  }
  /// The queue is empty.
  void rest() {
    slow_at_.reset();
    dropping_ = false;
  }

 private:
  [[nodiscard]] Instant::duration gap() const {
    const double micros = std::chrono::duration<double, std::micro>(kInterval).count() / std::sqrt(count_);
    return std::chrono::microseconds(static_cast<std::int64_t>(micros));
  }
  std::optional<Instant> slow_at_;
  bool dropping_ = false;
  std::uint32_t count_ = 0;
  Instant next_{};
};

}  // namespace sekisho::front
