// From the decision to the cookie: entry, row, kernel; numbers; the older session.
#include "gate/testing/gate_bench.hpp"

#include <set>

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, GrantsAfterEveryFactorWithEntryRowAndKernelRight) {
  const std::string session = pass();
  ASSERT_EQ(session, "S20261122-1-000001");
  EXPECT_EQ(cookie.size(), 43u);
  EXPECT_EQ(journal.count("session.granted"), 1u);
  const auto* desired = netd.last<seam::DesiredNet>();
  ASSERT_NE(desired, nullptr);
  ASSERT_EQ(desired->rights.size(), 1u);
  ASSERT_EQ(desired->rights[0].filter.size(), 1u) << "in quarantine the posture page alone";
  EXPECT_EQ(desired->rights[0].filter[0].port, 8443);
  std::optional<store::SessionRow> row;
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { row = tx.session(session); }));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, "quarantine");
  EXPECT_EQ(row->cookie_hash, sha256_hex(cookie)) << "the cookie itself is stored nowhere";
}

TEST_F(GateTest, NoCookieLeavesBeforeItsEntryIsOnDisk) {
  journal.held = true;
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(as<Granted>(reply()), nullptr);
  EXPECT_TRUE(gate->sessions().empty());
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_NE(as<Granted>(reply()), nullptr);
}

TEST_F(GateTest, AGrantWhoseEntryIsNotWrittenIsNotGiven) {
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](fail("audit.unwritable"));
  settle();
  EXPECT_EQ(refused_code(), "gate.unavailable");
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(row_of("S20261122-1-000001").number, "") << "and stored nowhere";
  journal.held = false;
  EXPECT_NE(pass(), "");
  EXPECT_EQ(address_of(gate->sessions()[0].number), "10.202.0.3") << "the address came back, last";
}

TEST_F(GateTest, WithoutTheKernelsRightNothingIsGiven) {
  netd_works = false;
  EXPECT_EQ(pass(), "");
  const auto* refused = as<Refused>(reply());
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "gate.unavailable");
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, WhatEndsBeforeTheKernelHasAnsweredIsNotGiven) {
  netd.on_send = nullptr;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(gate->sessions().size(), 1u);
  gate->end_session(gate->sessions()[0].number, "uid:0", "", [](Result<void> end) { EXPECT_TRUE(end); });
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredNet>()->number, true, {}});
  settle();
  EXPECT_EQ(refused_code(), "session.right_ended");
  EXPECT_EQ(as<Granted>(reply()), nullptr);
}

TEST_F(GateTest, AGoodReportBeforeLoginAdmitsAtOnceAndABadOneRefusesWithItsReason) {
  put_posture("pass", "[]", registry::testing::kNow - Seconds{60});
  const std::string session = pass();
  ASSERT_NE(session, "");
  EXPECT_EQ(gate->sessions()[0].state, SessionState::admitted);
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_TRUE(grant->ok);
  EXPECT_EQ(grant->desktop, "vdi-01");

  put_posture("fail", R"([{"check":"antivirus","verdict":"fail","code":"av.off"}])");
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(refused_code(), "av.off");
}

TEST_F(GateTest, ALoginIsRefusedInTheWordsOfACheckThatNoCatalogueKnows) {
  put_posture("fail", R"([{"check":"disk","verdict":"fail","rule":"R08","code":"disk.not_encrypted",
                           "remedy_ja":"暗号化","remedy_en":"Encrypt it."}])");
  EXPECT_EQ(pass(), "");
  const Refusal told = as<Refused>(reply())->refusal;
  EXPECT_EQ(told.code, "disk.not_encrypted");
  EXPECT_EQ(told.rule, "R08");
  EXPECT_EQ(told.remedy.en, "Encrypt it.");
  EXPECT_FALSE(told.what.ja.empty() || told.why.ja.empty());
}

TEST_F(GateTest, ABadReportThatNamesNoCheckRefusesAllTheSame) {
  put_posture("fail", "[]");
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(refused_code(), "posture.refused_before_login");
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, ANewLoginReplacesTheOlderSession) {
  const std::string first = pass();
  const std::string second = pass();
  ASSERT_NE(second, "");
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(gate->sessions()[0].number, second);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
}

TEST_F(GateTest, AnOlderSessionEndsInTheTransactionOfItsHeirOrNotAtAll) {
  const std::string old = pass();
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  store->fail_next(fail("store.unavailable", "full"));
  journal.waiting[0](std::uint64_t{1});
  settle();
  ASSERT_NE(as<Refused>(reply()), nullptr);
  EXPECT_EQ(journal.count("session.ended", "session.not_given"), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 0u);
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(gate->sessions()[0].number, old) << "who was inside stays inside";
  EXPECT_EQ(row_of(old).state, "quarantine");

  journal.held = false;
  const std::string heir = pass();
  ASSERT_NE(heir, "");
  EXPECT_EQ(row_of(old).state, "ended");
  EXPECT_EQ(row_of(old).end_code, "session.replaced");
  EXPECT_EQ(row_of(old).ended_at, row_of(heir).granted_at);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
}

TEST_F(GateTest, AGrantWhoseCommitCameTooLateIsClosed) {
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  store->lose_next_answer(fail("store.unavailable", "the answer is lost"));
  journal.waiting[0](std::uint64_t{1});
  settle();
  ASSERT_NE(as<Refused>(reply()), nullptr);
  EXPECT_TRUE(gate->sessions().empty());
  ASSERT_TRUE(store->transact([&](store::Tx& tx) {
    EXPECT_TRUE(tx.open_sessions().empty()) << "it would hold its address, and be revived by a restart";
    const auto row = tx.session("S20261122-1-000001");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->end_code, "session.not_given");
  }));
}

TEST_F(GateTest, NoSessionNumberIsGivenTwiceAndFewAreLost) {
  std::set<std::string> given;
  std::string last;
  const auto log_in = [&] {
    const std::string session = pass();
    EXPECT_NE(session, "");
    EXPECT_TRUE(given.insert(session).second) << session;
    EXPECT_LT(last, session);
    last = session;
  };
  for (int n = 0; n < 20; ++n) {
    // A login that is refused at its end gives its number back.
    const auto* asked = as<LoginAsked>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
    ASSERT_NE(asked, nullptr);
    ask(AnswerLogin{asked->handle, arrival(), evidence({{"login", "mori"}, {"code", "wrong"}})});
    log_in();
  }
  EXPECT_EQ(last, "S20261122-1-000020");
  gate.reset();
  start();
  log_in();
  EXPECT_EQ(last, "S20261122-1-000033") << "what the stopped process had taken is never given";
  fake.timers.advance(std::chrono::hours{24});
  log_in();
  EXPECT_EQ(last, "S20261123-1-000001");
}

}  // namespace
}  // namespace sekisho::gate::testing
