#include "front/barred_sources.hpp"

#include "run/testing/fake_services.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::front {
namespace {

Source numbered(std::uint32_t number) {
  return Source{false, number};
}

class BarredSourcesTest : public ::testing::Test {
 protected:
  /// As many fruitless openings as it takes; how long the last of them bars the source.
  std::optional<Instant::duration> exhaust(const Source& source) {
    for (unsigned i = 1; i < BarredSources::kOpenings; ++i) EXPECT_FALSE(barred.fruitless(source, now)) << i;
    return barred.fruitless(source, now);
  }
  run::testing::FakeEntropy entropy{7};
  BarredSources barred{entropy};
  Instant now = *parse_rfc3339("2026-11-22T00:00:00Z");
};

TEST_F(BarredSourcesTest, TwentyOpeningsForNothingInTenSecondsBarASource) {
  EXPECT_TRUE(exhaust(numbered(1)));
  EXPECT_EQ(barred.barred(now), 1u);
}

TEST_F(BarredSourcesTest, FewOpeningsInALongTimeBarNobody) {
  for (unsigned i = 0; i < 10 * BarredSources::kOpenings; ++i) {
    EXPECT_FALSE(barred.fruitless(numbered(1), now)) << i;
    now += std::chrono::milliseconds{600};  // 17 in a window
  }
}

TEST_F(BarredSourcesTest, EachTimeIsAboutTwiceAsLongAsTheOneBefore) {
  Seconds least = BarredSources::kFirst;
  for (int turn = 0; turn < 10; ++turn) {
    const auto time = exhaust(numbered(1));
    ASSERT_TRUE(time);
    EXPECT_GE(*time, least) << turn;
    EXPECT_LT(*time, 2 * least) << turn;
    EXPECT_EQ(barred.barred(now + *time - std::chrono::milliseconds{1}), 1u);
    now += *time;
    EXPECT_EQ(barred.barred(now), 0u);
    least = std::min(least * 2, BarredSources::kLongest);
  }
  EXPECT_EQ(least, BarredSources::kLongest);
}

TEST_F(BarredSourcesTest, WhoBehavedForTenMinutesBeginsAnew) {
  for (int turn = 0; turn < 3; ++turn) now += *exhaust(numbered(1));
  now += BarredSources::kLongest;
  EXPECT_LT(*exhaust(numbered(1)), 2 * BarredSources::kFirst);
}

TEST_F(BarredSourcesTest, WhoGoesOnIsBarredOnceMoreForTheTimeThatIsLeft) {
  const auto time = *exhaust(numbered(1));
  now += Seconds{4};
  EXPECT_EQ(*exhaust(numbered(1)), time - Seconds{4});
}

TEST_F(BarredSourcesTest, ThoseBarredTogetherAreNotFreedTogether) {
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(exhaust(numbered(i)));
  const auto left = barred.barred(now + BarredSources::kFirst + BarredSources::kFirst / 2);
  EXPECT_GT(left, 20u);
  EXPECT_LT(left, 80u);
}

TEST_F(BarredSourcesTest, APersonFreesHisSourceForADay) {
  ASSERT_TRUE(exhaust(numbered(1)));
  EXPECT_TRUE(barred.vouch(numbered(1), now));
  EXPECT_EQ(barred.barred(now), 0u);
  EXPECT_FALSE(exhaust(numbered(1)));
  EXPECT_FALSE(barred.vouch(numbered(1), now)) << "it was free";
  now += BarredSources::kVouched;
  EXPECT_TRUE(exhaust(numbered(1)));
}

TEST_F(BarredSourcesTest, SoManyAtATimeAndNoMore) {
  for (std::uint32_t i = 0; i < BarredSources::kMost; ++i) ASSERT_TRUE(exhaust(numbered(i))) << i;
  EXPECT_FALSE(exhaust(numbered(100'000)));
  EXPECT_EQ(barred.barred(now), BarredSources::kMost);
  now += 2 * BarredSources::kFirst;
  EXPECT_EQ(barred.barred(now), 0u);
  EXPECT_TRUE(exhaust(numbered(100'000)));
}

TEST_F(BarredSourcesTest, AFullTableForgetsTheSpentAndNobodyElse) {
  ASSERT_TRUE(exhaust(numbered(1)));
  EXPECT_FALSE(barred.vouch(numbered(2), now));
  for (std::uint32_t i = 10; i < BarredSources::kTable + 8; ++i) EXPECT_FALSE(barred.fruitless(numbered(i), now));
  EXPECT_FALSE(exhaust(numbered(200'000))) << "there is no place";
  now += BarredSources::kWindow;
  EXPECT_TRUE(exhaust(numbered(200'000))) << "the others' windows are over";
  EXPECT_FALSE(exhaust(numbered(2))) << "the person was forgotten";
  now += 2 * BarredSources::kFirst;
  const auto time = exhaust(numbered(1));
  ASSERT_TRUE(time);
  EXPECT_GE(*time, 2 * BarredSources::kFirst) << "the first time was forgotten";
}

}  // namespace
}  // namespace sekisho::front
