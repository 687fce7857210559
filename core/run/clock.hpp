// GateClock: gate time. The system clock is read once, at the start; from then on time follows CLOCK_BOOTTIME, which
// neither steps nor stands still while the machine is suspended: a stepped clock neither prolongs nor revives anything
// (threats.md R-05).
// Threads: now() from any thread; check_system_clock() and WallClockWatch on the loop. Errors: none.
#pragma once
#include "run/services.hpp"

#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <functional>

namespace sekisho::run {

class GateClock final : public Clock {
 public:
  using Micros = std::chrono::microseconds;
  /// Where time comes from: the system's wall clock and a clock that only moves forward.
  struct Sources {
    std::function<Instant()> wall;
    std::function<Micros()> steady;
  };
  GateClock();
  explicit GateClock(Sources sources);
  [[nodiscard]] Instant now() const override;

  /// How far the system clock has moved against gate time since it was last reported, when that is beyond `tolerance`
  /// either way; otherwise zero. Each jump is told once.
  [[nodiscard]] Micros check_system_clock(Micros tolerance = std::chrono::seconds(5));

 private:
  Sources sources_;
  Instant wall_at_start_;
  Micros steady_at_start_;
  Micros reported_{0};
};

/// Calls `on_jump` with the size of every jump of the system clock beyond 5 s; looks once a second. `on_jump` only
/// reports: gate time stays what it is.
class WallClockWatch {
 public:
  WallClockWatch(GateClock& clock, Timers& timers, std::function<void(GateClock::Micros)> on_jump);
  ~WallClockWatch();
  WallClockWatch(const WallClockWatch&) = delete;
  WallClockWatch& operator=(const WallClockWatch&) = delete;

 private:
  void look();
  GateClock& clock_;
  Timers& timers_;
  std::function<void(GateClock::Micros)> on_jump_;
  Timers::Id timer_ = 0;
};

}  // namespace sekisho::run
