// Misuse of the machine's slots: by a front that answers out of order, by a factor that returns garbage, by a store
// that gives back something else.
#include "admission/login.hpp"
#include "admission/testing/login_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::admission {
namespace {

using namespace testing;  // NOLINT: the bench

const EffectResult kMatched{true, true, {}};

TEST(LoginShape, TakesNoSecondAnswerForASlotThatSaidYes) {
  LoginBench bench;
  Scripted password("password", asks("password")), code("code", asks("code"));
  bench.use(password), bench.use(code);
  const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}, {"password", "right"}}));
  ASSERT_EQ(end_of(asked), "asked:code");
  EXPECT_EQ(end_of(bench.answer(asked, LoginBench::evidence({{"password", "right"}, {"code", "right"}}))),
            "refused:login.second_answer");
  EXPECT_EQ(end_of(bench.answer(asked, LoginBench::evidence({{"password", ""}, {"code", "right"}}))), "passed:mori");
}

TEST(LoginShape, AnswersOnlyWhatWasAskedAndResumesOnlyWhatWaits) {
  LoginBench bench;
  Scripted password("password", hashes), code("code", asks("code"));
  bench.use(password), bench.use(code);
  const Evidence evidence = LoginBench::evidence({{"login", "mori"}});
  const LoginOutcome waiting = bench.begin(evidence);
  ASSERT_EQ(end_of(waiting), "waiting");
  EXPECT_EQ(end_of(bench.answer(waiting, evidence)), "refused:login.out_of_order");
  const LoginOutcome asked = bench.resume(waiting, evidence, kMatched);
  ASSERT_EQ(end_of(asked), "asked:code");
  EXPECT_EQ(end_of(bench.resume(asked, evidence, kMatched)), "refused:login.out_of_order");
}

TEST(LoginShape, GivesAnEffectToTheFactorThatAskedForIt) {
  LoginBench bench;
  Scripted password("password", hashes), pin("pin", hashes);
  bench.use(password), bench.use(pin);
  const Evidence evidence = LoginBench::evidence({{"login", "mori"}});
  LoginOutcome outcome = bench.begin(evidence);
  outcome = bench.resume(outcome, evidence, kMatched);
  ASSERT_EQ(end_of(outcome), "waiting") << "the second factor wants its own hash";
  EXPECT_FALSE(pin.seen.back().resumed) << "one match must not serve two factors";
  outcome = bench.resume(outcome, evidence, EffectResult{true, false, {}});
  EXPECT_EQ(end_of(outcome), "refused:password.wrong");
}

TEST(LoginShape, TakesGarbageOfAFactorForNo) {
  const std::vector<std::pair<const char*, Scripted::Script>> garbage = {
      {"no without refusal", [](AuthRequest r) { return kept(r, Verdict::no); }},
      {"refusal without texts",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::no);
         step.refusal = Refusal{"R04", "x.y", {}, {}, {}};
         return step;
       }},
      {"yes with refusal",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.refusal = no("password.wrong");
         return step;
       }},
      {"ask without question", [](AuthRequest r) { return kept(r, Verdict::ask); }},
      {"ask without prompt",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::ask);
         step.ask = Ask{"code", "code", {}, 0};
         return step;
       }},
      {"wait without work", [](AuthRequest r) { return kept(r, Verdict::wait); }},
      {"wait with two works",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::wait);
         step.effects.push_back(VerifyPassword{"a", Secret("b")});
         step.effects.push_back(VerifyPassword{"a", Secret("b")});
         return step;
       }},
      {"yes with work",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.effects.push_back(VerifyPassword{"a", Secret("b")});
         return step;
       }},
      {"a verdict of its own", [](AuthRequest r) { return kept(r, static_cast<Verdict>(9)); }},
      {"too large a state",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.account_state = {{"x", std::string(9000, 'x')}};
         return step;
       }},
      {"a state that is no object",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.transaction_state = 7;
         return step;
       }},
      {"a state that is no UTF-8",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.transaction_state = {{"x", "\xff"}};
         return step;
       }},
      {"mail to somebody else",
       [](AuthRequest r) {
         AuthStep step = kept(r, Verdict::yes);
         step.effects.push_back(SendMail{"hama@elsewhere.test", "s", "b"});
         return step;
       }},
      {"an exception that is none", [](AuthRequest) -> AuthStep { throw 7; }},
  };
  for (const auto& [what, script] : garbage) {
    LoginBench bench;
    Scripted factor("password", script);
    bench.use(factor);
    const LoginOutcome outcome = bench.begin(LoginBench::evidence({{"login", "mori"}}));
    EXPECT_EQ(end_of(outcome), "refused:login.factor_failed") << what;
    EXPECT_TRUE(outcome.mails.empty()) << what;
    EXPECT_TRUE(bench.states.rows.empty()) << what;
  }
}

TEST(LoginShape, TakesAStateOfEightKibibytesOfTextAndNotAByteMore) {
  const auto bytes = [](const std::string& text) { return nlohmann::json{{"x", text}}.dump().size(); };
  for (const std::string piece : {"x", "\"", "\n", "\x01", "\x7f", "\xe9\x96\xa2"}) {
    std::string text;
    for (std::size_t n = (8192 - bytes("")) / (bytes(piece) - bytes("")); n > 0; --n) text += piece;
    while (bytes(text) < 8192) text += 'x';
    for (const bool more : {false, true}) {
      LoginBench bench;
      Scripted pin("pin", [&](AuthRequest request) {
        AuthStep step = kept(request, Verdict::yes);
        step.account_state = {{"x", more ? text + "x" : text}};
        return step;
      });
      bench.use(pin);
      const LoginOutcome end = bench.begin(LoginBench::evidence({{"login", "mori"}}));
      EXPECT_EQ(end_of(end), more ? "refused:login.factor_failed" : "passed:mori") << piece;
    }
  }
}

TEST(LoginShape, TakesASecondWaitAfterItsEffectForNo) {
  LoginBench bench;
  Scripted factor("password", [](AuthRequest request) {
    AuthStep step = kept(request, Verdict::wait);
    step.effects.push_back(VerifyPassword{"a", Secret("b")});
    return step;
  });
  bench.use(factor);
  const Evidence evidence = LoginBench::evidence({{"login", "mori"}});
  const LoginOutcome waiting = bench.begin(evidence);
  EXPECT_EQ(end_of(bench.resume(waiting, evidence, kMatched)), "refused:login.factor_failed");
}

TEST(LoginShape, RefusesAPathWithoutFactorsOrWithAFactorThatIsNotLoaded) {
  LoginBench bench;
  const Evidence evidence = LoginBench::evidence({{"login", "mori"}});
  EXPECT_EQ(end_of(bench.begin(evidence)), "refused:login.no_factors");
  bench.policy.factors = {"password"};
  EXPECT_EQ(end_of(bench.begin(evidence)), "refused:login.factor_missing");
  bench.authenticators["password"] = nullptr;
  EXPECT_EQ(end_of(bench.begin(evidence)), "refused:login.factor_missing");
}

TEST(LoginShape, RefusesTwoTerminals) {
  LoginBench bench;
  const auto with_terminal = [](std::string terminal) {
    return [terminal](AuthRequest request) {
      AuthStep step = says_yes(std::move(request));
      step.terminal = terminal;
      return step;
    };
  };
  Scripted one("certificate", with_terminal("pc-mori")), two("device", with_terminal("pc-tani"));
  bench.use(one), bench.use(two);
  EXPECT_EQ(end_of(bench.begin(LoginBench::evidence({{"login", "mori"}}))), "refused:login.factor_failed");
}

TEST(LoginShape, AsksAgainAfterAWrongAnswerWithTheReasonInTheJournal) {
  LoginBench bench;
  Scripted code("code", [](AuthRequest request) {
    AuthStep step = kept(request, Verdict::ask);
    step.ask = Ask{"code", "code", {"もう一度", "Again"}, 0};
    step.refusal = no("code.wrong");
    return step;
  });
  bench.use(code);
  const LoginOutcome outcome = bench.begin(LoginBench::evidence({{"login", "mori"}}));
  EXPECT_EQ(end_of(outcome), "asked:code");
  EXPECT_EQ(outcome.journal["code"]["code"], "code.wrong");
}

TEST(LoginShape, PassesAForeignPluginsCodeOnWithoutAPointOfItsOwn) {
  LoginBench bench;
  Scripted factor("password", [](AuthRequest request) {
    AuthStep step = kept(request, Verdict::no);
    step.refusal = no("dice.unlucky");
    step.may_retry = true;
    return step;
  });
  bench.use(factor);
  const LoginOutcome outcome = bench.begin(LoginBench::evidence({{"login", "mori"}}));
  EXPECT_EQ(end_of(outcome), "refused:dice.unlucky");
  EXPECT_TRUE(std::get<LoginRefusedOut>(outcome.end).may_retry);
}

TEST(LoginShape, RefusesADocumentThatItDidNotWrite) {
  LoginBench bench;
  Scripted code("code", asks("code"));
  bench.use(code);
  const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}}));
  const Evidence right = LoginBench::evidence({{"code", "right"}});
  std::vector<LoginDocument> broken = {nullptr, 7, nlohmann::json::array(), nlohmann::json::object()};
  for (const auto& [key, value] : asked.document.items()) {
    LoginDocument without = asked.document, other = asked.document;
    without.erase(key);
    other[key] = nlohmann::json::array({1});
    broken.push_back(std::move(without));
    broken.push_back(std::move(other));
  }
  LoginDocument slot = asked.document;
  slot["slots"]["code"] = true;
  broken.push_back(std::move(slot));
  for (const LoginDocument& document : broken) {
    EXPECT_EQ(end_of(answer_login(bench.context(), document, bench.arrival, right)), "refused:login.unknown_handle")
        << document.dump();
    EXPECT_EQ(end_of(resume_login(bench.context(), document, bench.arrival, right, kMatched)),
              "refused:login.unknown_handle");
  }
  EXPECT_EQ(end_of(bench.answer(asked, right)), "passed:mori");
}

TEST(LoginShape, ConsumesAStateOnceWhenTheSameDocumentIsAnsweredTwice) {
  // The gate drops a handle at its first answer; should two answers ever meet the same document, the factor's own
  // account state is the second guard: what the first consumed is gone for the second.
  LoginBench bench;
  Scripted code("code", [](AuthRequest request) {
    if (request.account_state.is_null()) {
      AuthStep step = kept(request, Verdict::ask);
      step.account_state = {{"open", true}};
      step.ask = Ask{"code", "code", {"どうぞ", "Please"}, 0};
      return step;
    }
    if (!request.account_state.value("open", false)) return says_no(std::move(request));
    AuthStep step = kept(request, Verdict::yes);
    step.account_state = {{"open", false}};
    return step;
  });
  bench.use(code);
  const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}}));
  const Evidence right = LoginBench::evidence({{"code", "right"}});
  EXPECT_EQ(end_of(bench.answer(asked, right)), "passed:mori");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(end_of(bench.answer(asked, right)), "refused:password.wrong");
}

}  // namespace
}  // namespace sekisho::admission
