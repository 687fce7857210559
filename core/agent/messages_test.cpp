#include "agent/messages.hpp"

#include <gtest/gtest.h>

namespace sekisho::agent {
namespace {

TEST(Messages, AChallengeNeedsEveryMember) {
  const std::string good =
      R"({"nonce":"n","sid":"pre:x","gateway":"g","server_time":"2026-11-22T00:31:00.000000Z","ttl_s":120})";
  const auto challenge = read_challenge(good);
  ASSERT_TRUE(challenge);
  EXPECT_FALSE(challenge->in_session());
  EXPECT_EQ(to_rfc3339(challenge->server_time), "2026-11-22T00:31:00.000000Z");
  for (const char* member : {"nonce", "sid", "gateway", "server_time"}) {
    std::string without = good;
    without.replace(without.find(member), 1, "_");
    EXPECT_FALSE(read_challenge(without)) << member;
  }
  EXPECT_FALSE(read_challenge(R"({"nonce":"","sid":"s","gateway":"g","server_time":"2026-11-22T00:31:00Z"})"));
  EXPECT_FALSE(read_challenge(R"({"nonce":"n","sid":"s","gateway":"g","server_time":"yesterday"})"));
  EXPECT_FALSE(read_challenge("<html>"));
}

TEST(Messages, AVerdictIsReadWithItsRowsAndRhythm) {
  const auto verdict = read_verdict(R"({"decision":"deny","checks":[{"check":"antivirus","rule":"R07","verdict":"fail",
    "code":"av.off","observed":"off","required":"on","why_ja":"w","why_en":"w","remedy_ja":"r","remedy_en":"r",
    "until":null}],"recheck_s":30,"heartbeat_s":7,"refusal":{"rule":"R07","code":"av.off","what":{"ja":"a","en":"b"},
    "why":{"ja":"a","en":"b"},"remedy":{"ja":"a","en":"b"}}})");
  ASSERT_TRUE(verdict);
  EXPECT_FALSE(verdict->admitted);
  ASSERT_EQ(verdict->checks.size(), 1u);
  EXPECT_EQ(verdict->checks[0],
            (CheckRow{"antivirus", "R07", "fail", "av.off", "off", "on", "", {"w", "w"}, {"r", "r"}}));
  EXPECT_EQ(verdict->recheck, Seconds(30));
  EXPECT_EQ(verdict->heartbeat, Seconds(7));
  EXPECT_EQ(verdict->refusal->code, "av.off");
}

TEST(Messages, AFoolishRhythmIsNotTaken) {
  for (const char* text :
       {R"({"decision":"admit","checks":[],"recheck_s":0,"heartbeat_s":0})",
        R"({"decision":"admit","checks":[],"recheck_s":-1,"heartbeat_s":1e9})",
        R"({"decision":"admit","checks":[],"recheck_s":"x"})", R"({"decision":"admit","checks":[]})"}) {
    const auto verdict = read_verdict(text);
    ASSERT_TRUE(verdict) << text;
    EXPECT_EQ(verdict->recheck, Seconds(300));
    EXPECT_EQ(verdict->heartbeat, Seconds(30));
  }
}

TEST(Messages, ARefusalWithoutACodeIsNone) {
  EXPECT_FALSE(read_refusal(R"({"decision":"deny"})"));
  EXPECT_FALSE(read_refusal(R"({"refusal":{"rule":"R10"}})"));
  EXPECT_FALSE(read_refusal("x"));
  EXPECT_EQ(read_refusal(R"({"refusal":{"code":"a.b"}})")->code, "a.b");
}

}  // namespace
}  // namespace sekisho::agent
