// Each planted fault is found within 1,000 seeds, by the invariant that is about it; the same seeds without it are
// clean.
#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace sekisho::sim {
namespace {

/// The first seed at which `invariant` is violated.
std::optional<std::uint64_t> found_at(Flaw flaw, const std::string& invariant) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const WeekResult week = run_week({.seed = seed, .flaw = flaw});
    if (std::ranges::find(week.violations, invariant, &Violation::invariant) != week.violations.end()) return seed;
  }
  return std::nullopt;
}

void expect_found(Flaw flaw, const std::string& invariant) {
  const auto seed = found_at(flaw, invariant);
  ASSERT_TRUE(seed) << invariant;
  const WeekResult honest = run_week({.seed = *seed});
  EXPECT_TRUE(honest.violations.empty()) << honest.violations.front().what;
}

TEST(Planted, ACodeThatIsNotLookedAtIsFound) {
  expect_found(Flaw::guard_off, "factors");
}

TEST(Planted, ASyncThatKeepsNothingIsFound) {
  expect_found(Flaw::lost_fsync, "durable");
}

TEST(Planted, AnEndThatComesLateIsFound) {
  expect_found(Flaw::late_end, "late");
}

TEST(Planted, ALineThatIsLostAndCountsAsUpIsFound) {
  expect_found(Flaw::line_kept, "line");
}

TEST(Planted, AFrontThatClosesLateIsFound) {
  expect_found(Flaw::late_front, "late");
}

}  // namespace
}  // namespace sekisho::sim
