#include "netd/plan.hpp"

#include "base/site_config_parse.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>

namespace sekisho::netd {
namespace {

using seam::DesiredNet;
using seam::KernelRight;

constexpr const char* kGate = "10.202.0.1";
const Instant kStart = *parse_rfc3339("2026-11-22T00:00:00Z");

NetPath internet() {
  return {"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {5900, 443}};
}
KernelRight right_of(const std::string& address, std::uint32_t ttl_s = 120) {
  return {address, {{kGate, 443, 6}, {kGate, 5900, 6}}, ttl_s};
}
DesiredNet state(std::vector<KernelRight> rights) {
  return {1, "sekisho0", std::move(rights)};
}

struct Planned : ::testing::Test {
  NetPlan::Change apply(const DesiredNet& wanted) {
    auto change = plan.change(wanted, now);
    EXPECT_TRUE(change);
    plan.commit(*change);
    return *change;
  }
  NetPlan plan{{internet()}};
  Instant now = kStart;
};

/// What a set of the kernel would hold: reads the commands as nft does, one element after the other.
class FakeSet {
 public:
  explicit FakeSet(Instant& now) : now_(now) {}
  /// False, and nothing changed, when a deleted element is absent: nft fails the transaction then.
  bool run(const std::string& commands) {
    auto after = elements_;
    std::erase_if(after, [&](const auto& one) { return one.second <= now_; });
    std::istringstream lines(commands);
    for (std::string line; std::getline(lines, line);) {
      const bool adds = line.starts_with("add element inet sekisho rights_internet {");
      const bool removes = line.starts_with("delete element inet sekisho rights_internet {");
      EXPECT_TRUE(adds || removes) << line;
      std::istringstream list(line.substr(line.find('{') + 1, line.rfind('}') - line.find('{') - 1));
      for (std::string part; std::getline(list, part, ',');) {
        const std::size_t timeout = part.find(" timeout ");
        std::string key = part.substr(0, timeout);
        key.erase(0, key.find_first_not_of(' '));
        key.erase(key.find_last_not_of(' ') + 1);
        if (removes) {
          if (after.erase(key) == 0) return false;
        } else {
          const long ms = std::stol(part.substr(timeout + 9));
          after.emplace(key, now_ + std::chrono::milliseconds(ms));  // an old kernel keeps an older timeout
        }
      }
    }
    elements_ = after;
    return true;
  }
  std::map<std::string, Instant> live() const {
    auto out = elements_;
    std::erase_if(out, [&](const auto& one) { return one.second <= now_; });
    return out;
  }

 private:
  Instant& now_;
  std::map<std::string, Instant> elements_;
};

}  // namespace

TEST_F(Planned, AddsWhatIsNewAndLeavesTheRestAlone) {
  auto change = apply(state({right_of("10.202.0.5")}));
  EXPECT_EQ(change.added, 2u);
  EXPECT_EQ(change.ended + change.renewed, 0u);
  change = apply(state({right_of("10.202.0.5"), right_of("10.202.0.6")}));
  EXPECT_EQ(change.added, 2u);
  EXPECT_EQ(change.ended + change.renewed, 0u);
  EXPECT_EQ(plan.commands(change).find("10.202.0.5"), std::string::npos)
      << "a login does not rewrite everybody's rights";
  EXPECT_EQ(plan.commands(apply(state({right_of("10.202.0.5"), right_of("10.202.0.6")}))), "");
  EXPECT_EQ(plan.rights(now), 4u);
}

TEST_F(Planned, EndsWhatIsNoLongerWanted) {
  apply(state({right_of("10.202.0.5"), right_of("10.202.0.6")}));
  auto change = apply(state({right_of("10.202.0.6")}));
  EXPECT_EQ(change.ended, 2u);
  EXPECT_EQ(change.added + change.renewed, 0u);
  change = apply(state({{"10.202.0.6", {{kGate, 443, 6}}, 120}}));  // quarantine: the posture page alone
  EXPECT_EQ(change.ended, 1u);
  EXPECT_EQ(apply(state({})).ended, 1u);
  EXPECT_EQ(plan.rights(now), 0u);
}

TEST_F(Planned, RenewsOnceAnEighthOfTheTimeHasPassed) {
  apply(state({right_of("10.202.0.5")}));
  now += std::chrono::seconds(14);
  EXPECT_EQ(plan.commands(apply(state({right_of("10.202.0.5")}))), "");
  now += std::chrono::seconds(1);
  EXPECT_EQ(apply(state({right_of("10.202.0.5")})).renewed, 2u);
  now += std::chrono::seconds(119);
  EXPECT_EQ(plan.rights(now), 2u);
  now += std::chrono::seconds(1);
  EXPECT_EQ(plan.rights(now), 0u);
  const auto change = apply(state({right_of("10.202.0.5")}));
  EXPECT_EQ(change.added, 2u) << "what has timed out comes anew";
}

TEST_F(Planned, AShorterTimeCountsAtOnce) {
  apply(state({right_of("10.202.0.5", 120)}));
  EXPECT_EQ(apply(state({right_of("10.202.0.5", 119)})).renewed, 2u);
  now += std::chrono::seconds(119);
  EXPECT_EQ(plan.rights(now), 0u);
}

TEST_F(Planned, NothingChangesUntilTheKernelHasTakenIt) {
  static_cast<void>(plan.change(state({right_of("10.202.0.5")}), now));
  EXPECT_EQ(plan.rights(now), 0u);
  EXPECT_EQ(apply(state({right_of("10.202.0.5")})).added, 2u);
}

TEST_F(Planned, RefusesWhatNoSessionMayHaveAndKeepsTheRest) {
  const std::vector<std::pair<const char*, KernelRight>> wrong{
      {"no address", right_of("")},
      {"a name", right_of("mori.example")},
      {"IPv6", right_of("fd00::5")},
      {"a mapped address", right_of("::ffff:10.202.0.5")},
      {"a leading zero", right_of("10.202.0.05")},
      {"a prefix", right_of("10.202.0.0/24")},
      {"a wildcard", right_of("*")},
      {"a trailing blank", right_of("10.202.0.5 ")},
      {"words of nft", right_of("10.202.0.5 . 10.202.0.1 . 6 . 22 }; flush ruleset; #")},
      {"a NUL", right_of(std::string("10.202.0.5\0", 11))},
      {"the gate itself", right_of(kGate)},
      {"the network", right_of("10.202.0.0")},
      {"the broadcast address", right_of("10.202.0.255")},
      {"another network", right_of("10.203.0.5")},
      {"the machine", right_of("127.0.0.1")},
      {"no time", right_of("10.202.0.5", 0)},
      {"too long a time", right_of("10.202.0.5", kLongestTtl + 1)},
      {"port 0", {"10.202.0.5", {{kGate, 0, 6}}, 120}},
      {"a port that is no door", {"10.202.0.5", {{kGate, 22, 6}}, 120}},
      {"ICMP", {"10.202.0.5", {{kGate, 443, 1}}, 120}},
      {"no protocol", {"10.202.0.5", {{kGate, 443, 0}}, 120}},
      {"a desktop", {"10.202.0.5", {{"10.60.0.11", 5900, 6}}, 120}},
      {"a neighbour", {"10.202.0.5", {{"10.202.0.6", 5900, 6}}, 120}},
      {"everywhere", {"10.202.0.5", {{"0.0.0.0", 5900, 6}}, 120}},
      {"a destination by name", {"10.202.0.5", {{"gate", 5900, 6}}, 120}},
  };
  for (const auto& [what, bad] : wrong) {
    NetPlan fresh({internet()});
    const auto change = fresh.change(state({right_of("10.202.0.7"), bad}), now);
    ASSERT_TRUE(change) << what;
    EXPECT_NE(change->refused, "") << what;
    EXPECT_EQ(change->added, 2u) << what;
    EXPECT_EQ(fresh.commands(*change).find("flush"), std::string::npos);
    EXPECT_EQ(fresh.commands(*change).find("10.202.0.5"), std::string::npos) << what;
  }
}

TEST_F(Planned, TakesEveryGoodKind) {
  const auto change = plan.change(state({{"10.202.0.2", {{kGate, 443, 6}, {kGate, 443, 17}}, 1},
                                         {"10.202.0.254", {{kGate, 5900, 6}, {kGate, 5900, 6}}, kLongestTtl},
                                         {"10.202.0.3", {}, 60}}),
                                  now);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->refused, "");
  EXPECT_EQ(change->added, 3u);
}

TEST_F(Planned, AnAddressHasOneRight) {
  const auto change =
      plan.change(state({{"10.202.0.5", {{kGate, 443, 6}}, 120}, {"10.202.0.5", {{kGate, 5900, 6}}, 120}}), now);
  ASSERT_TRUE(change);
  EXPECT_NE(change->refused, "");
  EXPECT_EQ(change->added, 1u);
}

TEST_F(Planned, ABadRightDoesNotKeepAnOldOneAlive) {
  apply(state({right_of("10.202.0.5"), right_of("10.202.0.6")}));
  const auto change = apply(state({right_of("10.202.0.5", 0), right_of("10.202.0.99999")}));
  EXPECT_EQ(change.ended, 4u);
  EXPECT_NE(change.refused, "");
}

TEST_F(Planned, ManyRefusalsAreCountedNotListed) {
  std::vector<KernelRight> many(4096, right_of("nowhere"));
  const auto change = plan.change(state(std::move(many)), now);
  ASSERT_TRUE(change);
  EXPECT_LT(change->refused.size(), 500u);
  EXPECT_NE(change->refused.find("4092 more"), std::string::npos) << change->refused;
}

TEST_F(Planned, AnUnknownDeviceIsRefused) {
  for (const char* tun : {"", "sekisho1", "sekisho0 ", "lo", "internet"}) {
    const auto change = plan.change({1, tun, {right_of("10.202.0.5")}}, now);
    ASSERT_FALSE(change) << tun;
    EXPECT_EQ(change.error().code, "netd.unknown_tun");
  }
}

TEST_F(Planned, PathsDoNotTouchEachOther) {
  NetPath other{"ip_vpn", "sekisho1", *parse_ipv4("10.203.0.1"), 24, 1354, {5900}};
  NetPlan both({internet(), other});
  auto change = both.change(state({right_of("10.202.0.5")}), now);
  both.commit(*change);
  change = both.change({2, "sekisho1", {{"10.203.0.5", {{"10.203.0.1", 5900, 6}}, 120}}}, now);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->added, 1u);
  EXPECT_EQ(change->ended, 0u);
  EXPECT_NE(both.change({3, "sekisho1", {right_of("10.202.0.5")}}, now)->refused, "");
}

TEST_F(Planned, TakesOverWhatASessionMayHaveOnly) {
  const auto seconds = [](int n) { return std::chrono::seconds(n); };
  const std::uint32_t mori = *parse_ipv4("10.202.0.5");
  plan.adopt("rights_internet", kGate, {mori, 6, 5900}, seconds(60), now);
  EXPECT_EQ(plan.rights(now), 1u);
  plan.adopt("rights_other", kGate, {mori, 6, 443}, seconds(60), now);
  plan.adopt("rights_internet", "10.60.0.11", {mori, 6, 443}, seconds(60), now);
  plan.adopt("rights_internet", kGate, {mori, 6, 22}, seconds(60), now);
  plan.adopt("rights_internet", kGate, {mori, 1, 443}, seconds(60), now);
  plan.adopt("rights_internet", kGate, {mori, 6, 443}, seconds(0), now);
  plan.adopt("rights_internet", kGate, {mori, 6, 443}, seconds(kLongestTtl + 1), now);
  plan.adopt("rights_internet", kGate, {*parse_ipv4(kGate), 6, 443}, seconds(60), now);
  plan.adopt("rights_internet", kGate, {*parse_ipv4("192.0.2.1"), 6, 443}, seconds(60), now);
  EXPECT_EQ(plan.rights(now), 1u);
  EXPECT_NE(plan.install(now).find("10.202.0.5 . 10.202.0.1 . 6 . 5900 timeout 60000ms"), std::string::npos);
  EXPECT_EQ(plan.install(now + seconds(60)).find("10.202.0.5"), std::string::npos);
}

TEST_F(Planned, AnyHistoryEndsWithTheKernelHoldingWhatWasWanted) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    now = kStart;
    NetPlan any({internet()});
    FakeSet kernel(now);
    std::map<std::string, Instant> wanted;
    for (int step = 0; step < 60; ++step) {
      now += std::chrono::milliseconds(random() % 40'000);
      std::vector<KernelRight> rights;
      wanted.clear();
      for (int host = 2; host < 10; ++host) {
        if (random() % 3 == 0) continue;
        const std::string address = "10.202.0." + std::to_string(host);
        const std::uint32_t ttl = 1 + random() % 120;
        KernelRight right{address, {{kGate, 443, 6}}, ttl};
        if (random() % 2 == 0) right.filter.push_back({kGate, 5900, 6});
        for (const FilterRule& rule : right.filter) {
          wanted[address + " . 10.202.0.1 . 6 . " + std::to_string(rule.port)] = now + std::chrono::seconds(ttl);
        }
        rights.push_back(std::move(right));
      }
      const auto change = any.change(state(std::move(rights)), now);
      ASSERT_TRUE(change);
      ASSERT_TRUE(kernel.run(any.commands(*change))) << "seed " << seed << ":\n" << any.commands(*change);
      any.commit(*change);
      const auto held = kernel.live();
      ASSERT_EQ(held.size(), wanted.size()) << "seed " << seed << ", step " << step;
      for (const auto& [key, until] : wanted) {
        ASSERT_TRUE(held.contains(key)) << key;
        EXPECT_LE(held.at(key), until) << key << " lives longer than wanted";
        EXPECT_GE(held.at(key), until - (until - now) / 8) << key;
      }
    }
  }
}

TEST(NetPaths, DoorsAreTheListenersAtTheGatesInnerAddress) {
  const auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  ASSERT_TRUE(config.value);
  auto paths = net_paths(*config.value);
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_EQ(paths[0].name, "internet");
  EXPECT_EQ(paths[0].tun, "sekisho0");
  EXPECT_EQ(to_text(paths[0].gate_address), kGate);
  const auto page = parse_socket_address(config.value->paths[0].pages.desktop.listen);
  ASSERT_TRUE(page);
  EXPECT_EQ(paths[0].doors, (std::vector<std::uint16_t>{5900, page->port, 443}))
      << "entrance, desktop page, posture page";
  const auto console = parse_socket_address(config.value->paths[0].pages.console.listen);
  ASSERT_TRUE(console && paths[0].console_address);
  EXPECT_EQ(to_text(*paths[0].console_address), console->address);

  SiteConfig other = *config.value;
  other.posture.listen = {"198.51.100.1:8443", "0.0.0.0:9999"};
  other.paths[0].entrance = "10.60.0.1:5900";
  other.paths[0].pages.desktop.listen = "10.60.0.1:8443";
  paths = net_paths(other);
  EXPECT_TRUE(paths[0].doors.empty()) << "what listens elsewhere is no door";
  other.paths[0].pages.console.listen = "0.0.0.0:8444";
  EXPECT_FALSE(net_paths(other)[0].console_address) << "everywhere is no address";
  other.paths[0].tun.gate_address.clear();
  EXPECT_TRUE(net_paths(other).empty()) << "a path without packets has no device";
}

TEST(NetPaths, AClosedPathHasCharonsDeviceAndTheGatesAddressInItsCircuitsNetwork) {
  auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  ASSERT_TRUE(config.value);
  PathConfig path = config.value->paths[0];
  path.name = "closed";
  path.tun = TunConfig{};
  path.zones = {"my_number"};
  path.listen = {"10.95.0.1:443", "10.95.0.1:444"};
  path.entrance = "10.95.0.1:5900";
  path.pages.desktop.listen = "10.95.0.1:8443";
  path.pages.console.listen = "10.40.0.1:8443";
  path.closed.gate_address = "10.95.0.1";
  path.closed.ike_device = "closed0";
  path.closed.ike_address = "172.30.0.1";
  config.value->paths.push_back(path);
  HyperConfig zone;
  zone.zone = "my_number";
  zone.network = "10.40.0.0/24";
  config.value->hypervisors.push_back(zone);
  config.value->posture.listen.push_back("198.51.100.2:8443");
  const auto paths = net_paths(*config.value);
  ASSERT_EQ(paths.size(), 2U);
  const auto posture = Network{*parse_ipv4("198.51.100.2"), 32};
  EXPECT_EQ(std::ranges::count(paths[0].places, posture), 1)
      << "the posture page is the Internet's, wherever it listens";
  const NetPath& closed = paths[1];
  EXPECT_EQ(closed.tun, "ipsec0");
  EXPECT_EQ(closed.prefix, 16);
  EXPECT_EQ(closed.doors, (std::vector<std::uint16_t>{443, 444, 5900, 8443}));
  ASSERT_TRUE(closed.closed);
  EXPECT_EQ(closed.closed->entrances, (std::vector<std::uint16_t>{443, 444}));
  EXPECT_FALSE(closed.closed->kernel_esp);
  EXPECT_TRUE(closed.is_session_address(*parse_ipv4("10.95.11.7")));
  EXPECT_FALSE(closed.is_session_address(*parse_ipv4("10.202.0.7")));
  EXPECT_EQ(closed.desktops, (std::vector<Network>{{*parse_ipv4("10.40.0.0"), 24}}));
  std::vector<std::string> places;
  for (const Network& each : closed.places) places.push_back(to_text(each));
  EXPECT_EQ(places, (std::vector<std::string>{"10.40.0.0/24", "10.95.0.0/16", "172.30.0.1"}));
  EXPECT_FALSE(paths[0].closed);
}

TEST(NetPlan, ARightOfAClosedPathLeadsFromItsNetworkToItsDoors) {
  NetPath path{"closed", "ipsec0", *parse_ipv4("10.95.0.1"), 16, 1354, {443, 8443}};
  path.closed = ClosedNet{"closed0", *parse_ipv4("172.30.0.1"), false, {443}};
  const NetPlan plan({path});
  const auto change = plan.change({1,
                                   "ipsec0",
                                   {{"10.95.1.10", {{"10.95.0.1", 8443, 6}}, 120},
                                    {"10.95.1.11", {{"10.95.0.1", 22, 6}}, 120},
                                    {"10.95.1.12", {{"10.202.0.1", 8443, 6}}, 120},
                                    {"10.202.0.7", {{"10.95.0.1", 8443, 6}}, 120}}},
                                  Instant(std::chrono::hours(500000)));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->fresh.size(), 1U);
  EXPECT_EQ(std::ranges::count(change->refused, ';'), 2);
}

}  // namespace sekisho::netd
