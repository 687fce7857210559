#include "circuits/connection.hpp"

#include "registry/testing/cast.hpp"
#include "registry/text.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sekisho::circuits {
namespace {

using registry::testing::cast;
using registry::testing::certificate_shape;
using registry::testing::kNow;
using std::chrono::days;

Settings settings() {
  return {.path = "closed",
          .address = "10.99.0.1",
          .name = "gate.closed.test",
          .certificate = "der of the gate",
          .authorities = {"der of the authority"},
          .entrances = {"10.95.0.1/32[tcp/443]"}};
}
const registry::Circuit& line(const registry::Registry& r) {
  return r.circuits.at("line-sato");
}
std::string why(const registry::Registry& r, Instant now = kNow) {
  return std::string(closed_because(r, line(r), "closed", now));
}

TEST(Connection, IsIkev2WithCertificatesAndNothingElse) {
  const registry::Registry r = cast();
  const vici::Section c = connection_of(line(r), settings());
  EXPECT_EQ(c.text("version"), "2");
  EXPECT_EQ(c.text("aggressive"), "no");
  EXPECT_EQ(c.section("local")->text("auth"), "pubkey");
  EXPECT_EQ(c.section("remote")->text("auth"), "pubkey");
  EXPECT_EQ(c.section("local")->text("id"), "gate.closed.test");
  EXPECT_EQ(c.section("remote")->text("id"), "line-sato.closed.test");
  EXPECT_EQ(*c.section("remote")->list("certs"),
            std::vector<std::string>{*registry::from_base64(line(r).device_certificate)});
  EXPECT_EQ(*c.section("remote")->list("cacerts"), std::vector<std::string>{"der of the authority"});
  EXPECT_TRUE(c.list("pools")->empty());
  EXPECT_FALSE(c.text("dpd_delay").empty());
}

TEST(Connection, OffersOnlyTheProposalsOfThreats9) {
  const vici::Section c = connection_of(line(cast()), settings());
  const std::vector<std::string>& ike = *c.list("proposals");
  const std::vector<std::string>& esp = *c.section("children")->section("site")->list("esp_proposals");
  for (const auto* proposals : {&ike, &esp}) {
    ASSERT_EQ(proposals->size(), 1U);
    std::string rest = proposals->front() + "-";
    for (std::size_t dash = rest.find('-'); !rest.empty(); rest = rest.substr(dash + 1), dash = rest.find('-')) {
      const std::string word = rest.substr(0, dash);
      EXPECT_TRUE(word == "aes256gcm16" || word == "aes128gcm16" || word == "prfsha384" || word == "prfsha256" ||
                  word == "ecp384" || word == "ecp256" || word == "curve25519")
          << word;
    }
  }
}

TEST(Connection, LetsTheSitesPrefixesReachTheEntrancesAndNothingElse) {
  const vici::Section c = connection_of(line(cast()), settings());
  ASSERT_EQ(c.section("children")->items().size(), 1U);
  const vici::Section& child = *c.section("children")->section("site");
  EXPECT_EQ(*child.list("local_ts"), std::vector<std::string>{"10.95.0.1/32[tcp/443]"});
  EXPECT_EQ(*child.list("remote_ts"), std::vector<std::string>{"10.90.1.0/24"});
}

TEST(Connection, TakesARevocationListForGrantedOnlyWhereThereIsOne) {
  Settings s = settings();
  EXPECT_EQ(connection_of(line(cast()), s).section("remote")->text("revocation"), "relaxed");
  s.revocation_lists = true;
  EXPECT_EQ(connection_of(line(cast()), s).section("remote")->text("revocation"), "strict");
}

TEST(Connection, HasANameThatChangesWithIt) {
  registry::Registry r = cast();
  const std::string name = name_of(line(r), connection_of(line(r), settings()));
  EXPECT_EQ(circuit_in(name), "line-sato");
  EXPECT_EQ(name, name_of(line(r), connection_of(line(r), settings())));
  std::set<std::string> names{name};
  const std::vector<std::function<void(registry::Circuit&)>> changes{
      [](registry::Circuit& c) { c.prefixes = {"10.90.1.0/25"}; },
      [](registry::Circuit& c) { c.device_name = "other.closed.test"; },
      [](registry::Circuit& c) { c.device_certificate = certificate_shape(2, kNow - days(1), kNow + days(1)); }};
  for (const auto& change : changes) {
    registry::Circuit c = line(r);
    change(c);
    EXPECT_TRUE(names.insert(name_of(c, connection_of(c, settings()))).second);
  }
  Settings other = settings();
  other.entrances = {"10.95.0.1/32"};
  EXPECT_TRUE(names.insert(name_of(line(r), connection_of(line(r), other))).second);
  // Words of staff are none of charon's business: a new name of the site ends no tunnel.
  registry::Circuit renamed = line(r);
  renamed.site = "別の名前";
  EXPECT_EQ(name_of(renamed, connection_of(renamed, settings())), name);
}

TEST(Connection, KnowsItsOwnNamesFromOthers) {
  EXPECT_EQ(circuit_in("circuit-a-0123456789abcdef"), "a");
  EXPECT_EQ(circuit_in("circuit-a-b_c-0123456789abcdef"), "a-b_c");
  for (const char* other : {"", "circuit", "circuit-", "line", "circuit-a", "circuit-a-0123",
                            "circuit--0123456789abcdef", "circuit-a-0123456789abcdeg", "circuit-a-0123456789ABCDEF",
                            "circuit-a_0123456789abcdef", "xcircuit-a-0123456789abcdef"}) {
    EXPECT_EQ(circuit_in(other), std::nullopt) << other;
  }
}

TEST(Circuit, IsClosedForEachReasonByItself) {
  EXPECT_EQ(why(cast()), "");
  struct Case {
    const char* code;
    std::function<void(registry::Registry&)> change;
  };
  const auto stop = [](registry::Registry& r, const char* scope, const char* target) {
    r.stops.emplace(std::string(scope) + ":" + target, registry::Stop{scope, target, kNow, "yama", "試験"});
  };
  const std::vector<Case> cases{
      {"stop.all", [&](registry::Registry& r) { stop(r, "all", ""); }},
      {"stop.path", [&](registry::Registry& r) { stop(r, "path", "closed"); }},
      {"stop.contractor", [&](registry::Registry& r) { stop(r, "contractor", "sato-joho"); }},
      {"circuit.ceased", [](registry::Registry& r) { r.circuits.at("line-sato").ended_at = kNow; }},
      {"circuit.not_usable",
       [](registry::Registry& r) { r.circuits.at("line-sato").usable_at = kNow + std::chrono::microseconds(1); }},
      {"circuit.not_usable", [](registry::Registry& r) { r.circuits.at("line-sato").usable_at.reset(); }},
      {"contract.not_in_force", [](registry::Registry& r) { r.contracts.at("c-num").ended_at = kNow; }},
      {"contract.not_in_force", [](registry::Registry& r) { r.contracts.at("c-num").period.until = kNow; }},
      {"contract.not_in_force", [](registry::Registry& r) { r.contracts.at("c-num").contractor = "mori-kogyo"; }},
      {"circuit.no_device", [](registry::Registry& r) { r.circuits.at("line-sato").device_name.clear(); }},
      {"circuit.no_device", [](registry::Registry& r) { r.circuits.at("line-sato").device_certificate = "!!!!"; }},
      {"circuit.no_device", [](registry::Registry& r) { r.circuits.at("line-sato").device_certificate = ""; }},
      {"circuit.no_device", [](registry::Registry& r) { r.circuits.at("line-sato").device_certificate = "MAQCAgAB"; }},
      {"circuit.device_expired",
       [](registry::Registry& r) {
         r.circuits.at("line-sato").device_certificate = certificate_shape(1, kNow - days(1), kNow);
       }},
      {"circuit.device_expired",
       [](registry::Registry& r) {
         r.circuits.at("line-sato").device_certificate =
             certificate_shape(1, kNow + std::chrono::seconds(1), kNow + days(1));
       }},
      {"circuit.no_prefix", [](registry::Registry& r) { r.circuits.at("line-sato").prefixes.clear(); }}};
  for (const Case& c : cases) {
    registry::Registry r = cast();
    c.change(r);
    EXPECT_EQ(why(r), c.code);
  }
  registry::Registry others = cast();
  stop(others, "path", "internet"), stop(others, "contractor", "mori-kogyo"), stop(others, "person", "sato");
  EXPECT_EQ(why(others), "");
}

TEST(Circuit, ItsNextChangeIsTheNextDayThatCounts) {
  registry::Registry r = cast();
  EXPECT_EQ(next_change(r, kNow), kNow + days(200));  // the contracts' end
  r.circuits.at("line-sato").ended_at = kNow + days(3);
  EXPECT_EQ(next_change(r, kNow), kNow + days(3));
  r.circuits.at("line-sato").usable_at = kNow + days(2);
  EXPECT_EQ(next_change(r, kNow), kNow + days(2));
  r.contracts.at("c-num").ended_at = kNow + days(1);
  EXPECT_EQ(next_change(r, kNow), kNow + days(1));
  EXPECT_EQ(next_change(r, kNow + days(1)), kNow + days(2));
  EXPECT_EQ(next_change(r, kNow + days(500)), std::nullopt);
}

TEST(Circuit, ItsNextChangeMayBeTheEndOfItsDevicesCertificate) {
  registry::Registry r = cast();
  r.circuits.at("line-sato").device_certificate = certificate_shape(1, kNow - days(1), kNow + days(1));
  EXPECT_EQ(next_change(r, kNow), kNow + days(1));
}

TEST(Validity, IsReadFromACertificateAndNothingElse) {
  const std::string der = *registry::from_base64(certificate_shape(1, kNow - days(1), kNow + days(1)));
  const auto valid = validity_of(der);
  ASSERT_TRUE(valid);
  EXPECT_EQ(valid->from, kNow - days(1));
  EXPECT_EQ(valid->until, kNow + days(1));
  for (std::size_t n = 0; n < der.size(); ++n) EXPECT_FALSE(validity_of(der.substr(0, n))) << n;
  EXPECT_FALSE(validity_of(der + "x"));
  std::size_t refused = 0;
  for (std::size_t n = 0; n < der.size(); ++n) {
    std::string spoilt = der;
    spoilt[n] = static_cast<char>(0xff);
    refused += validity_of(spoilt) ? 0U : 1U;
  }
  EXPECT_GE(refused, der.size() - 4);  // the serial and what the version holds may be anything
}

}  // namespace
}  // namespace sekisho::circuits
