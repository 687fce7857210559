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
