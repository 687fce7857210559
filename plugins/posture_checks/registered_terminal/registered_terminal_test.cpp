#include "registered_terminal.hpp"

#include "admission/testing/posture_bench.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sekisho::registered_terminal {
namespace {

using admission::testing::example_facts;
using admission::testing::kGateTime;
using nlohmann::json;

const std::string kRegistered = "3c:7c:3f:1a:2b:01";

struct Claim {
  json facts = example_facts("compliant");
  std::string terminal = "pc-mori", signed_by = "pc-mori", path = "internet";
  std::vector<std::string> macs = {kRegistered};
  int binding = 1;
};

std::vector<CheckResult> judge(const Claim& claim, Config config = {}) {
  const json nothing;
  return TerminalCheck(std::move(config))
      .judge({.facts = claim.facts,
              .now = kGateTime,
              .terminal = claim.terminal,
              .registered_macs = claim.macs,
              .signed_by_terminal = claim.signed_by,
              .binding = claim.binding,
              .user_agent = {},
              .memory = nothing,
              .path = claim.path})
      .results;
}
/// Codes of everything that is no pass, with the verdict in front.
std::set<std::string> findings(const std::vector<CheckResult>& results) {
  const char* const words[] = {"pass", "warn ", "fail ", "unknown ", "n/a "};
  std::set<std::string> out;
  for (const CheckResult& r : results) {
    if (r.verdict != CheckVerdict::pass) out.insert(words[static_cast<int>(r.verdict)] + r.code);
  }
  return out;
}
using Found = std::set<std::string>;

json adapter(json mac, json permanent, const char* bus = "pci", json hardware = true) {
  return {{"mac", std::move(mac)}, {"permanent_mac", std::move(permanent)}, {"bus", bus}, {"hardware", hardware}};
}
Found with_adapters(json adapters) {
  Claim claim;
  claim.facts["network"]["interfaces"] = std::move(adapters);
  return findings(judge(claim));
}

TEST(RegisteredTerminal, JudgesTheExamplesAsWritten) {
  Claim claim;
  EXPECT_EQ(findings(judge(claim)), Found{});
  claim.facts = example_facts("outdated");
  claim.macs = {"00:e0:4c:68:00:77"};
  EXPECT_EQ(findings(judge(claim)), Found{"warn device.mac_usb_only"});
  claim.facts = example_facts("trend_micro");
  claim.macs = {"a4:bb:6d:10:20:30"};
  EXPECT_EQ(findings(judge(claim)), Found{});
}

TEST(RegisteredTerminal, JudgesEveryAddressCaseOfThePage) {
  const char* const random = "5a:11:22:33:44:55";
  const char* const other = "3c:7c:3f:99:99:99";
  // Wi-Fi with a random address, permanent one registered.
  EXPECT_EQ(with_adapters({adapter(random, kRegistered)}), Found{});
  // Only a local address, none permanent.
  EXPECT_EQ(with_adapters({adapter(random, nullptr)}), Found{"fail device.mac_only_local"});
  // Rewritten to a registered address, the permanent one is not.
  EXPECT_EQ(with_adapters({adapter(kRegistered, other)}), Found{"fail device.mac_not_registered"});
  // Permanent registered, current rewritten to another maker's.
  EXPECT_EQ(with_adapters({adapter(other, kRegistered)}), Found{"warn device.mac_overridden"});
  // Registered for another terminal is registered for nobody here.
  EXPECT_EQ(with_adapters({adapter(other, other)}), Found{"fail device.mac_not_registered"});
  // A registered address on a virtual adapter.
  EXPECT_EQ(with_adapters({adapter(kRegistered, kRegistered, "virtual", false)}),
            Found{"fail device.mac_not_registered"});
  EXPECT_EQ(with_adapters({adapter(kRegistered, kRegistered, "virtual", nullptr)}),
            Found{"fail device.mac_not_registered"});
  // A dock alone, and a dock beside the built-in adapter.
  EXPECT_EQ(with_adapters({adapter(kRegistered, kRegistered, "usb")}), Found{"warn device.mac_usb_only"});
  EXPECT_EQ(with_adapters({adapter(kRegistered, kRegistered, "usb"), adapter(kRegistered, kRegistered)}), Found{});
  // No adapter at all; adapters whose addresses were not read; none registered.
  EXPECT_EQ(with_adapters(json::array()), Found{"fail device.mac_not_registered"});
  EXPECT_EQ(with_adapters({adapter(nullptr, nullptr)}), Found{"unknown device.mac_unknown"});
  // Whether it is hardware may be unknown.
  EXPECT_EQ(with_adapters({adapter(kRegistered, nullptr, "unknown", nullptr)}), Found{});
  // An all-zero permanent address is none.
  EXPECT_EQ(with_adapters({adapter(kRegistered, "00:00:00:00:00:00")}), Found{});
}

TEST(RegisteredTerminal, ARandomMulticastOrZeroAddressNeverMatchesEvenWhenRegistered) {
  for (const char* mac : {"5a:11:22:33:44:55", "01:00:5e:00:00:01", "03:00:00:00:00:01", "00:00:00:00:00:00"}) {
    Claim claim;
    claim.macs = {mac};
    claim.facts["network"]["interfaces"] = json::array({adapter(mac, mac)});
    const auto found = findings(judge(claim));
    EXPECT_EQ(found.size(), 1u) << mac;
    EXPECT_FALSE(found.begin()->starts_with("warn")) << mac;
  }
}

TEST(RegisteredTerminal, NoNetworkSectionIsUnknown) {
  Claim claim;
  claim.facts.erase("network");
  EXPECT_EQ(findings(judge(claim)), Found{"unknown device.mac_unknown"});
}

TEST(RegisteredTerminal, ATerminalWithoutRegisteredAddressMatchesNothing) {
  Claim claim;
  claim.macs.clear();
  EXPECT_EQ(findings(judge(claim)), Found{"fail device.mac_not_registered"});
}

TEST(RegisteredTerminal, ForwardingIsShown) {
  Claim claim;
  claim.facts["network"]["forwarding"] = true;
  EXPECT_EQ(findings(judge(claim)), Found{"warn device.forwarding"});
}

TEST(RegisteredTerminal, DemandsTheKeyOfTheNamedTerminal) {
  Claim claim;
  claim.signed_by = "pc-tani";
  EXPECT_EQ(findings(judge(claim)), Found{"fail device.key_unknown"});
  claim.signed_by.clear();
  claim.binding = 0;
  EXPECT_EQ(findings(judge(claim)), Found{"fail device.key_unknown"});
  claim.terminal.clear();
  EXPECT_EQ(findings(judge(claim)), Found{"unknown device.key_unknown"});
}

TEST(RegisteredTerminal, DemandsTheBindingOfThePath) {
  Config config;
  config.paths = {{"ip_vpn", 2}};
  Claim claim;
  EXPECT_EQ(findings(judge(claim, config)), Found{});
  claim.path = "ip_vpn";
  EXPECT_EQ(findings(judge(claim, config)), Found{"fail device.binding_too_low"});
  claim.binding = 2;
  EXPECT_EQ(findings(judge(claim, config)), Found{});
  claim.binding = 4;
  EXPECT_EQ(findings(judge(claim, config)), Found{"fail device.binding_too_low"}) << "no such binding";
}

TEST(RegisteredTerminal, WithoutAnyBindingDemandedAnUnsignedClaimOnlyWarns) {
  Claim claim;
  claim.signed_by.clear();
  claim.binding = 0;
  Config config;
  config.min_binding = 0;
  EXPECT_EQ(findings(judge(claim, config)), Found{"warn device.binding_too_low"});
}

}  // namespace
}  // namespace sekisho::registered_terminal
