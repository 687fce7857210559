#include "admission/browser_rule.hpp"

#include "admission/testing/posture_bench.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

using testing::result;
using testing::ScriptedCheck;

class BrowserRule : public ::testing::Test {
 protected:
  BrowserRule() {
    policy.path = "internet";
    policy.checks = {{"antivirus", CheckMode::enforce}, {"browser", CheckMode::enforce}};
    checks = {{"browser", &check}};
    arrival.form = LoginForm::page;
    arrival.user_agent = "Mozilla/5.0";
    check.results = {result("R09", CheckVerdict::pass, "")};
  }
  std::optional<Refusal> judge(const std::string& terminal = "pc-mori") {
    return refuse_browser(policy, checks, registry, terminal, arrival, registry::testing::kNow);
  }
  std::string code(CheckVerdict verdict, std::string said, std::string rule = "R09") {
    check.results = {result(std::move(rule), verdict, std::move(said))};
    const auto refusal = judge();
    return refusal ? refusal->rule + " " + refusal->code : "";
  }

  PathPolicy policy;
  registry::Registry registry = registry::testing::cast();
  ScriptedCheck check{"browser"};
  std::map<std::string, const PostureCheck*> checks;
  Arrival arrival;
};

TEST_F(BrowserRule, LetsAGoodBrowserPassAndRefusesTheOthersWithTheirCode) {
  EXPECT_EQ(code(CheckVerdict::pass, ""), "");
  EXPECT_EQ(code(CheckVerdict::warn, "browser.too_old"), "");
  EXPECT_EQ(code(CheckVerdict::fail, "browser.too_old"), "R09 browser.too_old");
  EXPECT_EQ(code(CheckVerdict::fail, "browser.not_allowed"), "R09 browser.not_allowed");
  EXPECT_EQ(code(CheckVerdict::unknown, "browser.unknown"), "R09 browser.unknown");
}

TEST_F(BrowserRule, TakesWhatCannotBeJudgedForUnknown) {
  EXPECT_EQ(code(CheckVerdict::not_applicable, ""), "R09 browser.unknown") << "a page needs a browser";
  EXPECT_EQ(code(CheckVerdict::fail, ""), "R09 browser.unknown");
  EXPECT_EQ(code(CheckVerdict::fail, "other.code", "R77"), "R09 browser.unknown") << "a code of no table";
  check.results.clear();
  EXPECT_TRUE(judge());
  check.throws = true;
  EXPECT_TRUE(judge());
  check.throws = false;
  checks.clear();
  ASSERT_TRUE(judge());
  EXPECT_EQ(judge()->code, "browser.unknown");
}

TEST_F(BrowserRule, OneGoodRowDoesNotHideABadOne) {
  check.results = {result("R09", CheckVerdict::pass, ""), result("R09", CheckVerdict::fail, "browser.too_old")};
  ASSERT_TRUE(judge());
  EXPECT_EQ(judge()->code, "browser.too_old");
}

TEST_F(BrowserRule, LeavesTheClientsOwnFormAlone) {
  check.results = {result("R09", CheckVerdict::fail, "browser.too_old")};
  arrival.form = LoginForm::page_for_client;
  EXPECT_TRUE(judge());
  arrival.form = LoginForm::client;
  const int before = check.calls;
  EXPECT_FALSE(judge());
  EXPECT_EQ(check.calls, before);
}

TEST_F(BrowserRule, FollowsThePathsMode) {
  check.results = {result("R09", CheckVerdict::fail, "browser.too_old")};
  for (const CheckMode mode : {CheckMode::warn, CheckMode::off}) {
    policy.checks.back().mode = mode;
    EXPECT_FALSE(judge());
  }
  policy.checks.pop_back();
  EXPECT_FALSE(judge());
}

TEST_F(BrowserRule, HonoursAnAcceptedExceptionOfThatTerminalWhileItLasts) {
  check.results = {result("R09", CheckVerdict::fail, "browser.too_old")};
  ASSERT_FALSE(registry.applications.empty());
  auto& [id, application] = *registry.applications.begin();
  ASSERT_FALSE(application.terminals.empty());
  const std::string terminal = application.terminals.front();
  application.state = registry::ApplicationState::accepted;
  registry::Exception exception;
  exception.terminal = terminal;
  exception.check = "browser";
  exception.application = id;
  exception.until = registry::testing::kNow + Seconds{1};
  registry.exceptions["e1"] = exception;
  EXPECT_FALSE(judge(terminal));
  EXPECT_TRUE(judge("another-pc"));
  EXPECT_TRUE(judge(""));
  registry.exceptions["e1"].until = registry::testing::kNow;
  EXPECT_TRUE(judge(terminal));
}

}  // namespace
}  // namespace sekisho::admission
