// Sessions while they live: the cookie shown again, deadlines, ends.
#include "gate/testing/gate_bench.hpp"

namespace sekisho::gate::testing {
namespace {

class SessionsTest : public GateTest {
 protected:
  void end_certificate_at(Instant at) {
    change([at](registry::Registry next) -> Result<registry::Registry> {
      next.certificates.begin()->second.not_after = at;
      return next;
    });
  }
};

TEST_F(SessionsTest, ACookieCountsWithItsOwnCertificateAlone) {
  ASSERT_NE(pass(), "");
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), false})), nullptr);
  const auto* refused = as<Refused>(ask(ResumeSession{Secret(cookie), arrival("another leaf"), true}));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "session.other_certificate");
  const auto* unknown = as<Refused>(ask(ResumeSession{Secret(std::string(43, 'A')), arrival(), true}));
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(unknown->refusal.code, "session.unknown_cookie");
}

TEST_F(SessionsTest, ASessionEndsWithItsCertificate) {
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  end_certificate_at(registry::testing::kNow + Seconds{90});
  fake.timers.advance(Seconds{89});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{2});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.right_ended"), 1u);
}

TEST_F(SessionsTest, AnEndByStaffOrByThePersonIsJournaledUnderItsNumber) {
  const std::string first = pass();
  gate->end_session(first, "uid:0", "drill", [](Result<void> end) { EXPECT_TRUE(end); });
  EXPECT_EQ(journal.entries.back().event, "session.ended");
  EXPECT_EQ(journal.entries.back().session, first);
  EXPECT_EQ(journal.entries.back().person, "mori");
  EXPECT_NE(journal.entries.back().detail["why"].get<std::string>().find("drill"), std::string::npos);
  settle();
  const std::string second = pass();
  ask(LogoutSession{Secret(cookie), arrival()});
  EXPECT_EQ(journal.entries.back().code, "session.logged_out");
  EXPECT_EQ(journal.entries.back().session, second);
  EXPECT_EQ(journal.entries.back().detail["by"], "mori");
}

TEST_F(SessionsTest, ASessionWithoutTunnelOrAfterItsGraceEnds) {
  ASSERT_NE(pass(), "");
  fake.timers.advance(Seconds{61});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.no_tunnel"), 1u);

  const std::string again = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{again, "tls"}});
  gate->on_message(front_id, seam::Notice{TunnelDown{again, false, "reset", 10, 20, 0}});
  fake.timers.advance(Seconds{100});
  EXPECT_EQ(gate->sessions().size(), 1u) << "within the grace of 120 s";
  fake.timers.advance(Seconds{25});
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(SessionsTest, ASilentTunnelEndsAtItsIdleLimit) {
  idle_limit = Seconds{60};
  start();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  fake.timers.advance(Seconds{58});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(journal.count("session.ended", "session.idle"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(SessionsTest, NoSessionOutlivesTheAbsoluteLimit) {
  absolute_limit = Seconds{60};
  start();
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  fake.timers.advance(Seconds{58});
  EXPECT_EQ(gate->sessions().size(), 1u);
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(journal.count("session.ended", "session.absolute_limit"), 1u);
  EXPECT_TRUE(gate->sessions().empty());
}

TEST_F(SessionsTest, InItsLastInstantACookieIsGoodForNothing) {
  const Instant last = registry::testing::kNow + Seconds{30};
  fake.timers.at(last, [this] {  // before the gate's own look at its deadlines
    gate->on_message(front_id, seam::Request{++number, ResumeSession{Secret(cookie), arrival(), true}});
  });
  const std::string session = pass();
  end_certificate_at(last);
  fake.timers.advance(Seconds{30});
  EXPECT_EQ(journal.count("session.resume_refused", "session.right_ended"), 1u);
  EXPECT_EQ(refused_code(), "session.right_ended");
}

TEST_F(SessionsTest, ACookieCountsOnItsOwnPathAlone) {
  with_second_path = true;
  start();
  ASSERT_NE(pass(), "");
  gate->on_message(second_front_id, seam::Request{++number, ResumeSession{Secret(cookie), arrival(), true}});
  settle();
  const auto* answer = second_front.last<seam::Reply>();
  ASSERT_NE(answer, nullptr);
  const auto* refused = as<Refused>(*answer);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->refusal.code, "session.unknown_cookie");
}

}  // namespace
}  // namespace sekisho::gate::testing
