// The proof holds for the table that netd writes for two paths (as nft lists it: testing/two_paths.json), and for no
// table or registry from which one guard is missing.
#include "programs/sekishoctl/zone_proof.hpp"

#include "base/site_config_parse.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

SiteConfig site() {
  auto config = load_site_config(SEKISHO_SOURCE_DIR "/core/base/all-keys.json");
  EXPECT_TRUE(config.value);
  SiteConfig out = *config.value;
  out.paths[0].listen = {"198.51.100.1:443"};
  PathConfig path = out.paths[0];
  path.name = "closed";
  path.tun = TunConfig{};
  path.zones = {"my_number"};
  path.lent_only = true;
  path.listen = {"10.95.0.1:443"};
  path.entrance = "10.95.0.1:5900";
  path.pages.desktop.listen = "10.95.0.1:8443";
  path.pages.console.listen = "10.40.0.1:8443";
  path.closed.gate_address = "10.95.0.1";
  path.closed.ike_device = "closed0";
  path.closed.ike_address = "172.30.0.1";
  out.paths.push_back(path);
  HyperConfig zone;
  zone.zone = "my_number";
  zone.network = "10.40.0.0/24";
  out.hypervisors.push_back(zone);
  return out;
}

registry::Registry registered() {
  registry::Registry out = registry::testing::cast();
  out.circuits.at("line-sato").prefixes = {"10.95.1.0/24"};
  return out;
}

const std::vector<LocalAddress> kLocal{{"lo", "10.95.0.1"},       {"sekisho0", "10.202.0.1"}, {"eth0", "198.51.100.1"},
                                       {"closed0", "172.30.0.1"}, {"vdi", "10.20.0.1"},       {"vdi-mn", "10.40.0.1"}};

class ZoneProof : public ::testing::Test {
 protected:
  json table = json::parse(text_of(SEKISHO_SOURCE_DIR "/core/programs/sekishoctl/testing/two_paths.json"));
  SiteConfig config = site();
  registry::Registry registry = registered();

  [[nodiscard]] std::vector<Claim> claims() const {
    const auto rules = KernelRules::read(table.dump());
    EXPECT_TRUE(rules) << (rules ? "" : rules.error().detail);
    return rules ? prove_zones(config, registry, kLocal, *rules) : std::vector<Claim>{};
  }
  [[nodiscard]] std::vector<std::string> unproved() const {
    std::vector<std::string> out;
    for (const Claim& claim : claims()) {
      if (!claim.holds)
        out.push_back(claim.from + ">" + claim.to + " " + (claim.counter.empty() ? "" : claim.counter[0]));
    }
    return out;
  }
  /// Takes rules away whose text holds all of `words`.
  std::size_t without(const std::vector<std::string>& words) {
    auto& entries = table["nftables"];
    const std::size_t before = entries.size();
    for (std::size_t i = entries.size(); i-- > 0;) {
      const std::string text = entries[i].dump();
      const bool all = entries[i].contains("rule") && std::ranges::all_of(words, [&](const std::string& word) {
                         return text.find(word) != text.npos;
                       });
      if (all) entries.erase(i);
    }
    return before - entries.size();
  }
};

TEST_F(ZoneProof, HoldsForTheTableOfTwoPaths) {
  EXPECT_EQ(unproved(), std::vector<std::string>());
  std::size_t packets = 0, shown = 0;
  for (const Claim& claim : claims()) {
    EXPECT_FALSE(claim.shown_by.empty()) << claim.says.en;
    EXPECT_FALSE(claim.says.ja.empty());
    if (claim.from.empty() || claim.shown_by == "configuration") continue;
    packets += claim.kinds;
    ++shown;
  }
  EXPECT_EQ(shown, 6U) << "devices, session addresses and desktops, each way";
  EXPECT_GT(packets, 10'000U);
}

TEST_F(ZoneProof, EveryGuardOfTheKernelIsNeeded) {
  const std::vector<std::string> guards[] = {
      {"\"iifname\"", "sekisho0", "goto"},                    // then the strays alone stand
      {"from_internet", "\"drop\""},                          // the end of what comes out of the TUN
      {"from_closed", "\"drop\""},                            // likewise, of the circuits
      {"saddr", "10.20.0.0", "10.40.0.0", "\"drop\""},        // desktops of one side to the other
      {"saddr", "10.40.0.0", "198.51.100.1", "\"drop\""},     // and back
      {"\"chain\":\"arriving\"", "closed0", "stray_closed"},  // clear text at the closed interface
      {"\"chain\":\"crossing\"", "nfproto", "ipv6"},          // what has no zone
  };
  const json whole = table;
  for (const auto& guard : guards) {
    table = whole;
    ASSERT_GE(without(guard), 1U) << guard[0];
    EXPECT_FALSE(unproved().empty()) << guard[0] << " " << guard[1];
  }
}

TEST_F(ZoneProof, WhatIsSaidOfIpv4ProvesNothingOfIpv6AndTheOtherWayRound) {
  ASSERT_EQ(without({"nfproto"}), 2U);
  const auto against = unproved();
  ASSERT_EQ(against.size(), 1U);
  EXPECT_NE(against[0].find(" ipv6 > "), std::string::npos) << against[0];
  table["nftables"].push_back(json::parse(
      R"({"rule": {"family": "inet", "table": "sekisho", "chain": "crossing", "handle": 99, "expr": [
          {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}}, {"drop": null}]}})"));
  EXPECT_EQ(unproved().size(), 1U) << "a rule of IPv4 alone";
}

TEST_F(ZoneProof, ARightThatLeadsAcrossIsSeen) {
  for (json& entry : table["nftables"]) {
    if (!entry.contains("set") || entry["set"]["name"] != "rights_internet") continue;
    entry["set"]["elem"][0]["elem"]["val"]["concat"][1] = "10.95.0.1";
  }
  const auto against = unproved();
  ASSERT_FALSE(against.empty());
  EXPECT_NE(against[0].find("10.202.0.5 > 10.95.0.1"), std::string::npos) << against[0];
}

TEST_F(ZoneProof, WhatTheRegistryJoinsIsSeen) {
  const struct {
    const char* what;
    std::function<void(registry::Registry&)> change;
  } rows[] = {
      {"contract c-web", [](auto& r) { r.contracts.at("c-web").systems.push_back("num"); }},
      {"desktop vdi-03", [](auto& r) { r.desktops.at("vdi-03").address = "10.20.0.33"; }},
      {"desktop vdi-01", [](auto& r) { r.desktops.at("vdi-01").address = "10.95.1.7"; }},
      {"circuit line-sato", [](auto& r) { r.circuits.at("line-sato").prefixes = {"10.202.0.0/28"}; }},
      {"circuit line-sato", [](auto& r) { r.circuits.at("line-sato").prefixes = {"10.96.0.0/24"}; }},
  };
  for (const auto& row : rows) {
    registry = registered();
    row.change(registry);
    const auto against = unproved();
    ASSERT_FALSE(against.empty()) << row.what;
    EXPECT_NE(against[0].find(row.what), std::string::npos) << against[0];
  }
}

TEST_F(ZoneProof, NetworksThatMeetAreSeen) {
  config.paths[1].closed.gate_address = "10.202.0.9";
  EXPECT_FALSE(unproved().empty());
}

TEST_F(ZoneProof, WhatIsNotUnderstoodProvesNothing) {
  // The drop depends on something that this cannot tell.
  for (json& entry : table["nftables"]) {
    if (!entry.contains("rule") || entry["rule"]["chain"] != "from_internet") continue;
    json& parts = entry["rule"]["expr"];
    if (!parts.back().contains("drop")) continue;
    parts.insert(parts.begin(), json{{"match", {{"op", "=="}, {"left", {{"meta", {{"key", "mark"}}}}}, {"right", 7}}}});
  }
  EXPECT_FALSE(unproved().empty());
}

TEST(KernelRules, AListingOfSomethingElseIsNone) {
  for (const char* text : {"", "{}", "[]", R"({"nftables": []})", R"({"nftables": [{"chain": {"name": "x"}}]})"}) {
    EXPECT_FALSE(KernelRules::read(text)) << text;
  }
}

TEST(Ranges, AreAddressesAndPrefixes) {
  EXPECT_EQ(to_text(*parse_range("10.95.0.0/16")), "10.95.0.0/16");
  EXPECT_EQ(to_text(*parse_range("10.95.3.7")), "10.95.3.7");
  for (const char* text : {"", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "x/8", "10.0.0.0/8x", "10.95.3.7/16"}) {
    EXPECT_FALSE(parse_range(text)) << text;
  }
}

}  // namespace
}  // namespace sekisho::ctl
