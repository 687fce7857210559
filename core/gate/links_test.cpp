// Messages of fronts and relays: whose they may be, and whom the entrance lets in.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

TEST_F(GateTest, AFrontSpeaksForItsOwnPathAlone) {
  Arrival forged = arrival();
  forged.path = "closed";
  const auto* asked =
      as<LoginAsked>(ask(BeginLogin{std::move(forged), evidence({{"login", "mori"}, {"password", "x"}})}));
  EXPECT_NE(asked, nullptr) << "the link's name counts, not what the front writes";
  gate->on_message(relay_id, seam::Request{++number, BeginLogin{arrival(), evidence({{"login", "mori"}})}});
  settle();
  EXPECT_EQ(relay.last<seam::Reply>(), nullptr);
}

TEST_F(GateTest, ATunnelOfASessionThatHasEndedMeanwhileIsToldSo) {
  gate->on_message(front_id, seam::Notice{TunnelUp{"S20261122-1-000099", "tls"}});
  const auto* told = front.last_end();
  ASSERT_NE(told, nullptr);
  EXPECT_EQ(told->session, "S20261122-1-000099");
  EXPECT_EQ(told->code, "session.right_ended");
  EXPECT_EQ(journal.count("tunnel.up"), 0u);
}

TEST_F(GateTest, TheEntranceOpensForTheAdmittedAlone) {
  const std::string session = pass();
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "posture.quarantine");
  gate->on_message(relay_id, seam::EntranceAsk{99, "10.202.0.77"});
  settle();
  EXPECT_FALSE(relay.last<seam::EntranceGrant>()->ok);
  EXPECT_EQ(relay.last<seam::EntranceGrant>()->number, 99u);
  EXPECT_EQ(journal.count("desktop.refused"), 2u);
  EXPECT_EQ(journal.count("desktop.opened"), 0u);
}

TEST_F(GateTest, InProductionTheEntranceOpensForNobodyBecauseNothingIsRecordedThere) {
  put_posture();
  bare_entrance = GateOptions{}.bare_entrance;  // what a program is started with that says nothing
  start();
  const std::string session = pass();
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "desktop.page_only");
  EXPECT_EQ(grant->refusal.rule, "R15");
  EXPECT_EQ(grant->address, "");
  EXPECT_EQ(journal.count("desktop.refused", "desktop.page_only"), 1u);
  EXPECT_EQ(journal.count("desktop.opened"), 0u);
}

TEST_F(GateTest, WhereALabHasOpenedItTheEntranceShowsADesktopOfTheRegistry) {
  put_posture();
  const std::string session = pass();
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_TRUE(grant->ok) << "or the test above shows nothing";
  EXPECT_EQ(grant->address, registry::testing::cast().desktops.at("vdi-01").address);
}

TEST_F(GateTest, TheEntranceStaysClosedForWhoLosesHisAdmissionMeanwhile) {
  put_posture();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  journal.held = true;  // the entry of the opened desktop is on its way to the disk
  gate->on_message(relay_id, seam::EntranceAsk{9, address_of(session)});
  fake.timers.advance(Seconds{121});  // and the agent is silent
  ASSERT_EQ(gate->sessions().at(0).state, SessionState::quarantine);
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](std::uint64_t{1});
  settle();
  const auto* grant = relay.last<seam::EntranceGrant>();
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "posture.quarantine");
}

TEST_F(GateTest, TheEntranceStaysClosedForWhoseSessionEndsMeanwhile) {
  put_posture();
  const std::string session = pass();
  journal.held = true;
  gate->on_message(relay_id, seam::EntranceAsk{9, address_of(session)});
  settle();
  gate->end_session(session, "uid:0", "", [](Result<void> end) { EXPECT_TRUE(end); });
  ASSERT_EQ(journal.waiting.size(), 1u);
  journal.waiting[0](std::uint64_t{1});
  settle();
  const auto* grant = relay.last<seam::EntranceGrant>();
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "session.right_ended");
}

TEST_F(GateTest, TheEntranceOpensForNobodyWithoutItsEntryOnDisk) {
  put_posture();
  const std::string session = pass();
  journal.broken = true;
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "gate.unavailable");
}

TEST_F(GateTest, TheEntranceShowsNobodyADesktopThatIsAnothersByNow) {
  put_posture();
  journal.held = true;
  EXPECT_EQ(pass(), "");
  ASSERT_EQ(journal.waiting.size(), 1u);
  change([](registry::Registry next) -> Result<registry::Registry> {  // while the entry of the grant is written
    registry::Desktop fresh = next.desktops.at("vdi-01");
    fresh.id = "vdi-09";
    fresh.address = "10.20.0.19";
    next.desktops.emplace(fresh.id, fresh);
    next.desktops.at("vdi-01").person = "tani";
    return next;
  });
  journal.waiting[0](std::uint64_t{1});
  settle();
  const auto* granted = as<Granted>(reply());
  ASSERT_NE(granted, nullptr);
  journal.held = false;
  const auto* grant = enter(granted->session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "desktop.none");
  EXPECT_EQ(grant->address, "");
}

TEST_F(GateTest, EveryCodeItGivesHasWords) {
  for (const char* given : {"certificate.revoked",
                            "desktop.none",
                            "device.clone_suspected",
                            "gate.unavailable",
                            "login.expired",
                            "login.unknown_handle",
                            "pool.exhausted",
                            "posture.quarantine",
                            "posture.refused_before_login",
                            "report.missed",
                            "session.absolute_limit",
                            "session.ended_by_staff",
                            "session.idle",
                            "session.logged_out",
                            "session.no_tunnel",
                            "session.not_given",
                            "session.other_certificate",
                            "session.reconnect_expired",
                            "session.replaced",
                            "session.right_ended",
                            "session.unknown_cookie",
                            "stop.all",
                            "stop.path",
                            "zone.other_path"}) {
    const auto all = admission::all_refusals();
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Refusal& r) { return r.code == given; })) << given;
  }
}

}  // namespace
}  // namespace sekisho::gate::testing
