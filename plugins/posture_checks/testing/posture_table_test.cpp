// Each row of the posture tables through the desk and the real plugins. Source: posture.md §4–§7, §9; decisions.md
// "Posture loss".
#include "admission/posture_refusals.hpp"
#include "base/testing/memory_log.hpp"
#include "plugin/host.hpp"
#include "plugin/loader.hpp"
#include "rows.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

namespace sekisho::posture_table {
namespace {

using admission::PostureWatch;
using admission::ReportVerdict;
using nlohmann::json;

/// Made-up updates that know every build of the rows, relative to the fixed gate time.
const char* const kUpdates = R"({"updated":"2026-11-12","releases":[
  {"builds":[19045,22631,26100,26200,26220,26300,27000,28000],"ubr":9700,"released":"2026-11-10"},
  {"builds":[19045,22631,26100,26200,26220,26300,27000,28000],"ubr":9600,"released":"2026-10-13"},
  {"builds":[19045,22631,26100,26200,26220,26300,27000,28000],"ubr":9500,"released":"2026-09-08"}]})";
const char* const kEdge =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 "
    "Edg/142.0.0.0";

/// The built checks, loaded once as production loads them.
class Checks {
 public:
  Checks() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekisho-posture-XXXXXX").string();
    SEKISHO_ASSERT(mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    std::ofstream(directory_ / "updates.json") << kUpdates;
    plugin::Loader loader(SEKISHO_PLUGIN_DIR, host_);
    std::string names = SEKISHO_BUILT_CHECKS ",";
    for (std::size_t at = 0; at < names.size();) {
      const auto comma = names.find(',', at);
      const std::string name = names.substr(at, comma - at);
      at = comma + 1;
      json config = json::object();
      if (name == "windows_update") config["updates_file"] = (directory_ / "updates.json").string();
      auto loaded = loader.load({.plugin = name, .config = config}, PluginKind::posture_check);
      if (loaded) {
        checks_[name] = std::move(std::get<std::unique_ptr<PostureCheck>>(loaded->object));
      } else {
        ADD_FAILURE() << name << ": " << loaded.error().code << " " << loaded.error().detail;
      }
    }
  }
  ~Checks() {
    std::error_code ignored;  // a test's directory under /tmp: nothing depends on its going
    std::filesystem::remove_all(directory_, ignored);
  }
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  [[nodiscard]] bool has(const std::string& name) const { return checks_.contains(name); }
  /// All of them enforced.
  void install(Stage& stage) const {
    stage.bench.checks.clear();
    stage.bench.policy.checks.clear();
    stage.bench.user_agent = kEdge;
    for (const auto& [name, check] : checks_) {
      stage.bench.checks[name] = check.get();
      stage.bench.policy.checks.push_back({name, admission::CheckMode::enforce});
    }
  }

 private:
  std::filesystem::path directory_;
  admission::testing::CountingEntropy entropy_;
  MemoryLog log_;
  plugin::SystemPluginHost host_{"posture_table", entropy_, log_};
  std::map<std::string, std::unique_ptr<PostureCheck>> checks_;
};

const Checks& checks() {
  static const Checks all;
  return all;
}

bool denies(const CheckResult& r) {
  return r.verdict == CheckVerdict::fail || r.verdict == CheckVerdict::unknown;
}

void expect_guidance(std::string_view code, const Text& remedy) {
  SCOPED_TRACE(std::string(code));
  if (const char* words = guidance(code)) {
    EXPECT_NE(remedy.ja.find(words), std::string::npos) << remedy.ja << " does not say " << words;
  }
  EXPECT_FALSE(remedy.ja.empty());
  EXPECT_FALSE(remedy.en.empty());
  EXPECT_NE(remedy.ja, remedy.en);
}

/// What the agent shows its user is the same refusal, in both languages.
void expect_answer(const ReportVerdict& verdict) {
  const json answer = json::parse(verdict.answer);
  EXPECT_EQ(answer["decision"], verdict.passed ? "admit" : "deny");
  if (verdict.passed) return;
  ASSERT_TRUE(verdict.refusal);
  const json& shown = answer["refusal"];
  EXPECT_EQ(shown["code"], verdict.refusal->code);
  EXPECT_EQ(shown["rule"], verdict.refusal->rule);
  for (const char* part : {"what", "why", "remedy"}) {
    EXPECT_NE(shown[part]["ja"], "") << part;
    EXPECT_NE(shown[part]["en"], "") << part;
  }
}

class PostureTable : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    const std::string& plugin = GetParam().plugin;
    if (!plugin.empty() && !checks().has(plugin)) GTEST_SKIP() << plugin << " is not built";
    checks().install(stage);
  }
  Stage stage;
};

TEST_P(PostureTable, AnswersWithItsCodeAndRemedy) {
  const Row& row = GetParam();
  const ReportVerdict verdict = row.run(stage);
  EXPECT_EQ(verdict.http_status, row.status) << verdict.answer;
  EXPECT_EQ(verdict.passed, row.answer == Answer::admitted) << verdict.answer;
  expect_answer(verdict);
  std::vector<std::string> denied, warned;
  for (const CheckResult& r : verdict.results) {
    // An unsigned claim leaves more than the row's own facts unknown.
    if (r.check != row.plugin && row.name == "claim_without_a_key") continue;
    if (denies(r)) denied.push_back(r.code);
    if (r.verdict == CheckVerdict::warn) warned.push_back(r.code);
    if (r.verdict == CheckVerdict::pass || r.verdict == CheckVerdict::not_applicable) continue;
    EXPECT_TRUE(r.check == row.plugin) << r.check << " says " << r.code;
    expect_guidance(r.code, r.remedy);
    const Refusal* listed = admission::posture_refusal(r.code);
    ASSERT_NE(listed, nullptr) << r.code << " stands in no list of refusals";
    EXPECT_EQ(listed->rule, r.rule) << r.code;
  }
  if (row.answer == Answer::admitted) {
    EXPECT_EQ(denied, std::vector<std::string>{});
    EXPECT_EQ(warned, row.codes);
    EXPECT_FALSE(verdict.refusal);
    return;
  }
  ASSERT_TRUE(verdict.refusal);
  expect_guidance(verdict.refusal->code, verdict.refusal->remedy);
  if (row.plugin.empty()) {
    EXPECT_EQ(std::vector<std::string>{verdict.refusal->code}, row.codes);
    EXPECT_FALSE(verdict.counted);
  } else {
    EXPECT_EQ(denied, row.codes);
    if (row.name != "claim_without_a_key") {
      EXPECT_EQ(verdict.refusal->code, row.codes.front());
    }
  }
}

TEST_P(PostureTable, EndsAnOpenSessionAsTheLossDemands) {
  const Row& row = GetParam();
  PostureWatch watch(stage.bench.policy, stage.bench.now);
  watch.begin_admitted(stage.bench.now);
  const ReportVerdict verdict = row.run(stage);
  const auto step = watch.on_report(verdict, stage.bench.now);
  if (row.answer == Answer::admitted) {
    EXPECT_EQ(step.action, PostureWatch::Action::none);
    EXPECT_TRUE(watch.admitted());
    return;
  }
  static const std::set<std::string> kMendable{"av.signature_old", "av.unknown", "update.behind", "update.too_long_ago",
                                               "update.unknown"};
  static const std::set<std::string> kKeyLost{"device.key_unknown", "device.key_revoked", "device.clone_suspected",
                                              "report.other_terminal"};
  if (row.name == "claim_without_a_key" || (row.plugin.empty() && !kKeyLost.contains(row.codes.front()))) {
    EXPECT_EQ(step.action, PostureWatch::Action::none) << "an envelope that does not count says nothing about pc-mori";
    return;
  }
  if (!kMendable.contains(row.codes.front())) {
    EXPECT_EQ(step.action, PostureWatch::Action::close) << "a reported loss closes at once";
    ASSERT_TRUE(step.refusal);
    expect_guidance(step.refusal->code, step.refusal->remedy);
    return;
  }
  EXPECT_EQ(step.action, PostureWatch::Action::none);
  const Instant end = stage.bench.now + Seconds(120);
  watch.on_sign_of_life(end - std::chrono::microseconds(1));
  EXPECT_EQ(watch.on_time(end - std::chrono::microseconds(1)).action, PostureWatch::Action::none);
  const auto late = watch.on_time(end);
  EXPECT_EQ(late.action, PostureWatch::Action::close) << "120 s to mend";
  ASSERT_TRUE(late.refusal);
  EXPECT_EQ(late.refusal->code, row.codes.front());
}

INSTANTIATE_TEST_SUITE_P(Row, PostureTable, testing::ValuesIn(rows()),
                         [](const auto& info) { return info.param.name; });

TEST(PostureTableOfThePage, HasARowForEveryCode) {
  std::set<std::string> shown{"report.missed"};  // the watch's own: below
  for (const Row& row : rows()) shown.insert(row.codes.begin(), row.codes.end());
  for (const std::string& code : codes_of_the_page()) {
    EXPECT_TRUE(shown.contains(code)) << code << " has no row";
    const Refusal* listed = admission::posture_refusal(code);
    ASSERT_NE(listed, nullptr) << code;
    EXPECT_FALSE(listed->remedy.ja.empty() || listed->remedy.en.empty()) << code;
  }
}

TEST(PostureTableOfThePage, AnAgentThatIsKilledLosesTheSession) {
  const Instant start = admission::testing::kGateTime;
  PostureWatch watch(admission::PathPolicy{}, start);
  watch.begin_admitted(start);
  const auto quarantined = watch.on_time(start + Seconds(120));
  EXPECT_EQ(quarantined.action, PostureWatch::Action::quarantine);
  EXPECT_EQ(quarantined.refusal->code, "posture.silent");
  const auto closed = watch.on_time(start + Seconds(300));
  EXPECT_EQ(closed.action, PostureWatch::Action::close);
  expect_guidance(closed.refusal->code, closed.refusal->remedy);
}

TEST(PostureTableOfThePage, ReportsThatStopWhileTheAgentLivesAreMissed) {
  const Instant start = admission::testing::kGateTime;
  PostureWatch watch(admission::PathPolicy{}, start);
  watch.begin_admitted(start);
  for (int at = 30; at <= 660; at += 30) watch.on_sign_of_life(start + Seconds(at));
  const auto quarantined = watch.on_time(start + Seconds(660));
  EXPECT_EQ(quarantined.action, PostureWatch::Action::quarantine);
  ASSERT_TRUE(quarantined.refusal);
  EXPECT_EQ(quarantined.refusal->code, "report.missed");
  expect_guidance(quarantined.refusal->code, quarantined.refusal->remedy);
  for (int at = 690; at <= 900; at += 30) watch.on_sign_of_life(start + Seconds(at));
  EXPECT_EQ(watch.on_time(start + Seconds(900)).action, PostureWatch::Action::close);
}

}  // namespace
}  // namespace sekisho::posture_table
