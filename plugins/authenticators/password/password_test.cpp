#include "password.hpp"

#include "refusals.hpp"

#include <sekisho/sdk/config.hpp>

#include <gtest/gtest.h>

#include <set>

namespace sekisho::password {
namespace {

using namespace std::chrono_literals;

class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(next_++ * 37);
  }

 private:
  unsigned next_ = 1;
};

struct PasswordTest : testing::Test {
  PasswordTest() : factor(Config{}, entropy) {
    person.known = true;
    person.person = "mori";
    person.password_hash = "$argon2id$of-mori";
    stranger.person = "#8fcc";
  }
  AuthRequest request(std::optional<EffectResult> effect = std::nullopt) {
    return AuthRequest{.arrival = arrival,
                       .evidence = evidence,
                       .subject = *subject,
                       .now = now,
                       .transaction = "t1",
                       .account_state = account,
                       .source_state = nullptr,
                       .transaction_state = transaction,
                       .effect = std::move(effect),
                       .owner_certificate = owner};
  }
  AuthStep run(std::optional<EffectResult> effect = std::nullopt) {
    AuthStep step = factor.step(request(std::move(effect)));
    account = step.account_state;
    transaction = step.transaction_state;
    return step;
  }
  /// A whole try; the code of the refusal, or "yes".
  std::string attempt(bool right, bool done = true) {
    AuthStep step = run();
    if (step.verdict == Verdict::wait) step = run(EffectResult{done, done && right, done ? "" : "run.busy"});
    may_retry = step.may_retry;
    return step.verdict == Verdict::yes ? "yes" : step.refusal->code;
  }
  /// The next try that is heard, waiting as long as the throttle wants (at most `limit`).
  std::string patient_attempt(bool right, Seconds limit) {
    for (const Instant end = now + limit; now <= end; now += 1s) {
      const std::string code = attempt(right);
      if (code != "password.too_fast" && code != "password.locked") return code;
    }
    return "never heard";
  }

  CountingEntropy entropy;
  PasswordFactor factor;
  Arrival arrival;
  Evidence evidence = [] {
    Evidence out;
    out.emplace("password", Secret("correct horse"));
    return out;
  }();
  Subject person, stranger;
  const Subject* subject = &person;
  nlohmann::json account, transaction;
  Instant now = Instant(std::chrono::seconds(1795305600));
  bool owner = false, may_retry = false;
};

TEST_F(PasswordTest, AsksWhenThereIsNone) {
  evidence.clear();
  AuthStep step = run();
  EXPECT_EQ(step.verdict, Verdict::ask);
  EXPECT_EQ(step.ask->field, "password");
  evidence.emplace("password", Secret(""));
  EXPECT_EQ(run().verdict, Verdict::ask);
  EXPECT_TRUE(account.is_null()) << "an empty try is no try";
}

TEST_F(PasswordTest, LetsTheHostCompareAndBelievesIt) {
  AuthStep step = run();
  ASSERT_EQ(step.verdict, Verdict::wait);
  ASSERT_EQ(step.effects.size(), 1u);
  const auto& work = std::get<VerifyPassword>(step.effects[0]);
  EXPECT_EQ(work.encoded_hash, "$argon2id$of-mori");
  EXPECT_EQ(work.candidate.reveal(), "correct horse");
  step = run(EffectResult{true, true, {}});
  EXPECT_EQ(step.verdict, Verdict::yes);
  EXPECT_EQ(account["other"]["failures"], 0);
}

TEST_F(PasswordTest, GivesAStrangerTheSameRoadCostAndWords) {
  AuthStep known = run();
  account = transaction = nullptr;
  subject = &stranger;
  AuthStep unknown = run();
  ASSERT_EQ(unknown.verdict, Verdict::wait);
  EXPECT_EQ(std::get<VerifyPassword>(unknown.effects[0]).encoded_hash, factor.dummy_hash());
  EXPECT_TRUE(factor.dummy_hash().starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_EQ(factor.dummy_hash().size(), std::string("$argon2id$v=19$m=65536,t=2,p=1$").size() + 22 + 1 + 43);
  unknown = run(EffectResult{true, true, {}});
  EXPECT_EQ(unknown.verdict, Verdict::no) << "a dummy can never open a door";
  const auto unknown_account = account;
  account = transaction = nullptr;
  subject = &person;
  (void)run();
  known = run(EffectResult{true, false, {}});
  EXPECT_EQ(known.refusal, unknown.refusal);
  EXPECT_EQ(known.may_retry, unknown.may_retry);
  EXPECT_EQ(account, unknown_account);
}

TEST_F(PasswordTest, RefusesAPersonWithoutAPassword) {
  person.password_hash.clear();
  EXPECT_EQ(attempt(true), "password.wrong");
}

TEST_F(PasswordTest, MakesTheThirdAndLaterFailuresWaitOneToThirtyTwoSeconds) {
  const std::vector<Seconds> waits = {0s, 0s, 1s, 2s, 4s, 8s, 16s, 32s, 32s};
  for (std::size_t i = 0; i < waits.size(); ++i) {
    ASSERT_EQ(attempt(false), "password.wrong") << i;
    if (waits[i] > 0s) {
      now += waits[i] - std::chrono::microseconds(1);
      EXPECT_EQ(attempt(true), "password.too_fast") << "the right password must wait too, after failure " << i + 1;
      now += std::chrono::microseconds(1);
    }
  }
}

TEST_F(PasswordTest, LocksFor30MinutesAtTenInARowAndAgainAtTwenty) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(patient_attempt(false, 60s), "password.wrong") << i;
    const Instant locked_at = now;
    EXPECT_EQ(attempt(true), "password.locked");
    now = locked_at + 1800s - std::chrono::microseconds(1);
    EXPECT_EQ(attempt(true), "password.locked");
    now = locked_at + 1800s;
  }
  EXPECT_EQ(attempt(true), "yes");
  EXPECT_EQ(attempt(false), "password.wrong");
  EXPECT_EQ(account["other"]["failures"], 1) << "success begins the count anew";
}

TEST_F(PasswordTest, CountsBeforeHashingSoThatParallelTriesCannotOutrunTheCounter) {
  int heard = 0;
  for (int i = 0; i < 500; ++i) {  // all begin before the first hash has ended
    transaction = nullptr;
    if (run().verdict == Verdict::wait) ++heard;
  }
  EXPECT_EQ(heard, 3);
}

TEST_F(PasswordTest, HearsAtMostTenWrongTriesInHalfAnHourHoweverManyCome) {
  int heard = 0;
  for (const Instant end = now + 1800s; now < end; now += std::chrono::milliseconds(500)) {
    for (int i = 0; i < 5; ++i) heard += attempt(false) == "password.wrong" ? 1 : 0;
  }
  EXPECT_EQ(heard, 10);
}

TEST_F(PasswordTest, KeepsTheOwnersCountersApartFromEverybodyElses) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(patient_attempt(false, 60s), "password.wrong");
  EXPECT_EQ(attempt(true), "password.locked");
  owner = true;
  EXPECT_EQ(attempt(true), "yes") << "a stranger must not lock the owner out";
  owner = false;
  EXPECT_EQ(attempt(true), "password.locked") << "the owner's success does not free the stranger";
}

TEST_F(PasswordTest, GivesTheTryBackWhenNothingWasEvaluated) {
  for (int i = 0; i < 9; ++i) ASSERT_EQ(patient_attempt(false, 60s), "password.wrong");
  now += 60s;
  EXPECT_EQ(attempt(false, /*done=*/false), "password.service_busy");
  EXPECT_TRUE(may_retry);
  EXPECT_EQ(account["other"]["failures"], 9);
  EXPECT_EQ(account["other"]["locked_until"], 0);
  account = nullptr;
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(attempt(true, false), "password.service_busy") << "no throttle for our own fault";
  EXPECT_EQ(attempt(true), "yes");
}

TEST_F(PasswordTest, LetsTheClientAskAgainForTheFirstTriesOnly) {
  std::vector<bool> retries;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(patient_attempt(false, 60s), "password.wrong");
    retries.push_back(may_retry);
  }
  EXPECT_EQ(retries, (std::vector<bool>{true, true, true, false, false}));
  EXPECT_EQ(attempt(false), "password.too_fast");
  EXPECT_FALSE(may_retry);
}

TEST_F(PasswordTest, SurvivesAStateThatItDidNotWrite) {
  for (const char* text :
       {"7", "[]", R"({"other":7})", R"({"other":{"failures":"x","not_before":-5,"locked_until":1.5}})"}) {
    account = nlohmann::json::parse(text);
    EXPECT_EQ(attempt(true), "yes") << text;
  }
}

TEST_F(PasswordTest, PutsNoSecretInStatesOrDetail) {
  AuthStep step = run();
  for (int i = 0; i < 2; ++i) {
    const std::string all = step.account_state.dump() + step.transaction_state.dump() + step.detail.dump();
    EXPECT_EQ(all.find("horse"), all.npos);
    EXPECT_EQ(all.find("argon2"), all.npos);
    step = run(EffectResult{true, false, {}});
  }
}

TEST(PasswordConfig, CanOnlyBeMadeStricter) {
  EXPECT_TRUE(read_config<Config>(nlohmann::json::object()).has_value());
  for (const char* text : {R"({"throttle_from":4})", R"({"throttle_first_s":0})", R"({"throttle_max_s":31})",
                           R"({"lock_after":11})", R"({"lock_s":1799})", R"({"retry_tries":6})", R"({"unknown":1})"}) {
    EXPECT_FALSE(read_config<Config>(nlohmann::json::parse(text)).has_value()) << text;
  }
  EXPECT_TRUE(read_config<Config>(nlohmann::json::parse(R"({"lock_after":5,"lock_s":3600})")).has_value());
}

TEST(PasswordRefusals, SpeakBothLanguages) {
  std::set<std::string> codes;
  for (const No no : {No::wrong, No::too_fast, No::locked, No::service_busy}) {
    const Refusal each = refusal(no);
    EXPECT_EQ(each.rule, "R04");
    for (const Text& text : {each.what, each.why, each.remedy}) EXPECT_FALSE(text.ja.empty() || text.en.empty());
    EXPECT_TRUE(codes.insert(each.code).second);
  }
}

}  // namespace
}  // namespace sekisho::password
