// The proof holds for the table that netd writes for two paths (testing/two_paths.hpp), and for no table, registry or
// site from which one guard is missing.
#include "programs/sekishoctl/zone_proof.hpp"

#include "programs/sekishoctl/testing/two_paths.hpp"
#include "registry/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace sekisho::ctl {
namespace {

using nlohmann::json;
using namespace testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ZoneProof : public ::testing::Test {
 protected:
  json table = json::parse(text_of(std::string(kFolder) + "two_paths.json"));
  SiteConfig config = site();
  registry::Imported registry = registered();
  std::vector<LocalAddress> local = kLocal;

  [[nodiscard]] std::vector<Claim> claims() const {
    const auto rules = KernelRules::read(table.dump(), KernelRules::From::file);
    EXPECT_TRUE(rules) << (rules ? "" : rules.error().detail);
    return rules ? prove_zones(config, registry, local, *rules) : std::vector<Claim>{};
  }
  [[nodiscard]] std::vector<std::string> against() const { return unproved(claims()); }
  [[nodiscard]] json& chain_rules(const std::string& chain, std::size_t number) {
    for (json& entry : table["nftables"]) {
      if (entry.contains("rule") && entry["rule"]["chain"] == chain && number-- == 0) return entry["rule"];
    }
    ADD_FAILURE() << chain;
    return table;
  }
  /// Puts a rule before all others of `chain`.
  void first(const std::string& chain, const json& expr) {
    auto& entries = table["nftables"];
    for (auto at = entries.begin(); at != entries.end(); ++at) {
      if (!at->contains("rule") || (*at)["rule"]["chain"] != chain) continue;
      json rule = *at;
      rule["rule"]["handle"] = 999;
      rule["rule"]["expr"] = expr;
      entries.insert(at, rule);
      return;
    }
    ADD_FAILURE() << chain;
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

TEST_F(ZoneProof, TheFixtureIsWhatNetdRendersForTheSite) {
  const std::string now = rendered();
  if (text_of(std::string(kFolder) + "two_paths.nft") == now) return;
  const std::string file = ::testing::TempDir() + "two_paths.nft";
  std::ofstream(file, std::ios::binary) << now;
  FAIL() << "netd writes another table, it is in " << file << "; testing/two_paths.hpp says what to do with it";
}

TEST_F(ZoneProof, HoldsForTheTableOfTwoPaths) {
  EXPECT_THAT(against(), IsEmpty());
  std::size_t packets = 0, shown = 0;
  for (const Claim& claim : claims()) {
    EXPECT_FALSE(claim.shown_by.empty()) << claim.says.en;
    EXPECT_FALSE(claim.says.ja.empty());
    EXPECT_GT(claim.kinds, 0U) << claim.says.en;
    if (claim.from.empty() || claim.shown_by.starts_with("configuration")) continue;
    packets += claim.kinds;
    ++shown;
  }
  EXPECT_EQ(shown, 6U) << "devices, session addresses and desktops, each way";
  EXPECT_GT(packets, 10'000U);
}

TEST_F(ZoneProof, EveryGuardOfTheKernelIsNeeded) {
  const std::vector<std::string> guards[] = {
      {"\"iifname\"", "sekisho0", "goto"},                                      // then the strays alone stand
      {"\"chain\":\"from_internet\"", "\"drop\""},                              // the end of what comes out of the TUN
      {"\"chain\":\"from_closed\"", "\"drop\""},                                // likewise, of the circuits
      {"saddr", "10.20.0.0", "10.40.0.0", "\"drop\""},                          // desktops of one side to the other
      {"saddr", "10.40.0.0", "198.51.100.1", "\"drop\""},                       // and back
      {"\"chain\":\"arriving\"", R"("==","right":"closed0")", "stray_closed"},  // clear text at the closed interface
      {"\"chain\":\"crossing\"", "nfproto", "ipv6"},                            // what has no zone
  };
  const json whole = table;
  for (auto guard : guards) {
    table = whole;
    if (guard[1].starts_with("\"==\"")) guard[1] = "\"right\":\"closed0\"";
    ASSERT_GE(without(guard), 1U) << guard[0];
    EXPECT_THAT(against(), Not(IsEmpty())) << guard[0] << " " << guard[1];
  }
}

TEST_F(ZoneProof, WhatIsSaidOfIpv4ProvesNothingOfIpv6AndTheOtherWayRound) {
  const auto of_ipv6 = ElementsAre(AllOf(HasSubstr("> No packet of IPv6 is forwarded"), HasSubstr(" IPv6 onward")));
  const auto family = [](const char* name) {
    return json{{"match", {{"op", "=="}, {"left", {{"meta", {{"key", "nfproto"}}}}}, {"right", name}}}};
  };
  const json drop = {{"drop", nullptr}}, accept = {{"accept", nullptr}};
  ASSERT_EQ(without({"\"chain\":\"crossing\"", "nfproto"}), 1U);
  EXPECT_THAT(against(), of_ipv6);
  first("crossing", json::array({family("ipv4"), drop}));
  EXPECT_THAT(against(), of_ipv6) << "a rule of IPv4 alone";
  first("crossing", json::array({family("ipv6"), drop}));
  EXPECT_THAT(against(), IsEmpty());
  // An exception of addresses that nobody here looks at may be for any packet of that family.
  const json source = {
      {"match",
       {{"op", "=="}, {"left", {{"payload", {{"protocol", "ip6"}, {"field", "saddr"}}}}}, {"right", "fd00::7"}}}};
  first("crossing", json::array({source, accept}));
  EXPECT_THAT(against(), of_ipv6);
}

TEST_F(ZoneProof, ARightThatLeadsAcrossIsSeen) {
  for (json& entry : table["nftables"]) {
    if (!entry.contains("set") || entry["set"]["name"] != "rights_internet") continue;
    entry["set"]["elem"][0]["elem"]["val"]["concat"][1] = "10.95.0.1";
  }
  EXPECT_THAT(against(), Contains(AllOf(HasSubstr("No right"), HasSubstr("10.202.0.5 > 10.95.0.1"))));
  EXPECT_THAT(against(), Contains(HasSubstr("sekisho0 ")));
}

TEST_F(ZoneProof, AThousandRightsMakeNoMoreQuestions) {
  const auto kinds = [](const std::vector<Claim>& all) {
    std::size_t out = 0;
    for (const Claim& claim : all) out += claim.from.empty() ? 0 : claim.kinds;
    return out;
  };
  const std::size_t before = kinds(claims());
  for (json& entry : table["nftables"]) {
    if (!entry.contains("set") || entry["set"]["name"] != "rights_internet") continue;
    json element = entry["set"]["elem"][0];
    for (std::uint32_t i = 0; i < 1000; ++i) {
      element["elem"]["val"]["concat"][0] = to_text(Range{0x0aca0002 + i, 0x0aca0002 + i});
      entry["set"]["elem"].push_back(element);
    }
  }
  EXPECT_EQ(kinds(claims()), before);
  EXPECT_THAT(against(), IsEmpty());
}

TEST_F(ZoneProof, SourcesThatAreBarredMakeNoMoreQuestionsAndProveNothing) {
  json elements = json::array();
  for (std::uint32_t i = 0; i < 400; ++i) {
    const std::string address =
        to_text(Range{0x0a280002 + i, 0x0a280002 + i});  // desktops of the closed side among them
    elements.push_back({{"elem", {{"val", address}, {"timeout", 600}, {"expires", 60}}}});
  }
  std::size_t filled = 0;
  for (json& entry : table["nftables"]) {
    if (!entry.contains("set") || entry["set"]["name"] != "barred") continue;
    entry["set"]["elem"] = elements;
    ++filled;
  }
  ASSERT_EQ(filled, 1U);
  EXPECT_THAT(against(), IsEmpty());
  ASSERT_GE(without({"saddr", "10.40.0.0", "198.51.100.1", "\"drop\""}), 1U);
  EXPECT_THAT(against(), Not(IsEmpty())) << "that desktops are barred for a while is no guard";
}

TEST_F(ZoneProof, WhatTheRegistryJoinsIsSeen) {
  const struct {
    const char* what;
    std::function<void(registry::Registry&)> change;
  } rows[] = {
      {"contract c-web", [](auto& r) { r.contracts.at("c-web").systems.push_back("num"); }},
      {"desktop vdi-03", [](auto& r) { r.desktops.at("vdi-03").address = "10.20.0.33"; }},
      {"desktop vdi-01", [](auto& r) { r.desktops.at("vdi-01").address = "10.95.1.7"; }},
      {"desktop vdi-01", [](auto& r) { r.desktops.at("vdi-01").address = "fd00::7"; }},
      {"circuit line-sato", [](auto& r) { r.circuits.at("line-sato").prefixes = {"10.202.0.0/28"}; }},
      {"circuit line-sato", [](auto& r) { r.circuits.at("line-sato").prefixes = {"10.96.0.0/24"}; }},
  };
  for (const auto& row : rows) {
    registry = registered();
    row.change(registry.registry);
    EXPECT_THAT(against(), Contains(HasSubstr(row.what)));
  }
}

TEST_F(ZoneProof, WhatTheImportFindsIsHeldAgainstIt) {
  // Nothing else of the proof sees it: a lent terminal that has the hardware address of an own one.
  auto& terminals = registry.registry.terminals;
  terminals.at("pc-sato").macs = terminals.at("pc-mori").macs;
  EXPECT_THAT(against(), IsEmpty());
  registry.findings = registry::validate(registry.registry);
  ASSERT_THAT(registry.findings, Not(IsEmpty()));
  EXPECT_THAT(against(), ElementsAre(AllOf(HasSubstr("The registry keeps"), HasSubstr("zone.terminal /terminals/"))));
}

TEST_F(ZoneProof, NetworksThatMeetAreSeen) {
  config.paths[1].closed.gate_address = "10.202.0.9";
  EXPECT_THAT(against(), Contains(HasSubstr("do not overlap")));
}

TEST_F(ZoneProof, WhatIsNotUnderstoodProvesNothing) {
  // The drop depends on something that this cannot tell.
  json& parts = chain_rules("from_internet", 1)["expr"];
  ASSERT_TRUE(parts.back().contains("drop"));
  parts.insert(parts.begin(), json{{"match", {{"op", "=="}, {"left", {{"meta", {{"key", "mark"}}}}}, {"right", 7}}}});
  EXPECT_THAT(against(), Contains(HasSubstr("internet>closed What comes out of this path's devices")));
}

TEST_F(ZoneProof, AStatementThatNobodyReadsIsNamedAndNothingBehindItIsProved) {
  first("arriving", json::array({{{"mangle", {{"key", {{"meta", {{"key", "mark"}}}}}, {"value", 7}}}}}));
  EXPECT_THAT(against(), Contains(AllOf(HasSubstr("no statement that"), HasSubstr("arriving 999: mangle"))));
  EXPECT_THAT(against(), Contains(HasSubstr("closed>internet This path's desktops")));
  // One that no packet of the proof meets is held against it all the same.
  table = json::parse(text_of(std::string(kFolder) + "two_paths.json"));
  first("leaving", json::array({{{"notrack", nullptr}}}));
  EXPECT_THAT(against(), ElementsAre(HasSubstr("leaving 999: notrack")));
}

TEST_F(ZoneProof, ADormantTableGuardsNothing) {
  table["nftables"][1]["table"]["flags"] = "dormant";
  EXPECT_THAT(against(), Contains(HasSubstr("table inet sekisho: flags")));
  EXPECT_THAT(against(), SizeIs(::testing::Ge(7U))) << "and none of what the kernel should drop is dropped";
}

TEST_F(ZoneProof, AnotherTableThatSendsPacketsAcrossIsSeen) {
  table["nftables"].push_back({{"rule",
                                {{"family", "ip"},
                                 {"table", "nat"},
                                 {"chain", "in"},
                                 {"handle", 4},
                                 {"expr", {{{"dnat", {{"addr", "10.40.0.11"}}}}}}}}});
  EXPECT_THAT(against(), ElementsAre(HasSubstr("ip nat in 4: dnat")));
}

TEST_F(ZoneProof, AListenerThatTakesMoreThanItsOwnAddressIsNotProved) {
  const struct {
    std::string listener;
    std::function<void(std::vector<LocalAddress>&)> change;
  } rows[] = {
      {"0.0.0.0:9443", [](auto&) {}},
      {"[::]:9443", [](auto&) {}},
      {"[2001:db8::95]:9443",
       [](auto& l) {
         l.push_back({"vdi", "fe80::1"});
       }},  // the other side speaks IPv6
      {"192.0.2.9:9443",
       [](auto& l) {
         l.push_back({"eth0", "192.0.2.9"});
       }},  // at the Internet's device
  };
  for (const auto& row : rows) {
    local = kLocal;
    config = site();
    EXPECT_THAT(against(), IsEmpty());
    config.paths[1].listen.push_back(row.listener);
    row.change(local);
    EXPECT_THAT(against(),
                Contains(AllOf(HasSubstr("internet>closed The other path's listeners"), HasSubstr(row.listener))));
    // Unless a rule of the kernel closes it.
    const json before = table;
    const json port = {
        {"match", {{"op", "=="}, {"left", {{"payload", {{"protocol", "tcp"}, {"field", "dport"}}}}}, {"right", 9443}}}};
    first("arriving", json::array({port, {{"drop", nullptr}}}));
    EXPECT_THAT(against(), Each(Not(HasSubstr(row.listener)))) << row.listener;
    table = before;
  }
}

TEST_F(ZoneProof, AListenerThatNobodyHereUnderstandsIsNotProved) {
  for (const char* listener : {"[::ffff:192.0.2.9]:9443", "[::ffff:0.0.0.0]:9443", "gate:9443", "10.95.0.1"}) {
    config = site();
    config.paths[1].listen.push_back(listener);
    EXPECT_THAT(against(), ElementsAre(AllOf(HasSubstr("internet>closed The other path's listeners"),
                                             HasSubstr(std::string("| ") + listener))));
  }
}

TEST_F(ZoneProof, AListenerOfIpv6IsNotReachedWhereTheOtherSideHasNone) {
  config.paths[1].listen.push_back("[2001:db8::95]:9443");
  local.push_back({"closed0", "2001:db8::95"});
  EXPECT_THAT(against(), IsEmpty());
}

TEST_F(ZoneProof, ThePosturePageIsTheInternets) {
  config.posture.listen.push_back("10.95.0.1:8444");
  EXPECT_THAT(against(), Contains(AllOf(HasSubstr("do not overlap"), HasSubstr("10.95.0.1"))));
  config = site();
  config.posture.listen.push_back("0.0.0.0:8444");
  EXPECT_THAT(against(),
              Contains(AllOf(HasSubstr("closed>internet The other path's listeners"), HasSubstr("0.0.0.0:8444"))));
}

TEST_F(ZoneProof, AMachineWithoutAddressesProvesNothing) {
  local.clear();
  EXPECT_THAT(against(), Contains(HasSubstr("no address of this machine is known")));
}

}  // namespace
}  // namespace sekisho::ctl
