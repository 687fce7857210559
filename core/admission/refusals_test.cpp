#include "admission/login.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sekisho::admission {
namespace {

bool has_japanese(const std::string& text) {
  // Hiragana, katakana and kanji all begin with 0xE3..0xE9 in UTF-8.
  for (const unsigned char c : text) {
    if (c >= 0xE3 && c <= 0xE9) return true;
  }
  return false;
}
bool is_ascii(const std::string& text) {
  for (const unsigned char c : text) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return true;
}

TEST(Refusals, SpeakBothLanguagesWithARemedy) {
  for (const Refusal& refusal : all_refusals()) {
    SCOPED_TRACE(refusal.code);
    EXPECT_FALSE(refusal.rule.empty());
    for (const Text& text : {refusal.what, refusal.why, refusal.remedy}) {
      EXPECT_TRUE(has_japanese(text.ja)) << text.ja;
      EXPECT_FALSE(text.en.empty());
      EXPECT_TRUE(is_ascii(text.en)) << text.en;
    }
  }
}

TEST(Refusals, HaveOneTextPerCode) {
  std::set<std::string> codes;
  for (const Refusal& refusal : all_refusals()) EXPECT_TRUE(codes.insert(refusal.code).second) << refusal.code;
}

TEST(Refusals, AreFoundByCode) {
  for (const Refusal& each : all_refusals()) EXPECT_EQ(refusal(each.code), each);
  for (const char* code : {"login.unknown_handle",
                           "login.expired",
                           "session.unknown_cookie",
                           "session.other_certificate",
                           "session.ended_by_staff",
                           "session.logged_out",
                           "session.idle",
                           "session.right_ended",
                           "session.absolute_limit",
                           "session.no_tunnel",
                           "session.replaced",
                           "session.reconnect_expired",
                           "session.parallel",
                           "stop.all",
                           "stop.path",
                           "stop.contractor",
                           "stop.person",
                           "stop.terminal",
                           "gate.busy",
                           "gate.unavailable",
                           "pool.exhausted",
                           "posture.refused_before_login"}) {
    EXPECT_EQ(refusal(code).code, code);
  }
}

TEST(Refusals, AbortOnACodeNobodyWrote) {
  EXPECT_DEATH((void)refusal("no.such_code"), "stands in no catalogue");
}

}  // namespace
}  // namespace sekisho::admission
