// The factors up to the grant: what is asked, refused, handed over to a client, and when the gate cannot.
#include "gate/testing/gate_bench.hpp"

#include <new>

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, ABrokenJournalRefusesNewcomersAndKeepsThoseInside) {
  const std::string inside = pass();
  journal.broken = true;
  const auto* refused = as<Refused>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
  EXPECT_EQ(gate->sessions().size(), 1u);
}

TEST_F(GateTest, AHangingStoreRefusesInTime) {
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.timers.advance(Seconds{4});
  const auto* refused = as<Refused>(reply());
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
}

TEST_F(GateTest, AStepThatAnothersCommitHeldIsAnsweredThoughThePoolWasBusy) {
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.blocking.full = true;
  gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  fake.blocking.full = false;
  while (fake.blocking.finish()) settle();
  EXPECT_EQ(password.seen.size(), 4u) << "both steps were done, each with its hash";
  EXPECT_NE(as<LoginAsked>(reply()), nullptr);
}

TEST_F(GateTest, AStepThatCouldNotBeQueuedIsNotDoneLater) {
  fake.blocking.out_of_memory = true;
  EXPECT_THROW(
      gate->on_message(front_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}}),
      std::bad_alloc);
  fake.blocking.out_of_memory = false;
  EXPECT_TRUE(password.seen.empty());
  ASSERT_NE(as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})})), nullptr);
  EXPECT_EQ(password.seen.size(), 2u) << "one step, with its hash";
}

TEST_F(GateTest, AHandleIsGoodForOneAnswer) {
  const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  const std::string handle = asked->handle;
  ASSERT_NE(as<Granted>(ask(AnswerLogin{handle, arrival(), evidence({{"code", "right"}})})), nullptr);
  const auto* refused = as<Refused>(ask(AnswerLogin{handle, arrival(), evidence({{"code", "right"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "login.unknown_handle");
}

TEST_F(GateTest, JudgesTheBrowserOfAPageBeforeAnyFactorAndLeavesTheClientsFormAlone) {
  browser.results = {admission::testing::result("R09", CheckVerdict::fail, "browser.too_old")};
  checks = {{"browser", admission::CheckMode::enforce}};
  start();
  Arrival page = arrival();
  page.form = LoginForm::page;
  const auto* refused = as<Refused>(ask(BeginLogin{page, evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.rule + refused->refusal.code, "R09browser.too_old");
  EXPECT_FALSE(refused->may_retry);
  EXPECT_EQ(journal.count("login.refused", "browser.too_old"), 1u);
  EXPECT_TRUE(password.seen.empty()) << "no factor was asked";
  EXPECT_NE(pass(), "") << "the client's own form is judged elsewhere";

  browser.results = {admission::testing::result("R09", CheckVerdict::pass, "")};
  const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  browser.results = {admission::testing::result("R09", CheckVerdict::fail, "browser.not_allowed")};
  refused = as<Refused>(ask(AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}));
  ASSERT_NE(refused, nullptr) << "every step is judged";
  EXPECT_EQ(refused->refusal.code, "browser.not_allowed");
}

TEST_F(GateTest, AClientFetchesOnceAndAloneWhatItsPersonProvedOnThePages) {
  const auto prove = [this]() -> std::string {
    Arrival page = arrival();
    page.form = LoginForm::page_for_client;
    const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
    if (asked == nullptr) return {};
    const auto* handed = as<LoginAsked>(ask(AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}));
    return handed != nullptr && handed->ask.field == "handover" ? handed->handle : std::string();
  };
  const auto refusal_of = [this](const std::string& id, const Arrival& from) {
    ask(AnswerLogin{id, from, {}});
    return refused_code();
  };
  std::string id = prove();
  ASSERT_EQ(id.size(), 31u);
  EXPECT_TRUE(gate->sessions().empty()) << "nothing is given to the browser";
  EXPECT_EQ(journal.count("login.handed_over"), 1u);
  const auto* granted = as<Granted>(ask(AnswerLogin{id, arrival(), {}}));
  ASSERT_NE(granted, nullptr);
  EXPECT_EQ(granted->cookie.size(), 43u);
  EXPECT_EQ(granted->tunnel_within_s, 60u);
  EXPECT_EQ(refusal_of(id, arrival()), "login.unknown_handle") << "once";

  Arrival elsewhere = arrival();
  elsewhere.peer_address = "198.51.100.8";
  EXPECT_EQ(refusal_of(prove(), elsewhere), "login.other_address");
  EXPECT_EQ(refusal_of(prove(), arrival("another leaf")), "login.other_certificate");
  Arrival page = arrival();
  page.form = LoginForm::page_for_client;
  EXPECT_EQ(refusal_of(prove(), page), "login.unknown_handle") << "a page does not take it";
  id = prove();
  fake.timers.advance(Seconds{60});
  EXPECT_EQ(refusal_of(id, arrival()), "login.expired");
  // Rights are judged where the person can read why.
  put_posture("fail", R"([{"check":"antivirus","verdict":"fail","code":"av.off"}])", fake.timers.now());
  EXPECT_EQ(prove(), "");
  EXPECT_EQ(refused_code(), "av.off");
}

TEST_F(GateTest, WhatWasProvedOnOnePathOpensNoOther) {
  with_second_path = true;
  start();
  Arrival page = arrival();
  page.form = LoginForm::page_for_client;
  const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  const auto* handed = as<LoginAsked>(ask(AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}));
  ASSERT_NE(handed, nullptr);
  gate->on_message(second_front_id, seam::Request{++number, AnswerLogin{handed->handle, arrival(), {}}});
  settle();
  const auto* answer = second_front.last<seam::Reply>();
  ASSERT_NE(answer, nullptr);
  const auto* refused = as<Refused>(*answer);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "login.other_path");
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, WhatCannotBeStoredIsNotHandedOver) {
  Arrival page = arrival();
  page.form = LoginForm::page_for_client;
  const auto* asked = as<LoginAsked>(ask(BeginLogin{page, evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  gate->on_message(front_id, seam::Request{++number, AnswerLogin{asked->handle, page, evidence({{"code", "right"}})}});
  store->fail_next(fail("store.unavailable", "full"));  // the factors are through; what follows is not
  settle();
  EXPECT_EQ(refused_code(), "gate.unavailable");
  EXPECT_EQ(journal.count("login.handed_over"), 0u);
}

}  // namespace
}  // namespace sekisho::gate::testing
