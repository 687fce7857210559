#include "run/peer_link.hpp"

#include "run/testing/fake_services.hpp"
#include "run/testing/memory_link.hpp"
#include "run/testing/recording_handler.hpp"

#include <gtest/gtest.h>

namespace sekisho::run {
namespace {

using std::chrono::seconds;

struct PeerLinks : ::testing::Test {
  void connect(seam::Hello first_says, std::string first_wants, seam::Hello second_says, std::string second_wants) {
    first.emplace(fake.timers, fake.timers, std::move(first_says), std::move(first_wants), "", left);
    second.emplace(fake.timers, fake.timers, std::move(second_says), std::move(second_wants), "", right);
    auto raw = testing::make_memory_links(fake.timers, first->inner(), second->inner());
    first->start(std::move(raw.first));
    second->start(std::move(raw.second));
    fake.timers.settle();
  }
  testing::FakeServices fake;
  testing::RecordingHandler left, right;
  std::optional<PeerLink> first, second;
};

const seam::Hello kFront{seam::kVersion, "front", "internet", "1"};
const seam::Hello kGate{seam::kVersion, "sekishod", "", "1"};

}  // namespace

TEST_F(PeerLinks, GreetEachOther) {
  connect(kFront, "sekishod", kGate, "front");
  EXPECT_TRUE(first->greeted());
  EXPECT_TRUE(second->greeted());
  ASSERT_EQ(right.messages.size(), 1u);
  EXPECT_EQ(right.as<seam::Hello>(0).name, "internet");
  EXPECT_TRUE(left.closed.empty());
}

TEST_F(PeerLinks, CloseOnAnotherRole) {
  connect(kFront, "sekishod", kGate, "relay");
  EXPECT_EQ(right.closed, std::vector<std::string>{"the peer's Hello is missing or does not fit"});
  EXPECT_EQ(left.closed.size(), 1u);
}

TEST_F(PeerLinks, CloseOnAnotherVersion) {
  seam::Hello newer = kGate;
  newer.version = seam::kVersion + 1;
  connect(kFront, "sekishod", newer, "front");
  EXPECT_EQ(left.closed.size(), 1u);
}

TEST_F(PeerLinks, CloseOnAnotherName) {
  PeerLink strict(fake.timers, fake.timers, kGate, "front", "ip-vpn", left);
  PeerLink other(fake.timers, fake.timers, kFront, "sekishod", "", right);
  auto raw = testing::make_memory_links(fake.timers, strict.inner(), other.inner());
  strict.start(std::move(raw.first));
  other.start(std::move(raw.second));
  fake.timers.settle();
  EXPECT_EQ(left.closed.size(), 1u);
}

TEST_F(PeerLinks, CloseOnWordsBeforeHelloAndOnASecondHello) {
  for (const bool greet : {false, true}) {
    testing::RecordingHandler user, stranger;
    PeerLink link(fake.timers, fake.timers, kGate, "front", "", user);
    auto raw = testing::make_memory_links(fake.timers, link.inner(), stranger);
    link.start(std::move(raw.first));
    if (greet) raw.second->send(kFront);
    raw.second->send(greet ? seam::Message(kFront) : seam::Message(seam::Heartbeat{1}));
    fake.timers.settle();
    EXPECT_EQ(user.closed.size(), 1u);
    EXPECT_EQ(user.messages.size(), greet ? 1u : 0u);
    EXPECT_EQ(stranger.closed.size(), 1u);
  }
}

TEST_F(PeerLinks, StayAliveByHeartbeatsAndTellGenerationsAtOnce) {
  connect(kFront, "sekishod", kGate, "front");
  fake.timers.advance(seconds(3600));
  EXPECT_TRUE(left.closed.empty());
  EXPECT_TRUE(right.closed.empty());
  EXPECT_EQ(left.messages.size(), 1u + 360u);
  second->set_generation(9);
  second->set_generation(9);
  fake.timers.settle();
  ASSERT_EQ(left.messages.size(), 1u + 360u + 1u);
  EXPECT_EQ(left.as<seam::Heartbeat>(361).generation, 9u);
}

TEST_F(PeerLinks, ASilentPeerIsDeadAfterThirtySeconds) {
  testing::RecordingHandler silent;
  first.emplace(fake.timers, fake.timers, kGate, "front", "", left);
  auto raw = testing::make_memory_links(fake.timers, first->inner(), silent);
  first->start(std::move(raw.first));
  raw.second->send(kFront);
  fake.timers.advance(seconds(29));
  EXPECT_TRUE(left.closed.empty());
  fake.timers.advance(seconds(2));
  EXPECT_EQ(left.closed, std::vector<std::string>{"the peer has been silent for 30 s"});
  EXPECT_EQ(silent.closed.size(), 1u);
}

TEST_F(PeerLinks, MayEndInsideACallback) {
  connect(kFront, "sekishod", kGate, "front");
  right.then = [&] { second.reset(); };
  first->send(seam::Heartbeat{1});
  first->send(seam::Heartbeat{2});
  fake.timers.settle();
  EXPECT_EQ(right.messages.size(), 2u);  // Hello and the first
  EXPECT_EQ(left.closed.size(), 1u);
  first.reset();
  fake.timers.settle();
  EXPECT_EQ(fake.timers.waiting(), 0u);
}

}  // namespace sekisho::run
