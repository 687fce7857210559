// One address, one zone: each way of reaching a zone from another one is refused, with its words, and nothing else is.
#include "base/site_config_places.hpp"

#include "base/site_config_parse.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sekisho {
namespace {

using Words = std::vector<std::string>;

/// Two paths over the Internet's side and the closed network's, each with its desktops.
SiteConfig site() {
  SiteConfig out;
  PathConfig open;
  open.name = "internet";
  open.listen = {"198.51.100.1:443", "[2001:db8::1]:443"};
  open.tun.gate_address = "10.202.0.1";
  open.zones = {"internet_business", "internet_dmz"};
  open.entrance = "10.202.0.1:5900";
  open.pages.desktop.listen = "10.202.0.1:8443";
  open.pages.console.listen = "10.20.0.1:8443";
  PathConfig closed;
  closed.name = "closed";
  closed.listen = {"10.95.0.1:443"};
  closed.zones = {"my_number"};
  closed.lent_only = true;
  closed.entrance = "10.95.0.1:5900";
  closed.pages.desktop.listen = "10.95.0.1:8443";
  closed.pages.console.listen = "10.30.0.1:8443";
  closed.closed.gate_address = "10.95.0.1";
  closed.closed.ike_address = "172.30.0.1";
  out.paths = {open, closed};
  out.posture.listen = {"198.51.100.1:8443", "[2001:db8::1]:8443", "10.202.0.1:443"};
  HyperConfig business, number;
  business.zone = "internet_business", business.network = "10.20.0.0/24";
  number.zone = "my_number", number.network = "10.30.0.0/24";
  out.hypervisors = {business, number};
  return out;
}
/// Code and place of what is wrong after `change`.
Words after(const std::function<void(SiteConfig&)>& change) {
  SiteConfig config = site();
  change(config);
  std::vector<Error> errors;
  judge_places(config, errors);
  Words out;
  for (const Error& error : errors) out.push_back(error.code + " " + error.detail.substr(0, error.detail.find(':')));
  return out;
}

TEST(SitePlaces, WhatKeepsToItsPlacesIsNotRefused) {
  EXPECT_EQ(after([](SiteConfig&) {}), Words{});
  EXPECT_EQ(after([](SiteConfig& c) {
              PathConfig second = c.paths[0];
              second.zones = {"internet_dmz"}, c.paths[0].zones = {"internet_business"};
              second.tun.gate_address = "10.203.0.1";
              second.listen = {"198.51.100.1:444"};  // another port of the same public address
              second.entrance = "10.203.0.1:5900", second.pages = PagesConfig{};
              c.paths.push_back(second);
              c.posture.listen.push_back("10.203.0.1:443");
            }),
            Words{});
}

TEST(SitePlaces, AListenerStandsEverywhereOnlyWhereThereIsOneZone) {
  for (const char* everywhere : {"0.0.0.0:443", "[::]:443", "[0:0::0]:443"}) {
    EXPECT_EQ(after([&](SiteConfig& c) { c.paths[0].listen[1] = everywhere; }),
              Words{"config.wildcard_listener /paths/0/listen/1"});
    EXPECT_EQ(after([&](SiteConfig& c) { c.posture.listen[0] = everywhere; }),
              Words{"config.wildcard_listener /posture/listen/0"});
    EXPECT_EQ(after([&](SiteConfig& c) {
                c.paths.resize(1), c.hypervisors.resize(1);
                c.paths[0].zones = {"internet_business"};
                c.paths[0].listen = {everywhere};
              }),
              Words{})
        << "there is nothing to keep apart";
    EXPECT_EQ(after([&](SiteConfig& c) {
                c.paths.resize(1), c.hypervisors.resize(1);
                c.paths[0].listen = {everywhere};
              }),
              Words{"config.wildcard_listener /paths/0/listen/0"})
        << "two zones of one path are two zones";
  }
  EXPECT_EQ(after([](SiteConfig& c) {
              c.paths[0].tun.gate_address.clear();
              c.paths[0].entrance = "0.0.0.0:5900", c.paths[0].pages = PagesConfig{}, c.posture.listen.pop_back();
            }),
            Words{"config.wildcard_listener /paths/0/entrance"});
}

TEST(SitePlaces, AListenerStandsAtNoAddressOfAnotherPathsZones) {
  const struct {
    const char* what;
    std::string address;
  } rows[] = {{"its desktops' segment", "10.30.0.9"},
              {"its circuits' network", "10.95.7.1"},
              {"its gate", "10.95.0.1"},
              {"its console page", "10.30.0.1"},
              {"its closed interface", "172.30.0.1"}};
  for (const auto& row : rows) {
    EXPECT_FALSE(after([&](SiteConfig& c) { c.paths[0].listen[0] = row.address + ":443"; }).empty()) << row.what;
    EXPECT_EQ(after([&](SiteConfig& c) { c.paths[0].listen[0] = row.address + ":443"; })[0],
              "config.other_zone_address /paths/0/listen/0")
        << row.what;
    EXPECT_EQ(after([&](SiteConfig& c) { c.paths[0].pages.console.listen = row.address + ":444"; })[0],
              "config.other_zone_address /paths/0/pages/console/listen")
        << row.what;
    EXPECT_EQ(after([&](SiteConfig& c) { c.posture.listen[0] = row.address + ":8443"; })[0].substr(0, 46),
              row.address == "172.30.0.1" ? "config.ike_address /paths/1/closed/ike_address"
                                          : "config.posture_address /posture/listen/0")
        << row.what;
  }
  EXPECT_EQ(after([](SiteConfig& c) { c.paths[1].pages.console.listen = "198.51.100.1:444"; }),
            Words{"config.other_zone_address /paths/1/pages/console/listen"})
      << "where strangers come to";
  EXPECT_EQ(after([](SiteConfig& c) {
              c.paths.pop_back();
              c.paths[0].listen[0] = "10.30.0.9:443";
            }),
            Words{"config.other_zone_address /paths/0/listen/0"})
      << "a zone that no path leads to is another one too";
}

TEST(SitePlaces, ThePosturePageStandsAtEveryInnerAddressAndNowhereElseInside) {
  EXPECT_EQ(after([](SiteConfig& c) { c.posture.listen.pop_back(); }), Words{"config.posture_missing /posture/listen"});
  EXPECT_EQ(after([](SiteConfig& c) { c.posture.listen[2] = "10.202.0.2:443"; }),
            (Words{"config.posture_missing /posture/listen", "config.posture_address /posture/listen/2"}));
  EXPECT_EQ(after([](SiteConfig& c) { c.posture.listen.push_back("10.202.0.7:443"); }),
            Words{"config.posture_address /posture/listen/3"});
  EXPECT_EQ(after([](SiteConfig& c) { c.posture.listen.push_back("10.95.0.1:8444"); }),
            Words{"config.posture_address /posture/listen/3"})
      << "no process faces both networks";
  EXPECT_EQ(after([](SiteConfig& c) { c.posture.listen.push_back("10.20.0.9:443"); }),
            Words{"config.posture_address /posture/listen/3"});
}

TEST(SitePlaces, OnlyTheClosedNetworkTakesLentTerminalsAlone) {
  EXPECT_EQ(after([](SiteConfig& c) { c.paths[0].lent_only = true; }), Words{"config.lent_only /paths/0/lent_only"});
}

TEST(SitePlaces, TheClosedInterfaceIsInNobodysNetwork) {
  for (const char* address : {"10.95.200.1", "10.95.0.1", "10.202.0.7", "10.20.0.7", "10.30.0.7", "10.30.0.1"}) {
    EXPECT_EQ(after([&](SiteConfig& c) { c.paths[1].closed.ike_address = address; })[0],
              "config.ike_address /paths/1/closed/ike_address")
        << address;
  }
  const Words shared = after([](SiteConfig& c) { c.paths[1].closed.ike_address = "198.51.100.1"; });
  EXPECT_EQ(std::set<std::string>(shared.begin(), shared.end()).count("config.ike_address /paths/1/closed/ike_address"),
            1U)
      << "the Internet's side and the closed one are two";
}

TEST(SitePlaces, EveryRefusalSaysWhatWhyAndWhatToDoInBothLanguages) {
  std::set<std::string> codes;
  for (const Refusal& refusal : place_refusals()) {
    EXPECT_TRUE(codes.insert(refusal.code).second) << refusal.code;
    EXPECT_EQ(refusal.code.rfind("config.", 0), 0U) << refusal.code;
    EXPECT_FALSE(refusal.rule.empty()) << refusal.code;
    for (const Text& text : {refusal.what, refusal.why, refusal.remedy}) {
      EXPECT_FALSE(text.ja.empty()) << refusal.code;
      EXPECT_FALSE(text.en.empty()) << refusal.code;
    }
  }
  std::vector<Error> errors;
  SiteConfig config = site();
  config.paths[0].listen[0] = "10.30.0.9:443";
  judge_places(config, errors);
  ASSERT_EQ(errors.size(), 1U);
  for (const char* part : {"別の接続方式の範囲", "Take an address of its own path", "R01", "/hypervisors/1/network"}) {
    EXPECT_NE(errors[0].detail.find(part), std::string::npos) << errors[0].detail;
  }
}

}  // namespace
}  // namespace sekisho
