// R08 as a table, with a frozen table of (made up) updates relative to the fixed gate time of posture.md.
#include "windows_update.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::windows_update {
namespace {

using admission::testing::example_facts;
using admission::testing::kGateTime;
using nlohmann::json;

const char* const kFrozen = R"({"updated":"2026-11-12","releases":[
  {"builds":[26100,26200,26300],"ubr":9700,"released":"2026-11-10"},
  {"builds":[26100,26200,26300],"ubr":9600,"released":"2026-10-13"},
  {"builds":[26100,26200,26300],"ubr":9500,"released":"2026-09-08"},
  {"builds":[22631],"ubr":6199,"released":"2025-11-11"}]})";

CheckResult judge(const json& facts, const char* at = "2026-11-22T00:31:00Z", const std::string& path = "internet",
                  const char* table = kFrozen) {
  Config config;
  config.paths.push_back({"ip_vpn", 60, 90});
  const json nothing;
  const auto outcome = UpdateCheck(config, *parse_releases(table))
                           .judge({.facts = facts,
                                   .now = *parse_rfc3339(at),
                                   .terminal = "pc-mori",
                                   .registered_macs = {},
                                   .signed_by_terminal = "pc-mori",
                                   .binding = 1,
                                   .user_agent = {},
                                   .memory = nothing,
                                   .path = path});
  EXPECT_EQ(outcome.results.size(), 1u);
  EXPECT_EQ(outcome.results.front().rule, "R08");
  return outcome.results.front();
}
json with(const json& os, const json& updates) {
  json facts = example_facts("compliant");
  facts["os"].update(os);
  facts["updates"].update(updates);
  return facts;
}

TEST(WindowsUpdate, JudgesTheExamplesAsWritten) {
  EXPECT_EQ(judge(example_facts("compliant")).verdict, CheckVerdict::pass);
  EXPECT_EQ(judge(example_facts("outdated")).verdict, CheckVerdict::fail);
  EXPECT_EQ(judge(example_facts("outdated")).code, "update.behind") << "a due restart adds nothing to it";
  EXPECT_EQ(judge(example_facts("trend_micro")).verdict, CheckVerdict::pass);
}

TEST(WindowsUpdate, KeepsEveryRowOfThePage) {
  struct Row {
    const char* promise;
    json os, updates;
    const char* code;
    CheckVerdict verdict;
    const char* at = "2026-11-22T00:31:00Z";
    const char* path = "internet";
  };
  const auto pass = CheckVerdict::pass, warn = CheckVerdict::warn, bad = CheckVerdict::fail,
             unknown = CheckVerdict::unknown;
  const json wiped = {{"last_installed_at", nullptr}, {"installed", json::array()}};
  for (const Row& row : std::vector<Row>{
           {"one month behind, within the tolerance", {{"ubr", 9600}}, {}, "", pass},
           {"the last instant of the tolerance", {{"ubr", 9600}}, {}, "", pass, "2026-12-09T23:59:59Z"},
           {"day 30", {{"ubr", 9600}}, {}, "update.behind", bad, "2026-12-10T00:00:00Z"},
           {"two months behind", {{"ubr", 9500}}, {}, "update.behind", bad},
           {"ahead of the table", {{"ubr", 9900}}, {}, "", pass},
           {"history wiped, UBR good", {}, wiped, "", pass},
           {"history wiped, UBR old", {{"ubr", 9500}}, wiped, "update.behind", bad},
           {"a restart is due", {}, {{"pending_reboot", true}}, "update.reboot_pending", warn},
           {"UBR not stated, updated lately", {{"ubr", nullptr}}, {}, "update.table_old", warn},
           {"UBR not stated, 45 days ago",
            {{"ubr", nullptr}},
            {{"last_installed_at", "2026-10-08T00:31:00Z"}},
            "update.table_old",
            warn},
           {"UBR not stated, more than 45 days ago",
            {{"ubr", nullptr}},
            {{"last_installed_at", "2026-10-08T00:30:59Z"}},
            "update.too_long_ago",
            bad},
           {"UBR not stated, never updated", {{"ubr", nullptr}}, wiped, "update.unknown", unknown},
           {"UBR not stated, updated in the future",
            {{"ubr", nullptr}},
            {{"last_installed_at", "2026-11-22T00:36:01Z"}},
            "update.unknown",
            unknown},
           {"a build that the table does not know", {{"build", 28000}}, {}, "update.table_old", warn},
           {"no build", {{"build", nullptr}}, {}, "update.table_old", warn},
           {"the table is 45 days old", {{"ubr", 9500}}, {}, "update.behind", bad, "2026-12-27T00:00:00Z"},
           {"the table is older", {{"ubr", 9500}}, {}, "update.table_old", warn, "2026-12-27T00:00:01Z"},
           {"a closed network may lag longer", {{"ubr", 9500}}, {}, "", pass, "2026-11-22T00:31:00Z", "ip_vpn"},
       }) {
    SCOPED_TRACE(row.promise);
    const CheckResult result =
        judge(with(row.os.is_null() ? json::object() : row.os, row.updates.is_null() ? json::object() : row.updates),
              row.at, row.path);
    EXPECT_EQ(result.verdict, row.verdict) << result.code;
    EXPECT_EQ(result.code, row.code);
  }
}

TEST(WindowsUpdate, WithoutATableTheLastUpdateIsJudged) {
  const std::string none(compiled_in_updates());
  EXPECT_EQ(judge(example_facts("compliant"), "2026-11-22T00:31:00Z", "internet", none.c_str()).code,
            "update.table_old");
  EXPECT_EQ(judge(example_facts("outdated"), "2026-11-22T00:31:00Z", "internet", none.c_str()).code,
            "update.too_long_ago");
}

TEST(WindowsUpdate, NothingStatedIsUnknown) {
  json facts = example_facts("compliant");
  facts.erase("updates");
  facts["os"].erase("ubr");
  EXPECT_EQ(judge(facts).verdict, CheckVerdict::unknown);
}

}  // namespace
}  // namespace sekisho::windows_update
