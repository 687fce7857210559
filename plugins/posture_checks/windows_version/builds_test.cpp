#include "builds.hpp"

#include <gtest/gtest.h>

namespace sekisho::windows_version {
namespace {

TEST(Builds, TheCompiledInTableHoldsTheReleasesOfThePage) {
  const auto builds = parse_builds(compiled_in_builds());
  ASSERT_TRUE(builds) << builds.error().detail;
  EXPECT_EQ(builds->size(), 7u);
  for (const auto& [number, build] : *builds) {
    EXPECT_LT(build.home_pro_end, build.enterprise_end) << number;
    if (build.ltsc_end) {
      EXPECT_LT(build.enterprise_end, *build.ltsc_end) << number;
    }
  }
  EXPECT_EQ(builds->at(22631).name, "23H2");
  EXPECT_EQ(builds->at(22631).home_pro_end, *parse_date("2025-11-12")) << "the last day is still in service";
  EXPECT_EQ(builds->at(26100).ltsc_end, parse_date("2029-10-10"));
}

TEST(Builds, EveryReleaseEndsOnThePagesDay) {
  struct Row {
    std::int64_t build;
    const char *name, *home_pro, *enterprise, *ltsc;
  };
  const auto builds = *parse_builds(compiled_in_builds());
  for (const Row& row : std::vector<Row>{{22000, "21H2", "2023-10-10", "2024-10-08", nullptr},
                                         {22621, "22H2", "2024-10-08", "2025-10-14", nullptr},
                                         {22631, "23H2", "2025-11-11", "2026-11-10", nullptr},
                                         {26100, "24H2", "2026-10-13", "2027-10-12", "2029-10-09"},
                                         {26200, "25H2", "2027-10-12", "2028-10-10", nullptr},
                                         {28000, "26H1", "2028-03-14", "2029-03-13", nullptr},
                                         {26300, "26H2", "2028-10-10", "2029-10-09", nullptr}}) {
    SCOPED_TRACE(row.name);
    const auto after = [](const char* day) { return *parse_date(day) + std::chrono::days(1); };
    const auto found = builds.find(row.build);
    ASSERT_NE(found, builds.end());
    EXPECT_EQ(found->second.name, row.name);
    EXPECT_EQ(found->second.home_pro_end, after(row.home_pro));
    EXPECT_EQ(found->second.enterprise_end, after(row.enterprise));
    EXPECT_EQ(found->second.ltsc_end.has_value(), row.ltsc != nullptr);
    if (row.ltsc != nullptr) {
      EXPECT_EQ(found->second.ltsc_end, after(row.ltsc));
    }
  }
  EXPECT_EQ(builds.at(28000).arches, std::vector<std::string>{"arm64"});
}

TEST(Builds, ABrokenTableIsRefusedWithItsPlace) {
  const auto row = [](const std::string& members) { return "{\"builds\":[{" + members + "}]}"; };
  const std::string days = R"("home_pro":"2026-10-13","enterprise":"2027-10-12")";
  EXPECT_TRUE(parse_builds(row(R"("build":26100,"name":"24H2",)" + days)));
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), std::string(R"({"builds":{}})"),
        std::string(R"({"builds":[]})"), std::string(R"({"builds":[7]})"), row(R"("name":"x",)" + days),
        row(R"("build":-1,"name":"x",)" + days), row(R"("build":26100.5,"name":"x",)" + days),
        row(R"("build":26100,)" + days), row(R"("build":26100,"name":"x","home_pro":"2026-10-13")"),
        row(R"("build":26100,"name":"x","home_pro":"13.10.2026","enterprise":"2027-10-12")"),
        row(R"("build":26100,"name":"x","ltsc":7,)" + days), row(R"("build":26100,"name":"x","arches":[],)" + days),
        row(R"("build":26100,"name":"x","arches":[1],)" + days),
        R"({"builds":[{"build":1,"name":"a",)" + days + R"(},{"build":1,"name":"b",)" + days + "}]}"}) {
    const auto parsed = parse_builds(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "windows_version.bad_table");
  }
}

}  // namespace
}  // namespace sekisho::windows_version
