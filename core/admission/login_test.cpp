#include "admission/login.hpp"

#include "admission/testing/login_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sekisho::admission {
namespace {

using namespace testing;  // NOLINT: the bench

const EffectResult kMatched{true, true, {}};
const EffectResult kFailed{false, false, "run.late"};

// --- T-21
// ----------------------------------------------------------------------------------------------------------------

enum class End { ok, fail, timeout, crash };

Scripted::Script script_of(End end) {
  switch (end) {
    case End::ok:
      return says_yes;
    case End::fail:
      return says_no;
    case End::timeout:
      return hashes;  // its hash never comes back in time
    case End::crash:
      return throws;
  }
  return throws;
}

TEST(Login, PassesInOneOf64OutcomesWhateverTheOrderOfThreeFactors) {
  std::vector<std::string> order = {"certificate", "code", "password"};
  int runs = 0, passed = 0;
  do {
    for (int mix = 0; mix < 64; ++mix) {
      LoginBench bench;
      std::vector<std::unique_ptr<Scripted>> factors;
      std::vector<End> ends;
      for (int i = 0; i < 3; ++i) {
        ends.push_back(static_cast<End>((mix >> (2 * i)) & 3));
        factors.push_back(std::make_unique<Scripted>(order[i], script_of(ends.back())));
        bench.use(*factors.back());
      }
      const Evidence evidence = LoginBench::evidence({{"login", "mori"}});
      LoginOutcome outcome = bench.begin(evidence);
      while (end_of(outcome) == "waiting") outcome = bench.resume(outcome, evidence, kFailed);
      const bool all_ok = std::ranges::all_of(ends, [](End end) { return end == End::ok; });
      EXPECT_EQ(end_of(outcome) == "passed:mori", all_ok) << "mix " << mix << ": " << end_of(outcome);
      if (!all_ok) {
        EXPECT_NE(std::get_if<LoginRefusedOut>(&outcome.end), nullptr);
      }
      // Nothing after the first "no" was even asked.
      bool said_no = false;
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(factors[i]->seen.empty(), said_no);
        said_no = said_no || ends[i] != End::ok;
      }
      ++runs;
      passed += all_ok ? 1 : 0;
    }
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(runs, 384);
  EXPECT_EQ(passed, 6);
}

TEST(Login, AsksWaitsAndPassesWithAllThree) {
  LoginBench bench;
  Scripted certificate("certificate", [](AuthRequest request) {
    AuthStep step = says_yes(std::move(request));
    step.terminal = "pc-mori";
    return step;
  });
  Scripted password("password", hashes), code("code", asks("code"));
  bench.use(certificate), bench.use(password), bench.use(code);

  const Evidence first = LoginBench::evidence({{"login", "mori"}, {"password", "secret"}});
  LoginOutcome outcome = bench.begin(first);
  ASSERT_EQ(end_of(outcome), "waiting");
  outcome = bench.resume(outcome, first, kMatched);
  ASSERT_EQ(end_of(outcome), "asked:code");
  EXPECT_EQ(outcome.expires_at, bench.now + bench.policy.login_life);
  EXPECT_EQ(outcome.person, "mori");
  EXPECT_EQ(outcome.journal["password"]["verdict"], "yes");
  outcome = bench.answer(outcome, LoginBench::evidence({{"login", "mori"}, {"code", "right"}}));
  ASSERT_EQ(end_of(outcome), "passed:mori");
  const auto& passed = std::get<LoginPassedOut>(outcome.end);
  EXPECT_EQ(passed.terminal, "pc-mori");
  EXPECT_EQ(passed.certificate_fingerprint.size(), 64u);
  EXPECT_TRUE(outcome.document.is_null());
  EXPECT_EQ(certificate.seen.size(), 1u) << "a slot that says yes is not asked again";
  EXPECT_TRUE(password.seen.front().owner_certificate);
  EXPECT_FALSE(certificate.seen.front().owner_certificate);
  EXPECT_EQ(code.seen.front().transaction, certificate.seen.front().transaction);
}

TEST(Login, AsksForTheIdFirstWhenItIsMissing) {
  LoginBench bench;
  Scripted password("password", asks("password"));
  bench.use(password);
  LoginOutcome outcome = bench.begin({});
  ASSERT_EQ(end_of(outcome), "asked:login");
  EXPECT_TRUE(password.seen.empty());
  outcome = bench.answer(outcome, LoginBench::evidence({{"login", "mori"}}));
  ASSERT_EQ(end_of(outcome), "asked:password");
  outcome = bench.answer(outcome, LoginBench::evidence({{"password", "right"}}));
  EXPECT_EQ(end_of(outcome), "passed:mori");
}

TEST(Login, GivesAFreshHandleWithEveryQuestion) {
  LoginBench bench;
  Scripted one("password", asks("password")), two("code", asks("code"));
  bench.use(one), bench.use(two);
  std::set<std::string> handles;
  LoginOutcome outcome = bench.begin({});
  for (const auto& answer :
       {LoginBench::evidence({{"login", "mori"}}), LoginBench::evidence({{"password", "right"}})}) {
    const std::string handle = std::get<LoginAskedOut>(outcome.end).handle;
    EXPECT_LE(handle.size(), 31u);
    EXPECT_EQ(handle.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
              handle.npos);
    EXPECT_TRUE(handles.insert(handle).second);
    EXPECT_EQ(outcome.document.dump().find(handle), std::string::npos) << "the document must not name its handle";
    outcome = bench.answer(outcome, answer);
  }
  EXPECT_TRUE(handles.insert(std::get<LoginAskedOut>(outcome.end).handle).second);
}

TEST(Login, KeepsNoSecretInTheDocument) {
  LoginBench bench;
  Scripted password("password", hashes), code("code", asks("code"));
  bench.use(password), bench.use(code);
  const Evidence evidence = LoginBench::evidence({{"login", "mori"}, {"password", "hunter2-hunter2"}});
  LoginOutcome outcome = bench.begin(evidence);
  EXPECT_EQ(outcome.document.dump().find("hunter2"), std::string::npos);
  outcome = bench.resume(outcome, evidence, kMatched);
  EXPECT_EQ(outcome.document.dump().find("hunter2"), std::string::npos);
  EXPECT_EQ(outcome.journal.dump().find("hunter2"), std::string::npos);
}

// --- T-20
// ----------------------------------------------------------------------------------------------------------------

TEST(Login, HangsCountersOnTheIdWhateverTheSpelling) {
  const std::vector<std::string> same = {"mori",     "MORI",     "Mori",  " mori ", "mOrI",
                                         "ｍｏｒｉ", "ＭＯＲＩ", "mori ", "MoRi ",  "mor\xef\xbd\x89"};
  for (const std::string& spelling : same) {
    LoginBench bench;
    Scripted password("password", [](AuthRequest request) {
      AuthStep step = says_no(std::move(request));
      step.account_state = {{"failures", 1}};
      return step;
    });
    bench.use(password);
    Evidence evidence;
    evidence.emplace("login", Secret(spelling));
    const LoginOutcome outcome = bench.begin(evidence);
    EXPECT_EQ(end_of(outcome), "refused:password.wrong") << spelling;
    ASSERT_EQ(password.seen.size(), 1u);
    EXPECT_EQ(password.seen[0].person, "mori") << spelling;
    EXPECT_TRUE(bench.states.rows.contains("account|mori|password")) << spelling;
  }
}

TEST(Login, TreatsConfusableAndInvisibleSpellingsAsNobody) {
  for (const std::string spelling :
       {"m\xd0\xberi", "\tmori", "mo\xe2\x80\x8bri", "mori\xcc\x81", "mo ri", "mori\\", "domain/mori"}) {
    LoginBench bench;
    Scripted password("password", says_no);
    bench.use(password);
    Evidence evidence;
    evidence.emplace("login", Secret(spelling));
    (void)bench.begin(evidence);
    ASSERT_EQ(password.seen.size(), 1u) << spelling;
    EXPECT_FALSE(password.seen[0].known) << spelling;
  }
}

// --- T-32
// ----------------------------------------------------------------------------------------------------------------

TEST(Login, ShowsAStrangerNothingThatAKnownPersonsMistakeWouldNot) {
  LoginBench bench;
  Scripted password("password", hashes), code("code", asks("code"));
  bench.use(password), bench.use(code);
  std::vector<LoginOutcome> ends;
  for (const char* login : {"mori", "nobody", "no body", "\xff\xfe"}) {
    const Evidence evidence = LoginBench::evidence({{"login", login}, {"password", "wrong"}});
    LoginOutcome outcome = bench.begin(evidence);
    ASSERT_EQ(end_of(outcome), "waiting") << login;
    EXPECT_TRUE(outcome.mails.empty());
    outcome = bench.resume(outcome, evidence, EffectResult{true, false, {}});
    ASSERT_EQ(end_of(outcome), "refused:password.wrong") << login;
    EXPECT_TRUE(outcome.mails.empty());
    ends.push_back(std::move(outcome));
  }
  const auto& first = std::get<LoginRefusedOut>(ends.front().end);
  for (const LoginOutcome& outcome : ends) {
    EXPECT_EQ(std::get<LoginRefusedOut>(outcome.end).refusal, first.refusal);
    EXPECT_EQ(std::get<LoginRefusedOut>(outcome.end).may_retry, first.may_retry);
  }
  EXPECT_TRUE(code.seen.empty());
}

TEST(Login, CountsAStrangersFailuresLikeAPersonsButInABoundedTable) {
  LoginBench bench;
  Scripted password("password", [](AuthRequest request) {
    AuthStep step = says_no(std::move(request));
    step.account_state = {
        {"failures", step.account_state.is_null() ? 1 : step.account_state["failures"].get<int>() + 1}};
    return step;
  });
  bench.use(password);
  for (int i = 0; i < 3; ++i) (void)bench.begin(LoginBench::evidence({{"login", "nobody"}}));
  const std::string account = password.seen.front().person;
  ASSERT_EQ(account.size(), 5u);
  EXPECT_EQ(account.front(), '#') << "no person's id begins like this";
  EXPECT_EQ(bench.states.rows.at(MemoryStates::name("account", account, "password")).at("failures"), 3);
}

TEST(Login, DoesNotLetAPluginsYesMakeAPersonOutOfNobody) {
  LoginBench bench;
  Scripted password("password", says_yes);
  bench.use(password);
  EXPECT_EQ(end_of(bench.begin(LoginBench::evidence({{"login", "nobody"}}))), "refused:login.factor_failed");
}

// --- T-25, T-31
// ------------------------------------------------------------------------------------------------------------

TEST(Login, StaysWithItsCertificateAddressPathTimeAndId) {
  struct Case {
    const char* code;
    std::function<void(LoginBench&)> change;
    const char* login;
  };
  const Case cases[] = {
      {"login.other_certificate", [](LoginBench& b) { b.arrival.certificate_chain = {"leaf of tani"}; }, "mori"},
      {"login.other_certificate", [](LoginBench& b) { b.arrival.certificate_chain.clear(); }, "mori"},
      {"login.other_address", [](LoginBench& b) { b.arrival.peer_address = "203.0.113.8"; }, "mori"},
      {"login.other_path", [](LoginBench& b) { b.arrival.path = "closed"; }, "mori"},
      {"login.other_path", [](LoginBench& b) { b.arrival.path = b.policy.path = "closed"; }, "mori"},
      {"login.expired", [](LoginBench& b) { b.now += b.policy.login_life; }, "mori"},
      {"login.other_login", [](LoginBench&) {}, "tani"},
      {"login.other_login", [](LoginBench&) {}, "nobody"},
  };
  for (const Case& each : cases) {
    LoginBench bench;
    Scripted code("code", asks("code"));
    bench.use(code);
    const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}}));
    ASSERT_EQ(end_of(asked), "asked:code");
    each.change(bench);
    EXPECT_EQ(end_of(bench.answer(asked, LoginBench::evidence({{"login", each.login}, {"code", "right"}}))),
              std::string("refused:") + each.code);
    EXPECT_EQ(code.seen.size(), 1u) << "the factor must not judge any more";
  }
}

TEST(Login, BeginsOnThePathOfItsPolicyAlone) {
  LoginBench bench;
  Scripted code("code", asks("code"));
  bench.use(code);
  bench.arrival.path = "closed";
  EXPECT_EQ(end_of(bench.begin(LoginBench::evidence({{"login", "mori"}}))), "refused:login.other_path");
  EXPECT_TRUE(code.seen.empty());
}

TEST(Login, HoldsToItsLastMicrosecond) {
  LoginBench bench;
  Scripted code("code", asks("code"));
  bench.use(code);
  const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}}));
  bench.now += bench.policy.login_life - std::chrono::microseconds(1);
  EXPECT_EQ(end_of(bench.answer(asked, LoginBench::evidence({{"code", "right"}}))), "passed:mori");
}

TEST(Login, ForgetsAPersonWhoWasRemovedOrRenamedMeanwhile) {
  for (const bool rename : {false, true}) {
    LoginBench bench;
    Scripted code("code", asks("code"));
    bench.use(code);
    const LoginOutcome asked = bench.begin(LoginBench::evidence({{"login", "mori"}}));
    if (rename) {
      bench.registry.people.at("mori").login = "hanako";
    } else {
      bench.registry.people.erase("mori");
    }
    EXPECT_EQ(end_of(bench.answer(asked, LoginBench::evidence({{"code", "right"}}))), "refused:login.factor_failed");
  }
}

TEST(Login, CountsSourcesByAddressAndByThe64OfIpv6) {
  EXPECT_EQ(source_network("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(source_network("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(source_network("2001:DB8:1:2:ffff::9"), "2001:db8:1:2::/64");
  EXPECT_EQ(source_network("2001:db8:1:3::1"), "2001:db8:1:3::/64");
  EXPECT_EQ(source_network("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(source_network("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(source_network("203.0.113.7, 10.0.0.1"), "unknown");
  EXPECT_EQ(source_network(""), "unknown");
  std::set<std::string> networks;
  for (int i = 0; i < 1000; ++i) {
    networks.insert(source_network("2001:db8::" + std::to_string(i % 10) + ":" + std::to_string(i % 1000)));
  }
  EXPECT_EQ(networks.size(), 1u);
}

}  // namespace
}  // namespace sekisho::admission
