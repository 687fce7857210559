// What authenticators learn between logins: files read again, certificates taken back by their issuer.
#include "gate/testing/gate_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::gate::testing {
namespace {

using run::testing::FakeBlocking;

class AuthenticatorsTest : public GateTest {
 protected:
  void take_back() { certificate.taken_back.emplace(kLeaf); }
};

TEST_F(AuthenticatorsTest, ReadTheirFilesAgainEveryHalfMinute) {
  fake.timers.advance(Seconds{29});
  EXPECT_EQ(certificate.refreshed, 0U);
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(certificate.refreshed, 1U);
  EXPECT_EQ(code.refreshed, 1U) << "each of them";
  fake.timers.advance(Seconds{60});
  EXPECT_EQ(certificate.refreshed, 3U);
}

TEST_F(AuthenticatorsTest, ASessionWhoseCertificateItsIssuerHasTakenBackEnds) {
  const std::string session = pass();
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  fake.timers.advance(Seconds{31});
  ASSERT_EQ(gate->sessions().size(), 1U) << "nothing is wrong with it";
  take_back();
  fake.timers.advance(Seconds{30});
  EXPECT_TRUE(gate->sessions().empty());
  ASSERT_NE(front.last_end(), nullptr);
  EXPECT_EQ(front.last_end()->session, session);
  EXPECT_EQ(front.last_end()->code, "certificate.revoked");
  EXPECT_EQ(journal.count("session.ended", "certificate.revoked"), 1U);
}

TEST_F(AuthenticatorsTest, AnothersIsNoReason) {
  ASSERT_NE(pass(), "");
  certificate.taken_back.emplace("another leaf");
  fake.timers.advance(Seconds{31});
  EXPECT_EQ(gate->sessions().size(), 1U);
}

TEST_F(AuthenticatorsTest, WhatWasTakenBackResumesNothing) {
  ASSERT_NE(pass(), "");
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), false})), nullptr);
  take_back();
  static_cast<void>(ask(ResumeSession{Secret(cookie), arrival(), true}));
  EXPECT_EQ(refused_code(), "certificate.revoked");
  EXPECT_EQ(journal.count("session.resume_refused", "certificate.revoked"), 1U);
}

TEST_F(AuthenticatorsTest, AFileThatHangsIsNotAskedTwice) {
  fake.blocking.mode = FakeBlocking::Mode::held;
  fake.timers.advance(Seconds{200});
  EXPECT_EQ(certificate.refreshed, 0U);
  fake.blocking.mode = FakeBlocking::Mode::at_once;
  while (fake.blocking.finish()) {
  }
  EXPECT_EQ(certificate.refreshed, 1U);
  fake.timers.advance(Seconds{31});
  EXPECT_EQ(certificate.refreshed, 2U) << "its turn is over, the next one comes";
}

TEST_F(AuthenticatorsTest, AFullPoolPutsItOff) {
  fake.blocking.full = true;
  fake.timers.advance(Seconds{31});
  fake.blocking.full = false;
  fake.timers.advance(Seconds{30});
  EXPECT_EQ(certificate.refreshed, 1U);
}

TEST_F(AuthenticatorsTest, OfASessionFromBeforeAStartTheChainIsKnownWithItsResumption) {
  ASSERT_NE(pass(), "");
  gate.reset();
  start();
  EXPECT_NE(as<Resumed>(ask(ResumeSession{Secret(cookie), arrival(), false})), nullptr);
  take_back();
  fake.timers.advance(Seconds{31});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "certificate.revoked"), 1U);
}

}  // namespace
}  // namespace sekisho::gate::testing
