// What changes from inside: the registry, stops, the start after an earlier process.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, EndingAContractEndsItsSessionOnEveryPlane) {
  const std::string session = pass();
  change([](registry::Registry next) -> Result<registry::Registry> {
    next.contracts.at("c-web").ended_at = registry::testing::kNow;
    return next;
  });
  EXPECT_TRUE(gate->sessions().empty());
  const auto* ended = front.last_end();
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->session, session);
  EXPECT_TRUE(ended->code.starts_with("contract.")) << ended->code;
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  EXPECT_EQ(relay.last<seam::EntranceEnd>()->session, session);
  const auto* refused = as<Refused>(ask(ResumeSession{Secret(cookie), arrival(), true}));
  ASSERT_NE(refused, nullptr);
}

TEST_F(GateTest, ARevokedCertificateEndsItsSessionAtOnce) {
  const std::string session = pass();
  change([](registry::Registry next) -> Result<registry::Registry> {
    next.certificates.begin()->second.revoked_at = registry::testing::kNow;
    return next;
  });
  EXPECT_TRUE(gate->sessions().empty());
  const auto* told = front.last_end();
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->session, session);
  EXPECT_EQ(told->code, "certificate.revoked");
  EXPECT_EQ(journal.count("session.ended", "certificate.revoked"), 1u);
}

TEST_F(GateTest, TheEmergencyStopBitesWhileTheStoreHangs) {
  ASSERT_NE(pass(), "");
  fake.blocking.mode = run::testing::FakeBlocking::Mode::held;
  gate->stop({.scope = "all", .target = {}, .at = {}, .by = "uid:0", .reason = "drill"}, [](Result<std::size_t>) {});
  EXPECT_TRUE(gate->sessions().empty());
  settle();
  EXPECT_TRUE(netd.last<seam::DesiredNet>()->rights.empty());
  fake.blocking.mode = run::testing::FakeBlocking::Mode::at_once;
  const auto* refused = as<Refused>(ask(BeginLogin{arrival(), evidence({{"login", "mori"}})}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "stop.all");
}

TEST_F(GateTest, WhatWasStoredUnderOlderRulesKeepsNobodyFromStopping) {
  registry::Registry old = *gate->registry();
  old.people.at("tani").mail = "no address";
  ASSERT_FALSE(registry::validate(old).empty());
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { tx.replace_registry(old); }));
  bool kept = false;
  gate->stop({.scope = "path", .target = "internet", .at = {}, .by = "uid:0", .reason = "drill"},
             [&](Result<std::size_t> end) { kept = end.has_value(); });
  settle();
  EXPECT_TRUE(kept);
  EXPECT_TRUE(gate->registry()->stops.contains("path:internet"));
  gate->change_registry(
      [](registry::Registry next) -> Result<registry::Registry> {
        next.people.at("mori").mail = "neither";
        return next;
      },
      "uid:0", "試験", [&](Result<std::uint64_t> end) { kept = end.has_value(); });
  settle();
  EXPECT_FALSE(kept) << "nothing wrong is added";
}

TEST_F(GateTest, AStoppedPathEndsItsSessionsAndAsksNobodyForAnything) {
  ASSERT_NE(pass(), "");
  gate->stop({.scope = "path", .target = "internet", .at = {}, .by = "uid:0", .reason = "drill"},
             [](Result<std::size_t> end) { EXPECT_TRUE(end); });
  settle();
  EXPECT_EQ(journal.count("session.ended", "stop.path"), 1u);
  certificate.seen.clear();
  ask(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})});
  EXPECT_EQ(refused_code(), "stop.path");
  EXPECT_TRUE(certificate.seen.empty());
}

TEST_F(GateTest, AReleasedStopLetsPeopleInAgain) {
  std::optional<std::size_t> ended;
  gate->stop({.scope = "person", .target = "mori", .at = {}, .by = "uid:0", .reason = {}},
             [&](Result<std::size_t> end) {
               EXPECT_TRUE(end) << end.error().code << " " << end.error().detail;
               if (end) ended = *end;
             });
  settle();
  EXPECT_EQ(ended, 0u);
  EXPECT_EQ(pass(), "");
  EXPECT_EQ(refused_code(), "stop.person");
  bool released = false;
  gate->release("person", "mori", "uid:0", [&](Result<void> end) { released = end.has_value(); });
  settle();
  ASSERT_TRUE(released);
  EXPECT_NE(pass(), "");
}

TEST_F(GateTest, AfterARestartSessionsLiveOnAndUngivenGrantsAreClosed) {
  const std::string session = pass();
  unfinished = {session, "S20261122-1-000099"};
  gate.reset();
  front.sent.clear();
  start();
  ASSERT_EQ(gate->sessions().size(), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.not_given"), 1u);
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), true})), nullptr);
}

TEST_F(GateTest, AnEndThatTheJournalKeptAndTheStoreDidNotIsNoSessionAfterARestart) {
  const std::string session = pass();
  ended = {session};
  gate.reset();
  start();
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(as<Refused>(ask(ResumeSession{Secret(cookie), arrival(), true}))->refusal.code, "session.unknown_cookie");
  ASSERT_TRUE(store->transact([&](store::Tx& tx) { EXPECT_EQ(tx.session(session)->state, "ended"); }));
}

TEST_F(GateTest, AfterARestartTheJournalHearsOfEndsThatTheStoreAloneKnows) {
  const std::string session = pass(), foreign = "S20261122-2-000001";
  ASSERT_TRUE(store->transact([&](store::Tx& tx) {
    store::SessionRow row = *tx.session(session);
    row.state = "ended";
    row.ended_at = fake.timers.now();
    row.end_code = "session.replaced";
    tx.put_session(row);
    row.number = foreign;  // its own node tells its own journal
    row.node = "2";
    tx.put_session(row);
  }));
  gate.reset();
  unfinished = {session, foreign};
  start();
  ASSERT_EQ(journal.count("session.ended"), 1u);
  EXPECT_EQ(journal.count("session.ended", "session.replaced"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(GateTest, AtAStartNoSessionIsRevivedWhoseTimeIsOverOrWhosePathIsGone) {
  for (const bool path_gone : {false, true}) {
    const std::string session = pass();
    ASSERT_NE(session, "");
    ASSERT_TRUE(store->transact([&](store::Tx& tx) {
      store::SessionRow row = *tx.session(session);
      if (path_gone) row.path = "closed";
      if (!path_gone) row.until = fake.timers.now();
      tx.put_session(row);
    }));
    gate.reset();
    journal.entries.clear();
    start();
    EXPECT_TRUE(gate->sessions().empty()) << path_gone;
    EXPECT_EQ(journal.count("session.ended", "session.right_ended"), 1u) << path_gone;
    EXPECT_EQ(row_of(session).state, "ended") << path_gone;
    EXPECT_EQ(row_of(session).end_code, "session.right_ended") << path_gone;
  }
}

}  // namespace
}  // namespace sekisho::gate::testing
