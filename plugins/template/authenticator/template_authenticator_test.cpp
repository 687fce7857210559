#include "template_authenticator.hpp"

#include <gtest/gtest.h>

namespace sekisho::template_authenticator {
namespace {

struct Login {
  AuthStep answer(const char* phrase) {
    Evidence evidence;
    if (phrase != nullptr) evidence.emplace("phrase", Secret(phrase));
    AuthStep step = factor.step({.arrival = arrival,
                                 .evidence = evidence,
                                 .subject = subject,
                                 .now = {},
                                 .transaction = "t",
                                 .account_state = {},
                                 .source_state = {},
                                 .transaction_state = state,
                                 .effect = {}});
    state = step.transaction_state;
    return step;
  }
  PhraseFactor factor{Config{.phrase_file = "", .tries = 3}, Secret("open, barley")};
  Arrival arrival;
  Subject subject{.known = true, .person = "mori", .name = {}, .mail = {}, .password_hash = {}, .certificates = {}};
  nlohmann::json state;
};

TEST(PhraseFactor, AsksAndTakesTheRightPhrase) {
  Login login;
  const AuthStep asked = login.answer(nullptr);
  ASSERT_EQ(asked.verdict, Verdict::ask);
  EXPECT_EQ(asked.ask->field, "phrase");
  EXPECT_EQ(login.answer("open, barley").verdict, Verdict::yes);
}

TEST(PhraseFactor, EndsAfterTheLastTryEvenForTheRightPhrase) {
  Login login;
  EXPECT_TRUE(login.answer("a").may_retry);
  EXPECT_TRUE(login.answer("b").may_retry);
  EXPECT_FALSE(login.answer("c").may_retry);
  EXPECT_EQ(login.answer("open, barley").verdict, Verdict::no);
}

TEST(PhraseFactor, AnUnknownIdIsAnsweredLikeAWrongPhrase) {
  Login known, unknown;
  unknown.subject = Subject{};
  const AuthStep right = unknown.answer("open, barley"), wrong = known.answer("x");
  EXPECT_EQ(right.verdict, Verdict::no);
  EXPECT_EQ(right.refusal, wrong.refusal);
  EXPECT_EQ(right.may_retry, wrong.may_retry);
}

TEST(PhraseFactor, ABrokenStateIsNoFreshStart) {
  Login login;
  for (const auto& broken : {nlohmann::json("x"), nlohmann::json(-1), nlohmann::json(1e9), nlohmann::json::array()}) {
    login.state = broken;
    EXPECT_EQ(login.answer("open, barley").verdict, Verdict::no) << broken.dump();
  }
}

}  // namespace
}  // namespace sekisho::template_authenticator
