// R06 as a table, at the fixed gate time of posture.md unless a row says another.
#include "windows_version.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::windows_version {
namespace {

using admission::testing::example_facts;
using admission::testing::kGateTime;
using nlohmann::json;

CheckResult judge(const json& facts, Instant now = kGateTime, const std::string& path = "internet",
                  Config config = {}) {
  const json nothing;
  const WindowsCheck check(std::move(config), *parse_builds(compiled_in_builds()));
  const auto outcome = check.judge({.facts = facts,
                                    .now = now,
                                    .terminal = "pc-mori",
                                    .registered_macs = {},
                                    .signed_by_terminal = "pc-mori",
                                    .binding = 1,
                                    .user_agent = {},
                                    .memory = nothing,
                                    .path = path});
  EXPECT_EQ(outcome.results.size(), 1u);
  return outcome.results.front();
}

struct Row {
  const char* promise;
  json change;       ///< merged into the os section of the compliant example
  const char* code;  ///< "" passes
  CheckVerdict verdict = CheckVerdict::fail;
  const char* at = "2026-11-22T00:31:00Z";
};

TEST(WindowsVersion, KeepsEveryRowOfThePage) {
  const auto pass = CheckVerdict::pass, warn = CheckVerdict::warn, unknown = CheckVerdict::unknown;
  const json pro24 = {{"build", 26100}, {"edition", "Professional"}};
  const json enterprise23 = {{"build", 22631}, {"edition", "Enterprise"}};
  for (const Row& row : std::vector<Row>{
           {"build 26200 passes whatever ProductName says", {{"product_name", "Windows 10 Pro"}}, "", pass},
           {"Windows 10", {{"build", 19045}}, "os.too_old"},
           {"the build before the first Windows 11", {{"build", 21999}}, "os.too_old"},
           {"Windows Server 2025 shares the build", {{"build", 26100}, {"product_type", "server"}}, "os.server"},
           {"a domain controller", {{"product_type", "domain_controller"}}, "os.server"},
           {"multi-session reports a server", {{"edition", "ServerRdsh"}, {"product_type", "server"}}, "os.server"},
           {"multi-session by its edition alone", {{"edition", "ServerRdsh"}}, "os.server"},
           {"an insider build", {{"build", 26220}, {"channel", "insider"}}, "os.insider"},
           {"an insider channel on a known build", {{"channel", "insider"}}, "os.insider"},
           {"a build nobody released", {{"build", 27000}}, "os.build_not_allowed"},
           {"24H2 Pro has ended", pro24, "os.build_ended"},
           {"24H2 Home has ended", {{"build", 26100}, {"edition", "CoreSingleLanguage"}}, "os.build_ended"},
           {"24H2 Enterprise is in service", {{"build", 26100}, {"edition", "Enterprise"}}, "", pass},
           {"24H2 Education is in service", {{"build", 26100}, {"edition", "EducationN"}}, "", pass},
           {"24H2 LTSC is in service", {{"build", 26100}, {"edition", "EnterpriseS"}}, "", pass},
           {"24H2 IoT LTSC is in service", {{"build", 26100}, {"edition", "IoTEnterpriseS"}}, "", pass},
           {"24H2 LTSC outlives Enterprise",
            {{"build", 26100}, {"edition", "EnterpriseS"}},
            "",
            pass,
            "2028-11-22T00:31:00Z"},
           {"24H2 Enterprise ends",
            {{"build", 26100}, {"edition", "Enterprise"}},
            "os.build_ended",
            CheckVerdict::fail,
            "2028-11-22T00:31:00Z"},
           {"an edition not known takes the earliest end", {{"build", 26100}, {"edition", nullptr}}, "os.build_ended"},
           {"an edition never seen takes the earliest end", {{"build", 26100}, {"edition", "Cloud"}}, "os.build_ended"},
           {"26H1 on Arm", {{"build", 28000}, {"arch", "arm64"}}, "", pass},
           {"26H1 elsewhere", {{"build", 28000}}, "os.build_not_allowed"},
           {"26H1 on nobody knows what", {{"build", 28000}, {"arch", "unknown"}}, "os.unknown", unknown},
           {"the last day is in service, with a warning", enterprise23, "os.build_ends_soon", warn,
            "2026-11-10T23:59:59Z"},
           {"the day after is not", enterprise23, "os.build_ended", CheckVerdict::fail, "2026-11-11T00:00:00Z"},
           {"60 days before the end it warns", enterprise23, "os.build_ends_soon", warn, "2026-09-12T00:00:00Z"},
           {"61 days before it does not", enterprise23, "", pass, "2026-09-11T23:59:59Z"},
           {"Linux", {{"family", "linux"}}, "os.not_windows"},
           {"nobody knows", {{"family", "unknown"}}, "os.unknown", unknown},
           {"no build", {{"build", nullptr}}, "os.unknown", unknown},
           {"no product type", {{"product_type", "unknown"}}, "os.unknown", unknown},
           {"no channel", {{"channel", "unknown"}}, "os.unknown", unknown},
           {"another major", {{"major", 6}}, "os.build_not_allowed"},
           {"26H2", {{"build", 26300}}, "", pass},
       }) {
    SCOPED_TRACE(row.promise);
    json facts = example_facts("compliant");
    facts["os"].update(row.change);
    const CheckResult result = judge(facts, *parse_rfc3339(row.at));
    EXPECT_EQ(result.verdict, row.verdict) << result.code;
    EXPECT_EQ(result.code, row.code);
    EXPECT_EQ(result.rule, "R06");
  }
}

TEST(WindowsVersion, JudgesTheExamplesAsWritten) {
  EXPECT_EQ(judge(example_facts("compliant")).verdict, CheckVerdict::pass);
  EXPECT_EQ(judge(example_facts("outdated")).code, "os.build_ended");
  EXPECT_EQ(judge(example_facts("trend_micro")).verdict, CheckVerdict::pass);
}

TEST(WindowsVersion, ShowsWhatItSawAndUntilWhen) {
  const CheckResult result = judge(example_facts("compliant"));
  EXPECT_EQ(result.observed, "26200.9700 Professional");
  EXPECT_EQ(result.until, parse_date("2027-10-13"));
}

TEST(WindowsVersion, LimitsMayDifferPerPath) {
  Config config;
  config.paths.push_back({"ip_vpn", 26200, 0, 60});
  json facts = example_facts("compliant");
  facts["os"]["build"] = 26100;
  EXPECT_EQ(judge(facts, kGateTime, "internet", config).code, "os.build_ended");
  EXPECT_EQ(judge(facts, kGateTime, "ip_vpn", config).code, "os.too_old");
  config.paths[0].min_build.reset();
  EXPECT_EQ(judge(facts, kGateTime, "ip_vpn", config).verdict, CheckVerdict::pass)
      << "40 days past its end, 60 allowed";
}

}  // namespace
}  // namespace sekisho::windows_version
