// R09 as a table of User-Agents.
#include "browser.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::browser {
namespace {

CheckResult judge(const std::string& user_agent, Config config = {}) {
  const nlohmann::json facts = admission::testing::example_facts("compliant"), nothing;
  const auto outcome = BrowserCheck(std::move(config))
                           .judge({.facts = facts,
                                   .now = admission::testing::kGateTime,
                                   .terminal = "pc-mori",
                                   .registered_macs = {},
                                   .signed_by_terminal = "pc-mori",
                                   .binding = 1,
                                   .user_agent = user_agent,
                                   .memory = nothing});
  EXPECT_EQ(outcome.results.size(), 1u);
  EXPECT_EQ(outcome.results.front().rule, "R09");
  return outcome.results.front();
}

const std::string kWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) ";
const std::string kWebkit = kWindows + "AppleWebKit/537.36 (KHTML, like Gecko) ";
std::string edge(const std::string& v) {
  return kWebkit + "Chrome/" + v + " Safari/537.36 Edg/" + v;
}
std::string chrome(const std::string& v) {
  return kWebkit + "Chrome/" + v + " Safari/537.36";
}
std::string firefox(const std::string& v) {
  return "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:" + v + ") Gecko/20100101 Firefox/" + v;
}

TEST(Browser, KeepsEveryRowOfTheTable) {
  struct Row {
    std::string user_agent;
    const char* code;
    CheckVerdict verdict = CheckVerdict::fail;
  };
  const auto pass = CheckVerdict::pass, unknown = CheckVerdict::unknown, none = CheckVerdict::not_applicable;
  for (const Row& row : std::vector<Row>{
           {edge("142.0.0.0"), "", pass},
           {edge("124.0.0.0"), "", pass},
           {edge("123.0.0.0"), "browser.too_old"},
           {edge("119.0.0.0"), "browser.too_old"},
           {chrome("142.0.0.0"), "", pass},
           {chrome("126.0.0.0"), "", pass},
           {chrome("125.0.0.0"), "browser.too_old"},
           {firefox("123.0"), "", pass},
           {firefox("122.0"), "browser.too_old"},
           {chrome("142.0.0.0") + " OPR/115.0.0.0", "browser.not_allowed"},
           {chrome("142.0.0.0") + " Vivaldi/7.0", "browser.not_allowed"},
           {kWebkit + "App/1.0 Chrome/142.0.0.0 Electron/33.0.0 Safari/537.36", "browser.not_allowed"},
           {kWebkit + "HeadlessChrome/142.0.0.0 Safari/537.36", "browser.not_allowed"},
           {edge("142.0.0.0") + " OneOutlook/1.0", "browser.not_allowed"},
           {edge("142.0.0.0") + " Edg/99.0.0.0", "browser.not_allowed"},
           {firefox("142.0") + " Seamonkey/2.53", "browser.not_allowed"},
           {chrome("142.0.0.0") + " NotEdg/142", "browser.not_allowed"},
           {kWebkit + "Version/17.4 Safari/605.1.15", "browser.not_allowed"},
           {"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "browser.not_allowed"},
           {"Mozilla/5.0 (Edg/142.0.0.0 Chrome/142.0.0.0 Firefox/142.0)", "browser.not_allowed"},
           {"Mozilla/5.0 (Windows NT 10.0", "browser.not_allowed"},
           {"Mozilla/5.0 ) Chrome/142.0.0.0", "browser.not_allowed"},
           {"curl/8.0", "browser.not_allowed"},
           {"x", "browser.not_allowed"},
           {edge("x"), "browser.unknown", unknown},
           {chrome(""), "browser.unknown", unknown},
           {chrome("-5"), "browser.unknown", unknown},
           {chrome("99999999999999999999"), "browser.unknown", unknown},
           {"", "", none},
           {"Mozilla/5.0 SV1", "", none},
           {"Mozilla/5.0 SV1 (openconnect)", "", none},
           {"FortiSSLVPN (Windows NT; SV1 [SV{v=02.01; f=07;}])", "", none},
       }) {
    SCOPED_TRACE(row.user_agent);
    const CheckResult result = judge(row.user_agent);
    EXPECT_EQ(result.verdict, row.verdict);
    EXPECT_EQ(result.code, row.code);
  }
}

TEST(Browser, SaysTheConfiguredVersionsInBothLanguages) {
  Config config;
  config.edge = 140;
  const CheckResult result = judge(edge("139.0.0.0"), config);
  EXPECT_EQ(result.code, "browser.too_old");
  EXPECT_NE(result.remedy.ja.find("Edge 140"), std::string::npos);
  EXPECT_NE(result.remedy.en.find("Edge 140"), std::string::npos);
}

}  // namespace
}  // namespace sekisho::browser
