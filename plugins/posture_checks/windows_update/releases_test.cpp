#include "releases.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sekisho::windows_update {
namespace {

TEST(Releases, TheCompiledInTableClaimsNothing) {
  const auto releases = parse_releases(compiled_in_updates());
  ASSERT_TRUE(releases) << releases.error().detail;
  EXPECT_TRUE(releases->of_build.empty());
  EXPECT_EQ(releases->updated, Instant{});
}

TEST(Releases, TheHighestOfABuildByADayIsFoundWhateverTheOrder) {
  const auto releases = parse_releases(
      R"({"updated":"2026-11-20","releases":[
          {"builds":[26100,26200],"ubr":9700,"released":"2026-11-10"},
          {"builds":[26100,26200],"ubr":9500,"released":"2026-09-08"},
          {"builds":[26200],"ubr":9600,"released":"2026-10-13"}]})");
  ASSERT_TRUE(releases);
  EXPECT_EQ(releases->highest(26200, *parse_date("2026-11-10")), 9700);
  EXPECT_EQ(releases->highest(26200, *parse_date("2026-11-09")), 9600);
  EXPECT_EQ(releases->highest(26100, *parse_date("2026-11-09")), 9500);
  EXPECT_EQ(releases->highest(26100, *parse_date("2026-09-07")), std::nullopt);
  EXPECT_EQ(releases->highest(22631, *parse_date("2026-11-10")), std::nullopt);
}

TEST(Releases, ABrokenTableIsRefusedWithItsPlace) {
  const auto table = [](const std::string& row) { return "{\"updated\":\"2026-11-20\",\"releases\":[" + row + "]}"; };
  EXPECT_TRUE(parse_releases(table(R"({"builds":[1],"ubr":2,"released":"2026-01-01"})")));
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string(R"({"releases":[]})"),
        std::string(R"({"updated":"20.11.2026","releases":[]})"), std::string(R"({"updated":"2026-11-20"})"),
        table("7"), table(R"({"builds":[1],"released":"2026-01-01"})"),
        table(R"({"builds":[1],"ubr":-2,"released":"2026-01-01"})"), table(R"({"builds":[1],"ubr":2})"),
        table(R"({"builds":[],"ubr":2,"released":"2026-01-01"})"),
        table(R"({"builds":["1"],"ubr":2,"released":"2026-01-01"})"),
        table(R"({"builds":1,"ubr":2,"released":"2026-01-01"})")}) {
    const auto parsed = parse_releases(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "windows_update.bad_table");
  }
}

}  // namespace
}  // namespace sekisho::windows_update
