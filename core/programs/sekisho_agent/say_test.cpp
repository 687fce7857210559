#include "programs/sekisho_agent/say.hpp"

#include "agent/refusals.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::agent {
namespace {

using nlohmann::json;

Judged judged() {
  Verdict verdict;
  verdict.admitted = false;
  verdict.checks = {{"windows_version", "R06", "pass", "", "26200", "", "", {}, {}},
                    {"antivirus",
                     "R07",
                     "fail",
                     "av.off",
                     "off",
                     "on",
                     "",
                     {"無効です。", "It is off."},
                     {"有効に", "Switch it on."}},
                    {"windows_update",
                     "R08",
                     "warn",
                     "update.behind",
                     "",
                     "",
                     "2026-12-01T00:00:00Z",
                     {"不足", "Missing"},
                     {"更新", "Update"}}};
  verdict.refusal =
      Refusal{"R07", "av.off", {"接続できません。", "You cannot connect."}, {"無効", "off"}, {"有効に", "on"}};
  return {"S20261122-1-000042", "event", verdict};
}

TEST(Say, JsonIsOneLineWithEverything) {
  const std::string text = say(judged(), {.json = true});
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const json said = json::parse(text);
  EXPECT_EQ(said["event"], "report");
  EXPECT_EQ(said["decision"], "deny");
  EXPECT_EQ(said["session"], "S20261122-1-000042");
  EXPECT_EQ(said["checks"].size(), 3u);
  EXPECT_EQ(said["checks"][1]["remedy"]["en"], "Switch it on.");
  EXPECT_EQ(said["checks"][1]["what"]["ja"], "接続できません。");
  EXPECT_EQ(said["checks"][1]["why"]["ja"], "無効です。");
  EXPECT_EQ(said["checks"][2]["until"], "2026-12-01T00:00:00Z");
  EXPECT_TRUE(said["checks"][0]["until"].is_null());
  EXPECT_EQ(said["refusal"]["code"], "av.off");
  EXPECT_EQ(json::parse(say(SessionNews{SessionNews::What::admitted, "S"}, {.json = true})),
            (json{{"event", "admitted"}, {"session", "S"}}));
  const json trouble = json::parse(
      say(Trouble{refusal("agent.unreachable"), "no route", std::chrono::milliseconds(700)}, {.json = true}));
  EXPECT_EQ(trouble["error"], "agent.unreachable");
  EXPECT_EQ(trouble["again_in_ms"], 700);
  const json refused = json::parse(say_refused(refusal("agent.key_open"), "d", {.json = true}));
  EXPECT_EQ(refused["refusal"]["rule"], "R03");
  EXPECT_EQ(refused["decision"], "deny");
  EXPECT_TRUE(refused["checks"].empty());
}

TEST(Say, PeopleReadWhatFailedAndWhatToDoAndNothingElse) {
  const std::string ja = say(judged(), {.language = "ja"}), en = say(judged(), {.language = "en"});
  EXPECT_EQ(ja,
            "端末の確認に合格していません。\n  不合格 [R07 av.off] 無効です。\n    対処: 有効に\n"
            "  注意 [R08 update.behind] 不足\n    対処: 更新\n");
  EXPECT_EQ(en,
            "The terminal did not pass its checks.\n  failed [R07 av.off] It is off.\n    Remedy: Switch it on.\n"
            "  warning [R08 update.behind] Missing\n    Remedy: Update\n");
}

TEST(Say, NoControlCharacterReachesAWindow) {
  Judged news = judged();
  news.verdict.checks[1].why = {
      "a\x1b[2Jb\xc2\x9b"
      "c\xe2\x80\xae"
      "d\xe2\x81\xa6"
      "e\nf\x7f",
      "x"};
  const std::string text = say(news, {.language = "ja"});
  EXPECT_NE(text.find("a [2Jb c d e f \n"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Say, TheEnvironmentChoosesTheLanguage) {
  const auto with = [](const char* all, const char* lang) {
    ::unsetenv("LC_MESSAGES");
    all != nullptr ? ::setenv("LC_ALL", all, 1) : ::unsetenv("LC_ALL");
    lang != nullptr ? ::setenv("LANG", lang, 1) : ::unsetenv("LANG");
    return language_of_environment();
  };
  EXPECT_EQ(with(nullptr, nullptr), "ja");
  EXPECT_EQ(with(nullptr, "C.UTF-8"), "ja");
  EXPECT_EQ(with(nullptr, "en_US.UTF-8"), "en");
  EXPECT_EQ(with("ja_JP.UTF-8", "en_US.UTF-8"), "ja");
  EXPECT_EQ(with("", "en_US.UTF-8"), "en");
}

}  // namespace
}  // namespace sekisho::agent
