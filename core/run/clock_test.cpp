#include "run/clock.hpp"

#include "run/testing/fake_services.hpp"

#include <gtest/gtest.h>

namespace sekisho::run {
namespace {

using std::chrono::seconds;

struct TwoClocks {
  Instant wall = *parse_rfc3339("2026-11-22T09:00:00Z");
  GateClock::Micros steady{1'000'000};
  GateClock clock{GateClock::Sources{[this] { return wall; }, [this] { return steady; }}};
  void pass(GateClock::Micros span) { wall += span, steady += span; }
};

}  // namespace

TEST(GateClock, FollowsTheSteadyClockWhenTheSystemClockIsStepped) {
  TwoClocks two;
  two.pass(seconds(10));
  two.wall -= std::chrono::hours(1);
  EXPECT_EQ(to_rfc3339(two.clock.now()), "2026-11-22T09:00:10.000000Z");
  two.wall += std::chrono::hours(3);
  two.pass(seconds(5));
  EXPECT_EQ(to_rfc3339(two.clock.now()), "2026-11-22T09:00:15.000000Z");
}

TEST(GateClock, TellsEachJumpBeyondFiveSecondsOnce) {
  TwoClocks two;
  EXPECT_EQ(two.clock.check_system_clock().count(), 0);
  two.wall += seconds(5);
  EXPECT_EQ(two.clock.check_system_clock().count(), 0);
  two.wall += seconds(1);
  EXPECT_EQ(two.clock.check_system_clock(), seconds(6));
  EXPECT_EQ(two.clock.check_system_clock().count(), 0);
  two.wall -= std::chrono::hours(1);
  EXPECT_EQ(two.clock.check_system_clock(), -std::chrono::hours(1));
}

TEST(GateClock, OfProductionMovesForwardFromTheSystemClock) {
  GateClock clock;
  const auto system = std::chrono::time_point_cast<GateClock::Micros>(std::chrono::system_clock::now());
  const Instant first = clock.now();
  EXPECT_LT(std::chrono::abs(first - system), seconds(5));
  EXPECT_GE(clock.now(), first);
}

TEST(WallClockWatch, ReportsAJumpWithinASecond) {
  testing::FakeServices fake;
  Instant::duration stepped{0};
  GateClock clock({[&] { return fake.timers.now() + stepped; }, [&] { return fake.timers.now().time_since_epoch(); }});
  std::vector<GateClock::Micros> jumps;
  {
    WallClockWatch watch(clock, fake.timers, [&](GateClock::Micros by) { jumps.push_back(by); });
    fake.timers.advance(seconds(30));
    EXPECT_TRUE(jumps.empty());
    stepped = std::chrono::hours(1);
    fake.timers.advance(seconds(1));
    EXPECT_EQ(jumps, std::vector<GateClock::Micros>{std::chrono::hours(1)});
    fake.timers.advance(seconds(30));
    EXPECT_EQ(jumps.size(), 1u);
  }
  EXPECT_EQ(fake.timers.waiting(), 0u);
}

}  // namespace sekisho::run
