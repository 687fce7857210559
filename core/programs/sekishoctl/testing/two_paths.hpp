// A site with two paths, the table that netd renders for it, and how the kernel lists that table.
//
//   two_paths.nft   what netd renders for this site, and one attempt of RDP that was refused: compared with netd at
//                   every run (zone_proof_test.cpp)
//   two_paths.json  what the kernel lists when it has taken that: compared with the kernel where there is one
//                   (zone_namespace_test.cpp)
// When netd's rules change both are to be written anew, as root in this folder: the failed test says where it has put
// the first; then `unshare -n sh -c 'nft -f two_paths.nft && nft -j list ruleset' > two_paths.json`. Threads: pure
// functions; text_of() reads a file.
#pragma once
#include "base/ipv4.hpp"
#include "base/site_config_parse.hpp"
#include "netd/ruleset.hpp"
#include "programs/sekishoctl/zone_proof.hpp"
#include "registry/testing/cast.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sekisho::ctl::testing {

inline constexpr const char* kFolder = SEKISHO_SOURCE_DIR "/core/programs/sekishoctl/testing/";

inline std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline SiteConfig site() {
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

inline registry::Imported registered() {
  registry::Imported out;
  out.registry = registry::testing::cast();
  out.registry.circuits.at("line-sato").prefixes = {"10.95.1.0/24"};
  return out;
}

inline const std::vector<LocalAddress> kLocal{
    {"lo", "127.0.0.1"},          {"lo", "10.95.0.1"},       {"sekisho0", "10.202.0.1"},
    {"eth0", "198.51.100.1"},     {"closed0", "172.30.0.1"}, {"vdi", "10.20.0.1"},
    {"vdi", "10.20.0.255", true}, {"vdi-mn", "10.40.0.1"},   {"vdi-mn", "10.40.0.255", true}};

/// What netd gives to libnftables for the site, with three people inside and one RDP right; and an attempt of RDP that
/// was refused: what a set holds that no rule looks up.
inline std::string rendered(const SiteConfig& config = site()) {
  using std::chrono::minutes;
  const auto address = [](const char* text) { return *parse_ipv4(text); };
  const netd::Rights internet{{{address("10.202.0.5"), 6, 5900}, minutes(10)},
                              {{address("10.202.0.5"), 6, 443}, minutes(10)}},
      closed{{{address("10.95.1.10"), 6, 8443}, minutes(10)}};
  const netd::RdpRights rdp{{{address("10.20.0.11"), address("10.30.1.1")}, minutes(10)}};
  return netd::install_commands(netd::net_paths(config), {internet, closed}, rdp) +
         "add element inet sekisho rdp_tried { 10.20.0.11 . 10.40.0.11 . 6 . 40000 }\n";
}

inline std::vector<std::string> unproved(const std::vector<Claim>& claims) {
  std::vector<std::string> out;
  for (const Claim& claim : claims) {
    if (claim.holds) continue;
    out.push_back(claim.from + ">" + claim.to + " " + claim.says.en);
    for (const std::string& each : claim.counter) out.back() += " | " + each;
  }
  return out;
}

}  // namespace sekisho::ctl::testing
