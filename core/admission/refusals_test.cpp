#include "admission/enforcement_points.hpp"
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

TEST(Refusals, HaveAnEnforcementPointUnlessTheyOnlyTell) {
  // Warnings that let people in, ends that nobody forbids, and what the kernel has refused already.
  const std::set<std::string> telling = {"device.forwarding",    "device.mac_overridden",
                                         "device.mac_usb_only",  "os.build_ends_soon",
                                         "av.signature_stuck",   "update.table_old",
                                         "session.logged_out",   "session.replaced",
                                         "session.moved",        "gate.busy",
                                         "pool.exhausted",       "session.not_given",
                                         "console.machine_off",  "console.unreachable",
                                         "console.not_recorded", "console.no_hypervisor",
                                         "page.other_origin",    "page.malformed",
                                         "page.unknown",         "rdp.closed",
                                         "rdp.too_many"};
  for (const Refusal& refusal : all_refusals()) {
    EXPECT_NE(is_enforcement_point(refusal.rule, refusal.code), telling.contains(refusal.code))
        << refusal.rule << "/" << refusal.code;
  }
}

TEST(Refusals, SayNothingForACodeFromElsewhere) {
  EXPECT_FALSE(find_refusal("dice.unlucky").has_value());
  EXPECT_FALSE(find_refusal("").has_value());
  EXPECT_EQ(find_refusal("stop.all"), refusal("stop.all"));
}

TEST(Refusals, AbortOnACodeNobodyWrote) {
  EXPECT_DEATH((void)refusal("no.such_code"), "stands in no catalogue");
}

}  // namespace
}  // namespace sekisho::admission
