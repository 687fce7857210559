#include "programs/sekishoctl/output.hpp"

#include "circuits/refusals.hpp"
#include "programs/sekishoctl/words.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

std::string shown(const Output& out, const json& value, const std::vector<std::string>& columns = {}) {
  ::testing::internal::CaptureStdout();
  out.show(value, columns);
  return ::testing::internal::GetCapturedStdout();
}

TEST(Output, ATableLinesUpWhateverTheScript) {
  const json rows = json::array({{{"id", "web"}, {"name", "施設予約システム"}, {"zone", "internet_dmz"}},
                                 {{"id", "x"}, {"name", "y"}, {"zone", "my_number"}}});
  EXPECT_EQ(shown({.json = false, .language = "ja"}, rows, {"id", "name", "zone"}),
            "識別子  名称              区画\n"
            "web     施設予約システム  インターネット接続系DMZ\n"
            "x       y                 個人番号利用事務系\n");
  EXPECT_EQ(shown({.json = false, .language = "en"}, rows, {"id", "zone"}),
            "id   zone\n"
            "web  internet_dmz\n"
            "x    my_number\n");
  EXPECT_EQ(shown({.json = false, .language = "en"}, json::array()), "There is nothing.\n");
}

TEST(Output, PeopleSeeNoJson) {
  const json object{{"macs", {"00:1b:21:00:00:01", "00:1b:21:00:00:02"}},
                    {"period", {{"from", "2026-04-01"}, {"until", "2027-03-31"}}},
                    {"number_handling", true},
                    {"summary", "一行\n二行"},
                    {"ended_at", nullptr},
                    {"reason", ""}};
  EXPECT_EQ(shown({.json = false, .language = "en"}, object),
            "ended               -\n"
            "hardware addresses  00:1b:21:00:00:01, 00:1b:21:00:00:02\n"
            "My Number data      yes\n"
            "period              2026-04-01 to 2027-03-31\n"
            "reason              -\n"
            "summary             一行 二行\n");
}

TEST(Output, MachinesGetTheAnswerAsItCame) {
  const Output out{.json = true, .language = "ja"};
  EXPECT_EQ(shown(out, {{"b", 1}, {"a", "あ"}}), "{\"a\":\"あ\",\"b\":1}\n");
  ::testing::internal::CaptureStdout();
  out.done({"済", "done"}, {{"ended", 2}});
  out.note({"注", "note"});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "{\"ended\":2,\"ok\":true}\n");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(out.failed(fail("ctl.no_gate", "/x")), 1);
  const json error = json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(error["error"]["code"], "ctl.no_gate");
  EXPECT_EQ(error["error"]["detail"], "/x");
}

TEST(Words, EveryOwnCodeSpeaksBothLanguagesOnce) {
  std::set<std::string> seen;
  for (const Refusal& row : ctl_refusals()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    for (const Text* text : {&row.what, &row.why, &row.remedy}) {
      EXPECT_FALSE(text->ja.empty() || text->en.empty()) << row.code;
    }
  }
  EXPECT_EQ(error_words(fail("pki.exists"))["why"]["en"], "There is a CA in this folder already.");
  EXPECT_EQ(error_words(fail("registry.no_such_object"))["what"]["ja"], "変更できません。");
}

TEST(Words, EveryConditionThatTheGateReportsIsExplained) {
  const std::filesystem::path gate = std::filesystem::path(SEKISHO_SOURCE_DIR) / "core/gate";
  const std::regex reported("conditions\\.push_back\\(\"([a-z_.]+)");
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(gate)) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (std::sregex_iterator at(text.begin(), text.end(), reported), end; at != end; ++at) found.insert((*at)[1]);
  }
  EXPECT_GE(found.size(), 5u) << "the pattern finds them";
  std::set<std::string> known;
  for (const ConditionWords& row : condition_words()) known.insert(std::string(row.code));
  EXPECT_EQ(found, known);
}

TEST(Words, ACircuitsCodeComesWithItsReason) {
  for (const Refusal& each : circuits::all_refusals()) {
    for (const char* member : {"closed_because", "code"}) {
      const auto words = value_words(member, each.code);
      ASSERT_TRUE(words) << each.code;
      EXPECT_EQ(words->ja, each.code + " " + each.why.ja);
      EXPECT_EQ(words->en, each.code + " " + each.why.en);
    }
  }
  EXPECT_TRUE(value_words("closed_because", "stop.contractor"));
  EXPECT_TRUE(value_words("closed_because", "contract.not_in_force"));
  EXPECT_FALSE(value_words("closed_because", "circuit.purple"));
  EXPECT_FALSE(value_words("code", "stop.contractor")) << "a table of refusals shows codes";
  for (const char* member : {"circuit", "contractor", "site", "state", "line", "since", "addresses", "in_use_by",
                             "closed_because", "expected_at", "late", "loaded", "peer", "identity", "cipher"}) {
    EXPECT_TRUE(label(member)) << member;
  }
  for (const char* state : {"unknown", "ordered", "planned", "usable", "ceased"}) {
    EXPECT_TRUE(value_words("state", state)) << state;
  }
  for (const char* line : {"up", "down", "unknown"}) EXPECT_TRUE(value_words("line", line)) << line;
}

}  // namespace
}  // namespace sekisho::ctl
