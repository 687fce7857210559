// The sans-I/O half of RDP in netd: which rights may be, what changes, and what of the refused tries is new (R13).
#include "netd/rdp_plan.hpp"

#include "netd/nft_reading.hpp"

#include <gtest/gtest.h>

namespace sekisho::netd {
namespace {

using seam::DesiredRdp;
using seam::RdpRight;
using std::chrono::milliseconds;
using std::chrono::seconds;

const RdpPair kAToB{0x0a340001, 0x0a350001}, kDeskToIron{0x0a3c000b, 0x0a360001};
const RdpRight kA{"10.52.0.1", "10.53.0.1", 120}, kDesk{"10.60.0.11", "10.54.0.1", 120};

struct RdpPlanned : ::testing::Test {
  RdpPlan::Change apply(std::vector<RdpRight> rights) {
    auto change = plan.change({1, std::move(rights)}, now);
    plan.commit(change);
    return change;
  }
  Instant now = *parse_rfc3339("2026-11-22T00:00:00Z");
  RdpPlan plan{{{"internet", "sekisho0", *parse_ipv4("10.202.0.1"), 24, 1354, {5900}}}};
};

}  // namespace

TEST_F(RdpPlanned, WhatIsWantedIsFreshAndWhatIsNotIsGone) {
  auto first = apply({kA, kDesk});
  EXPECT_EQ(first.fresh, (RdpRights{{kAToB, milliseconds(120'000)}, {kDeskToIron, milliseconds(120'000)}}));
  EXPECT_TRUE(first.gone.empty());
  const auto second = apply({kDesk});
  EXPECT_TRUE(second.fresh.empty()) << "an unchanged right is left alone";
  EXPECT_EQ(second.gone, std::set<RdpPair>{kAToB});
  EXPECT_EQ(plan.rights(now).size(), 1u);
  EXPECT_EQ(apply({}).gone, std::set<RdpPair>{kDeskToIron});
}

TEST_F(RdpPlanned, ARightIsRenewedOnceAnEighthOfItsTimeHasPassed) {
  apply({kA});
  now += seconds(14);
  EXPECT_TRUE(apply({kA}).fresh.empty());
  now += seconds(2);
  EXPECT_EQ(apply({kA}).fresh, (RdpRights{{kAToB, milliseconds(120'000)}}));
  EXPECT_EQ(apply({{kA.source, kA.destination, 30}}).fresh, (RdpRights{{kAToB, milliseconds(30'000)}}))
      << "and shortened at once";
}

TEST_F(RdpPlanned, NoRightWithoutATime) {
  for (const std::uint32_t ttl : {0u, 601u, 0xffffffffu}) {
    const auto change = apply({{kA.source, kA.destination, ttl}, kDesk});
    EXPECT_NE(change.refused.find("a time out of range"), std::string::npos) << ttl;
    EXPECT_FALSE(change.held.contains(kAToB)) << ttl;
    EXPECT_TRUE(change.held.contains(kDeskToIron)) << "those beside it hold";
  }
}

TEST_F(RdpPlanned, ARightThatBreaksARuleIsRefusedAloneAndNamed) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"10.202.0.5", "10.53.0.1"},      {"10.60.0.11", "10.202.0.5"}, {"10.202.0.1", "10.53.0.1"},
      {"10.52.0.1", "10.202.0.1"},      {"10.52.0.1", "10.52.0.1"},   {"0.0.0.0", "10.53.0.1"},
      {"10.52.0.1", "0.0.0.0"},         {"127.0.0.1", "10.53.0.1"},   {"10.52.0.1", "224.0.0.1"},
      {"10.52.0.1", "255.255.255.255"}, {"10.52.0.01", "10.53.0.1"},  {"", "10.53.0.1"},
      {"10.52.0.0/24", "10.53.0.1"},    {"10.52.0.1", "fd00::1"},     {"web-01", "10.53.0.1"},
  };
  for (const auto& [source, destination] : wrong) {
    const auto change = apply({{source, destination, 120}, kDesk});
    EXPECT_NE(change.refused.find(source + " -> " + destination), std::string::npos) << change.refused;
    EXPECT_EQ(change.held.size(), 1u) << source << " " << destination;
  }
  const auto many = apply(std::vector<RdpRight>(100, {"nowhere", "nowhere", 1}));
  EXPECT_NE(many.refused.find("and 96 more"), std::string::npos) << many.refused;
}

TEST_F(RdpPlanned, OfTwoWhoWantTheSameTheLongerTimeCounts) {
  EXPECT_EQ(apply({kA, {kA.source, kA.destination, 20}}).fresh, (RdpRights{{kAToB, milliseconds(120'000)}}));
}

TEST_F(RdpPlanned, TakesOverWhatTheKernelHeldUnlessItBreaksARule) {
  plan.adopt(kAToB, seconds(40), now);
  plan.adopt({0x0aca0005, 0x0a350001}, seconds(40), now);  // from inside a tunnel
  plan.adopt(kDeskToIron, seconds(0), now);
  EXPECT_EQ(plan.rights(now), (RdpRights{{kAToB, milliseconds(40'000)}}));
  EXPECT_TRUE(plan.rights(now + seconds(40)).empty());
  EXPECT_EQ(apply({}).gone, std::set<RdpPair>{kAToB}) << "and it goes when nobody wants it";
}

TEST(RdpRules, AChangeWorksWhateverOfItExists) {
  EXPECT_EQ(rdp_change_commands({kDeskToIron}, {{kAToB, milliseconds(120'000)}}),
            "add element inet sekisho rdp_rights { 10.60.0.11 . 10.54.0.1 timeout 1000ms }\n"
            "add element inet sekisho rdp_rights { 10.52.0.1 . 10.53.0.1 timeout 120000ms }\n"
            "delete element inet sekisho rdp_rights { 10.60.0.11 . 10.54.0.1, 10.52.0.1 . 10.53.0.1 }\n"
            "add element inet sekisho rdp_rights { 10.52.0.1 . 10.53.0.1 timeout 120000ms }\n");
  EXPECT_EQ(rdp_change_commands({}, {}), "");
}

TEST(RdpRules, RightsAreReadStrictly) {
  const auto listing = [](const std::string& element) {
    return R"({"nftables": [{"set": {"family": "inet", "table": "sekisho", "name": "rdp_rights", "elem": [)" + element +
           "]}}]}";
  };
  const auto good = read_rdp_rights(
      listing(R"({"elem": {"val": {"concat": ["10.52.0.1", "10.53.0.1"]}, "timeout": 120, "expires": 60}})"));
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 1u);
  EXPECT_EQ(good->front().pair, kAToB);
  EXPECT_EQ(good->front().left, seconds(60));
  for (const char* bad : {R"({"elem": {"val": {"concat": ["10.52.0.1", "10.53.0.1"]}}})",
                          R"({"elem": {"val": {"concat": ["10.52.0.1"]}, "expires": 60}})",
                          R"({"elem": {"val": {"concat": ["10.52.0.1", "10.53.0.1", 6]}, "expires": 60}})",
                          R"({"elem": {"val": {"concat": ["10.52.0.1", 7]}, "expires": 60}})",
                          R"({"elem": {"val": {"concat": ["x", "10.53.0.1"]}, "expires": 60}})", R"("10.52.0.1")"}) {
    const auto read = read_rdp_rights(listing(bad));
    EXPECT_TRUE(read && read->empty()) << bad;
  }
}

TEST(RdpWatch, EachTryIsToldOnceWithItsAddresses) {
  RdpWatch watch;
  watch.look(3, {{kAToB, 6, 40001, 1}, {kAToB, 6, 40002, 1}, {kAToB, 17, 40001, 1}});
  EXPECT_EQ(watch.take().tries,
            (std::vector<seam::RdpTry>{{"10.52.0.1", "10.53.0.1", 6, 2, 2}, {"10.52.0.1", "10.53.0.1", 17, 1, 1}}));
  watch.look(3, {{kAToB, 6, 40001, 1}});
  EXPECT_TRUE(watch.take().tries.empty()) << "nothing is new";
  watch.look(5, {{kAToB, 6, 40001, 3}});
  EXPECT_EQ(watch.take().tries, (std::vector<seam::RdpTry>{{"10.52.0.1", "10.53.0.1", 6, 0, 2}}))
      << "sent again: packets, and no new try";
}

TEST(RdpWatch, WhatIsNotAmongTheElementsIsStillCounted) {
  RdpWatch watch;
  watch.look(7, {{kAToB, 6, 40001, 2}});  // five of IPv6, or more at once than are kept
  EXPECT_EQ(watch.take().tries, (std::vector<seam::RdpTry>{{"10.52.0.1", "10.53.0.1", 6, 1, 2}, {"", "", 0, 1, 5}}));
  watch.look(7, {{kAToB, 6, 40001, 3}});  // it came after the counter was read
  EXPECT_EQ(watch.take().tries, (std::vector<seam::RdpTry>{{"10.52.0.1", "10.53.0.1", 6, 0, 1}}));
  watch.look(8, {{kAToB, 6, 40001, 3}});
  EXPECT_TRUE(watch.take().tries.empty()) << "and is not counted twice";
}

TEST(RdpWatch, AfterARestartTheKernelCountsFromZero) {
  RdpWatch watch;
  watch.look(0, {{kAToB, 6, 40001, 9}});
  watch.restart();
  EXPECT_EQ(watch.take().tries.size(), 1u) << "what was not told is kept";
  watch.look(1, {{kAToB, 6, 40001, 1}});
  EXPECT_EQ(watch.take().tries, (std::vector<seam::RdpTry>{{"10.52.0.1", "10.53.0.1", 6, 1, 1}}));
}

TEST(RdpWatch, AFloodIsOneMessage) {
  RdpWatch watch;
  std::vector<RdpSeen> many;
  for (std::uint32_t i = 0; i < 4000; ++i) many.push_back({{0x0a340001 + i, 0x0a350001}, 6, 40001, 1});
  watch.look(4000, many);
  const auto told = watch.take();
  ASSERT_EQ(told.tries.size(), RdpWatch::kMostPairs + 1);
  EXPECT_EQ(told.tries.back(), (seam::RdpTry{"", "", 0, 4000 - RdpWatch::kMostPairs, 4000 - RdpWatch::kMostPairs}));
}

}  // namespace sekisho::netd
