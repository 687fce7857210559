#include <sekisho/sdk/time.hpp>

#include <gtest/gtest.h>

namespace sekisho {

TEST(Time, WritesAndReadsTheSameInstant) {
  const auto at = parse_rfc3339("2026-11-22T00:31:00.25Z");
  ASSERT_TRUE(at);
  EXPECT_EQ(to_rfc3339(*at), "2026-11-22T00:31:00.250000Z");
  EXPECT_EQ(parse_rfc3339(to_rfc3339(*at)), at);
  EXPECT_EQ(to_date(*at), "2026-11-22");
}

TEST(Time, WritesEveryFieldInItsFullWidth) {
  for (const char* text :
       {"1970-01-01T00:00:00.000000Z", "2026-02-03T04:05:06.000007Z", "9999-12-31T23:59:59.999999Z"}) {
    EXPECT_EQ(to_rfc3339(*parse_rfc3339(text)), text);
    EXPECT_EQ(to_date(*parse_rfc3339(text)), std::string_view(text).substr(0, 10));
  }
}

TEST(Time, RefusesWhatIsNoUtcInstant) {
  for (const char* bad :
       {"", "2026-11-22", "2026-11-22T00:31:00", "2026-11-22T00:31:00+09:00", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T00:60:00Z", "2026-11-22T00:00:00.Z",
        "2026-11-22T00:00:00.1234567Z", "2026-11-22 00:00:00Z", "-026-11-22T00:00:00Z", "2026-11-2aT00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  }
  EXPECT_FALSE(parse_date("2026-04-31"));
}

}  // namespace sekisho
