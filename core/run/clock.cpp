#include "run/clock.hpp"

#include <time.h>

#include <utility>

namespace sekisho::run {
namespace {

GateClock::Micros read_clock(clockid_t id) {
  timespec at{};
  SEKISHO_ASSERT(clock_gettime(id, &at) == 0);
  return std::chrono::duration_cast<GateClock::Micros>(std::chrono::seconds(at.tv_sec) +
                                                       std::chrono::nanoseconds(at.tv_nsec));
}

}  // namespace

GateClock::GateClock()
    : GateClock(
          Sources{[] { return Instant(read_clock(CLOCK_REALTIME)); }, [] { return read_clock(CLOCK_BOOTTIME); }}) {}

GateClock::GateClock(Sources sources)
    : sources_(std::move(sources)), wall_at_start_(sources_.wall()), steady_at_start_(sources_.steady()) {}

Instant GateClock::now() const {
  return wall_at_start_ + (sources_.steady() - steady_at_start_);
}

GateClock::Micros GateClock::check_system_clock(Micros tolerance) {
  const Micros offset = sources_.wall() - now();
  const Micros moved = offset - reported_;
  if (moved <= tolerance && moved >= -tolerance) return Micros{0};
  reported_ = offset;
  return moved;
}

WallClockWatch::WallClockWatch(GateClock& clock, Timers& timers, std::function<void(GateClock::Micros)> on_jump)
    : clock_(clock), timers_(timers), on_jump_(std::move(on_jump)) {
  look();
}

WallClockWatch::~WallClockWatch() {
  timers_.cancel(timer_);
}

void WallClockWatch::look() {
  timer_ = timers_.at(clock_.now() + std::chrono::seconds(1), [this] { look(); });
  const auto moved = clock_.check_system_clock();
  if (moved != GateClock::Micros{0}) on_jump_(moved);
}

}  // namespace sekisho::run
