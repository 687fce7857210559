// RDP between a desktop and servers that each stand on a segment of their own, with the real table (R13): every packet
// that goes from one to another crosses this machine.
#include "netd/testing/real_netd.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

constexpr const char *kServerA = "10.61.0.2", *kServerB = "10.62.0.2", *kIron = "10.63.0.2";
constexpr std::uint16_t kFromPort = 51000;

struct Segments : InNamespace {
  void SetUp() override {
    InNamespace::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    a_ = make_plain_tun("server_a", "10.61.0.1");
    b_ = make_plain_tun("server_b", "10.62.0.1");
    iron_ = make_plain_tun("iron", "10.63.0.1");
    ASSERT_TRUE(a_ && b_ && iron_);
    wires = {{kDesktop, inside_.get()}, {kServerA, a_.get()}, {kServerB, b_.get()}, {kIron, iron_.get()}};
  }
  void drain() const {
    for (const auto& [address, wire] : wires) {
      while (take(wire)) {
      }
    }
  }
  /// Whether a packet arrives where it shall go.
  [[nodiscard]] bool crosses(const char* from, const char* to, const Octets& packet) const {
    drain();
    if (!inject(wires.at(from), packet)) ADD_FAILURE() << "not sent";
    while (const auto came = take_answer(wires.at(to))) {
      if (came->from == from && came->to == to) return true;
    }
    return false;
  }
  [[nodiscard]] bool asks(const char* from, const char* to, std::uint16_t port = kRdpPort,
                          std::uint16_t from_port = kFromPort) const {
    return crosses(from, to, tcp(from, to, {from_port, port, 1000, 0, kSyn, {}}));
  }
  [[nodiscard]] bool asks_by_udp(const char* from, const char* to) const {
    return crosses(from, to, udp(from, to, kRdpPort));
  }
  [[nodiscard]] bool answers(const char* from, const char* to) const {
    return crosses(from, to, tcp(from, to, {kRdpPort, kFromPort, 7000, 1001, kSyn | kAck, {}}));
  }
  [[nodiscard]] bool says(const char* from, const char* to) const {
    return crosses(from, to, tcp(from, to, {kFromPort, kRdpPort, 1001, 7001, kAck | kPush, "mouse"}));
  }
  [[nodiscard]] bool shows(const char* from, const char* to) const {
    return crosses(from, to, tcp(from, to, {kRdpPort, kFromPort, 7001, 1006, kAck | kPush, "picture"}));
  }
  /// The asker hears a reset.
  [[nodiscard]] bool was_reset(const char* at) const {
    while (const auto came = take_answer(wires.at(at))) {
      if (came->protocol == 6 && (came->flags & kRst) != 0) return true;
    }
    return false;
  }
  static seam::NetApplied want(RealNetd& house, std::vector<seam::RdpRight> rights) {
    house.netd->on_gatekeeper(seam::DesiredRdp{++house.number, std::move(rights)});
    const auto* answer = std::get_if<seam::NetApplied>(&house.gatekeeper.sent.back());
    if (answer == nullptr || answer->number != house.number) ADD_FAILURE() << "no answer";
    return answer != nullptr ? *answer : seam::NetApplied{};
  }
  std::map<std::string, int> wires;
  run::Fd a_, b_, iron_;
};

const seam::RdpRight kAToB{kServerA, kServerB, 120}, kDesktopToIron{kDesktop, kIron, 120};

}  // namespace

TEST_F(Segments, RdpIsClosedFromEverybodyToEverybody) {
  RealNetd house;
  std::uint64_t refused = 0;
  for (const auto& [from, wire] : wires) {
    for (const auto& [to, other] : wires) {
      if (from == to) continue;
      EXPECT_FALSE(asks(from.c_str(), to.c_str())) << from << " " << to;
      EXPECT_TRUE(was_reset(from.c_str())) << "the client is told at once";
      EXPECT_FALSE(asks_by_udp(from.c_str(), to.c_str())) << from << " " << to;
      EXPECT_FALSE(answers(from.c_str(), to.c_str())) << "an answer to nothing";
      refused += 2;
    }
  }
  EXPECT_EQ(house.count("rdp_refused"), refused);
  EXPECT_EQ(house.count("rdp_unasked"), refused / 2);
}

TEST_F(Segments, TheSamePacketsArriveWhenTheTableIsGone) {
  RealNetd house;
  ASSERT_TRUE(house.kernel->run("delete table inet sekisho\n"));
  EXPECT_TRUE(asks(kDesktop, kServerA));
  EXPECT_TRUE(asks(kServerA, kServerB));
  EXPECT_TRUE(asks_by_udp(kServerA, kServerB));
  EXPECT_TRUE(answers(kServerB, kServerA));
}

TEST_F(Segments, WhatIsNotRdpIsNotTouched) {
  RealNetd house;
  EXPECT_TRUE(asks(kDesktop, kServerA, 443));
  EXPECT_TRUE(asks(kServerA, kServerB, 22));
}

TEST_F(Segments, ARightOpensTcpOneWayBetweenTwoAndNothingElse) {
  RealNetd house;
  ASSERT_TRUE(want(house, {kAToB, kDesktopToIron}).ok);
  EXPECT_TRUE(asks(kServerA, kServerB));
  EXPECT_TRUE(answers(kServerB, kServerA));
  EXPECT_TRUE(says(kServerA, kServerB));
  EXPECT_TRUE(asks(kDesktop, kIron));
  EXPECT_TRUE(answers(kIron, kDesktop));
  EXPECT_FALSE(asks_by_udp(kServerA, kServerB)) << "R13 speaks of TCP";
  EXPECT_FALSE(asks_by_udp(kDesktop, kIron));
  EXPECT_FALSE(asks(kServerB, kServerA)) << "not back";
  EXPECT_FALSE(asks(kServerA, kIron));
  EXPECT_FALSE(asks(kDesktop, kServerA));
  EXPECT_FALSE(asks(kDesktop, kServerB));
  EXPECT_FALSE(asks(kIron, kDesktop));
  EXPECT_FALSE(answers(kServerA, kServerB));
}

/// Alone, and beside a filter that lets established connections pass, as hosts have it: conntrack knows it then.
struct RdpEnds : Segments, ::testing::WithParamInterface<bool> {
  void host_filter(RealNetd& house) const {
    if (!GetParam()) return;
    ASSERT_TRUE(
        house.kernel->run("table inet host {\n chain forward {\n type filter hook forward priority -400; policy "
                          "accept;\n ct state established,related accept\n }\n}\n"));
  }
};
INSTANTIATE_TEST_SUITE_P(BesideAHostFilter, RdpEnds, ::testing::Bool());

TEST_P(RdpEnds, CutsRunningRdpWithTheNextPacketEachWay) {
  RealNetd house;
  host_filter(house);
  ASSERT_TRUE(want(house, {kAToB, kDesktopToIron}).ok);
  ASSERT_TRUE(asks(kServerA, kServerB) && answers(kServerB, kServerA) && says(kServerA, kServerB));
  ASSERT_TRUE(asks(kDesktop, kIron) && answers(kIron, kDesktop) && says(kDesktop, kIron));
  ASSERT_TRUE(want(house, {kDesktopToIron}).ok);
  EXPECT_FALSE(shows(kServerB, kServerA));
  EXPECT_FALSE(says(kServerA, kServerB));
  EXPECT_TRUE(was_reset(kServerA));
  EXPECT_TRUE(says(kDesktop, kIron)) << "the other goes on";
  EXPECT_TRUE(shows(kIron, kDesktop));
}

TEST_F(Segments, ARightEndsInTheKernelWhenNobodyRenewsIt) {
  RealNetd house;
  ASSERT_TRUE(want(house, {{kServerA, kServerB, 1}}).ok);
  ASSERT_TRUE(asks(kServerA, kServerB));
  const auto begun = std::chrono::steady_clock::now();
  while (says(kServerA, kServerB) && std::chrono::steady_clock::now() - begun < std::chrono::seconds(10)) {
    poll(nullptr, 0, 20);  // only the kernel's own clock can end it
  }
  EXPECT_FALSE(says(kServerA, kServerB));
  EXPECT_TRUE(want(house, {kAToB}).ok) << "what timed out meanwhile is no obstacle";
  EXPECT_TRUE(says(kServerA, kServerB));
}

TEST_F(Segments, EachRefusedTryIsToldWithinASecond) {
  RealNetd house;
  EXPECT_FALSE(asks(kDesktop, kServerA));
  EXPECT_FALSE(asks(kDesktop, kServerA, kRdpPort, kFromPort + 1));
  EXPECT_FALSE(asks(kDesktop, kServerA, kRdpPort, kFromPort + 1)) << "the same once more";
  EXPECT_FALSE(asks_by_udp(kServerA, kServerB));
  house.gatekeeper.sent.clear();
  house.timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(house.gatekeeper.sent.size(), 1u);
  const auto& told = std::get<seam::RdpRefused>(house.gatekeeper.sent.front());
  EXPECT_EQ(told.tries, (std::vector<seam::RdpTry>{{kDesktop, kServerA, 6, 2, 3}, {kServerA, kServerB, 17, 1, 1}}));
  house.timers.advance(std::chrono::seconds(3));
  EXPECT_EQ(house.gatekeeper.sent.size(), 1u) << "once";
}

TEST_F(Segments, ANewNetdTakesOverExactlyTheRightsThatLive) {
  RealNetd house;
  ASSERT_TRUE(want(house, {kAToB, {kDesktop, kIron, 1}}).ok);
  ASSERT_TRUE(asks(kServerA, kServerB) && answers(kServerB, kServerA));
  for (int i = 0; i < 200 && asks(kDesktop, kIron); ++i) poll(nullptr, 0, 20);
  auto kernel = NftKernel::open(house.paths);
  ASSERT_TRUE(kernel);
  Netd next(house.paths, **kernel, house.timers, house.timers, house.log, [] {});
  ASSERT_TRUE(next.install());
  EXPECT_TRUE(says(kServerA, kServerB)) << "running RDP does not notice";
  EXPECT_FALSE(asks(kDesktop, kIron)) << "what was over stays over";
  const auto found = (*kernel)->rdp_rights();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GE(found.front().left.count(), 100);
  KeepingLink gate;
  next.attach_gatekeeper(gate);
  next.on_gatekeeper(seam::DesiredRdp{1, {}});
  EXPECT_FALSE(says(kServerA, kServerB)) << "and it ends when sekishod no longer names it";
}

}  // namespace sekisho::netd
