// RDP from desktops and servers: closed, with two exceptions that end with what they hang on (R13).
#include "admission/rdp_rule.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sekisho::admission {
namespace {

const Instant kNow = *parse_rfc3339("2026-11-22T09:00:00Z");

struct RdpRuleTest : ::testing::Test {
  /// Mori's session with his desktop, two servers of his contract, one iron, one of somebody else's.
  static RdpFacts facts(std::set<std::string> open = {}) {
    RdpFacts out;
    out.session = "S1";
    out.admitted = true;
    out.until = kNow + Seconds{3600};
    out.desktop = "vdi-01";
    out.desktop_address = "10.20.0.11";
    out.servers = {{"web-01", "10.30.1.1", false, true, open.contains("web-01")},
                   {"web-02", "10.30.2.1", false, true, open.contains("web-02")},
                   {"phys-01", "10.30.9.1", true, true, open.contains("phys-01")},
                   {"dmz-01", "10.31.1.1", false, false, open.contains("dmz-01")},
                   {"dmz-iron", "10.31.9.1", true, false, open.contains("dmz-iron")}};
    return out;
  }
  /// "from>to" of the rights that the kernel shall hold.
  std::set<std::string> held(Instant at = kNow) const {
    std::set<std::string> out;
    for (const auto& [pair, until] : rule.rights(at)) out.insert(pair.first + ">" + pair.second);
    return out;
  }
  static std::set<std::string> named(const std::vector<RdpGrant>& grants) {
    std::set<std::string> out;
    for (const RdpGrant& grant : grants) out.insert(grant.from + ">" + grant.to);
    return out;
  }
  RdpRule::Step judge(const RdpFacts& about, Instant at = kNow) {
    auto step = rule.judge(about, at);
    for (const RdpGrant& grant : step.granted) rule.entered(grant.number, true);
    return step;
  }
  RdpRule rule;
};

const std::set<std::string> kIron{"10.20.0.11>10.30.9.1"};

TEST_F(RdpRuleTest, WithoutAConsoleOnlyThePhysicalServerIsOpenAndOnlyFromTheDesktop) {
  EXPECT_EQ(named(judge(facts()).granted), std::set<std::string>{"vdi-01>phys-01"});
  EXPECT_EQ(held(), kIron);
}

TEST_F(RdpRuleTest, AnOpenConsoleOpensTheWayFromItsServerToTheOthersOfTheContract) {
  judge(facts());
  const auto step = judge(facts({"web-01"}));
  EXPECT_EQ(named(step.granted), (std::set<std::string>{"web-01>web-02", "web-01>phys-01"}));
  EXPECT_TRUE(step.removed.empty());
  EXPECT_EQ(held(), (std::set<std::string>{"10.20.0.11>10.30.9.1", "10.30.1.1>10.30.2.1", "10.30.1.1>10.30.9.1"}));
}

TEST_F(RdpRuleTest, TheConsolesEndTakesItsOwnWaysAndNoOthers) {
  judge(facts({"web-01", "web-02"}));
  const auto step = judge(facts({"web-02"}));
  EXPECT_TRUE(step.granted.empty());
  EXPECT_EQ(named(step.removed), (std::set<std::string>{"web-01>web-02", "web-01>phys-01"}));
  EXPECT_EQ(held(), (std::set<std::string>{"10.20.0.11>10.30.9.1", "10.30.2.1>10.30.1.1", "10.30.2.1>10.30.9.1"}));
}

TEST_F(RdpRuleTest, TheSessionsEndTakesAll) {
  judge(facts({"web-01"}));
  EXPECT_EQ(rule.ended("S1").removed.size(), 3u);
  EXPECT_TRUE(held().empty());
  EXPECT_TRUE(rule.ended("S1").removed.empty()) << "once";
  EXPECT_EQ(rule.size(), 0u);
}

TEST_F(RdpRuleTest, ASessionInQuarantineOrPastItsEndHasNothing) {
  judge(facts({"web-01"}));
  auto quarantined = facts({"web-01"});
  quarantined.admitted = false;
  EXPECT_EQ(judge(quarantined).removed.size(), 3u);
  EXPECT_TRUE(held().empty());
  judge(facts());
  EXPECT_TRUE(held(kNow + Seconds{3600}).empty()) << "not even when nobody judges";
  EXPECT_EQ(judge(facts(), kNow + Seconds{3600}).removed.size(), 1u);
  EXPECT_TRUE(judge(facts(), kNow + Seconds{3600}).granted.empty());
}

TEST_F(RdpRuleTest, AServerOfAnotherContractIsNeitherSourceNorDestination) {
  judge(facts({"web-01", "dmz-01", "dmz-iron"}));
  for (const std::string& way : held()) EXPECT_EQ(way.find("10.31."), std::string::npos) << way;
}

TEST_F(RdpRuleTest, AServerThatLeavesTheContractTakesItsWaysAlong) {
  judge(facts({"web-01"}));
  auto fewer = facts({"web-01"});
  fewer.servers[1].of_contract = false;
  EXPECT_EQ(named(judge(fewer).removed), std::set<std::string>{"web-01>web-02"});
}

TEST_F(RdpRuleTest, WithoutAnAddressNothingIsOpen) {
  auto unknown = facts({"web-01"});
  unknown.desktop_address = {};
  unknown.servers[0].address = {};
  EXPECT_TRUE(judge(unknown).granted.empty());
}

TEST_F(RdpRuleTest, AnotherAddressIsAnotherWay) {
  judge(facts());
  auto moved = facts();
  moved.desktop_address = "10.20.0.99";
  const auto step = judge(moved);
  ASSERT_EQ(step.removed.size(), 1u);
  EXPECT_EQ(step.removed[0].source, "10.20.0.11");
  EXPECT_EQ(held(), std::set<std::string>{"10.20.0.99>10.30.9.1"});
}

TEST_F(RdpRuleTest, NothingIsOpenBeforeItsEntryIsOnDisk) {
  const auto step = rule.judge(facts(), kNow);
  ASSERT_EQ(step.granted.size(), 1u);
  EXPECT_TRUE(held().empty());
  EXPECT_TRUE(rule.judge(facts(), kNow).granted.empty()) << "it is asked once";
  EXPECT_TRUE(rule.entered(step.granted[0].number, true));
  EXPECT_EQ(held(), kIron);
  EXPECT_FALSE(rule.entered(step.granted[0].number, true));
}

TEST_F(RdpRuleTest, AnEntryThatCannotBeWrittenOpensNothingAndIsTriedAgain) {
  const auto step = rule.judge(facts(), kNow);
  EXPECT_FALSE(rule.entered(step.granted.at(0).number, false));
  EXPECT_TRUE(held().empty());
  EXPECT_EQ(rule.judge(facts(), kNow).granted.size(), 1u);
}

TEST_F(RdpRuleTest, AnEntryThatComesAfterTheEndOpensNothingNotEvenWhatWasAskedSince) {
  const auto first = rule.judge(facts(), kNow);
  EXPECT_EQ(rule.ended("S1").removed.size(), 1u);
  const auto second = rule.judge(facts(), kNow);
  EXPECT_FALSE(rule.entered(first.granted.at(0).number, true));
  EXPECT_TRUE(held().empty());
  EXPECT_TRUE(rule.entered(second.granted.at(0).number, true));
  EXPECT_EQ(held(), kIron);
}

TEST_F(RdpRuleTest, TwoSessionsWithTheSameWayKeepItUntilBothAreOver) {
  judge(facts({"web-01"}));
  auto other = facts({"web-01"});
  other.session = "S2";
  other.desktop_address = "10.20.0.12";
  other.until = kNow + Seconds{7200};
  judge(other);
  EXPECT_EQ(rule.rights(kNow).at({"10.30.1.1", "10.30.2.1"}), other.until) << "the longer time counts";
  static_cast<void>(rule.ended("S2"));
  EXPECT_TRUE(held().contains("10.30.1.1>10.30.2.1"));
  static_cast<void>(rule.ended("S1"));
  EXPECT_TRUE(held().empty());
}

TEST_F(RdpRuleTest, AnotherEndIsToldWithoutANewGrant) {
  judge(facts());
  auto shorter = facts();
  shorter.until = kNow + Seconds{60};
  const auto step = judge(shorter);
  EXPECT_TRUE(step.granted.empty() && step.removed.empty());
  EXPECT_TRUE(step.other_times);
}

TEST_F(RdpRuleTest, BeyondTheMostNewcomersAreLeftOutAndOthersKeepTheirs) {
  judge(facts());
  std::vector<std::string> addresses;
  for (int i = 0; i < 60; ++i) addresses.push_back("10.40.0." + std::to_string(i + 1));
  RdpFacts crowd = facts();
  crowd.session = "S2";
  crowd.servers.clear();
  for (const std::string& address : addresses) crowd.servers.push_back({address, address, false, true, true});
  const auto step = judge(crowd);
  EXPECT_EQ(step.granted.size() + step.left_out, 60u * 59u);
  EXPECT_EQ(rule.size(), RdpRule::kMost);
  EXPECT_TRUE(held().contains("10.20.0.11>10.30.9.1"));
}

}  // namespace
}  // namespace sekisho::admission
