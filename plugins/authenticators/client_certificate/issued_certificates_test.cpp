// What the environment's own CA makes (core/pki) is what this factor takes.
#include "chain_check.hpp"
#include "pki/authority.hpp"
#include "pki/folder.hpp"
#include "pki/testing/bench.hpp"
#include "testing/zoo.hpp"

#include <gtest/gtest.h>

namespace sekisho::client_certificate {
namespace {

using pki::testing::authority;
using pki::testing::der_of;
using pki::testing::kNow;
using pki::testing::SeededEntropy;

pki::Leaf issued(const std::string& person = "mori", const std::string& terminal = "pc-mori", std::uint64_t seed = 1) {
  SeededEntropy entropy(seed);
  auto leaf = pki::issue(authority(), {.person = person, .terminal = terminal}, entropy, kNow);
  EXPECT_TRUE(leaf);
  return std::move(*leaf);
}

std::string list(const std::vector<pki::Revoked>& revoked = {}, Instant now = kNow) {
  auto made = pki::make_crl(authority(), revoked, {}, now);
  EXPECT_TRUE(made);
  return *made;
}

Checked check(const pki::Leaf& leaf, const std::string& crl, Instant now = kNow,
              const std::string& ca = authority().certificate_pem) {
  auto made = ChainCheck::make({}, ca, crl);
  EXPECT_TRUE(made) << made.error().detail;
  return (*made)->check({der_of(leaf.certificate_pem)}, now);
}

TEST(IssuedCertificates, PassTheChainCheckAsThePersonAndTerminalTheyWereMadeFor) {
  const std::string longest(63, 'z');
  std::uint64_t seed = 1;
  for (const auto& [person, terminal] :
       {std::pair<std::string, std::string>{"mori", "pc-mori"}, {"0", "9"}, {"a_b-c", "t-1_2"}, {longest, longest}}) {
    const pki::Leaf leaf = issued(person, terminal, ++seed);
    const Checked checked = check(leaf, list());
    EXPECT_EQ(checked.finding, Finding::good) << checked.why;
    EXPECT_EQ(checked.person, person);
    EXPECT_EQ(checked.terminal, terminal);
    EXPECT_EQ(checked.fingerprint_sha256, leaf.facts.fingerprint_sha256) << "the registry's key";
  }
}

TEST(IssuedCertificates, AP384AuthorityServesAsWell) {
  SeededEntropy entropy(3);
  const auto strong = pki::make_authority({.name = "P-384", .curve = "P-384"}, entropy, kNow);
  ASSERT_TRUE(strong);
  const auto leaf = pki::issue(*strong, {.person = "mori", .terminal = "pc-mori"}, entropy, kNow);
  const auto crl = pki::make_crl(*strong, {}, {}, kNow);
  ASSERT_TRUE(leaf && crl);
  EXPECT_EQ(check(*leaf, *crl, kNow, strong->certificate_pem).finding, Finding::good);
  EXPECT_EQ(check(*leaf, list(), kNow, authority().certificate_pem).finding, Finding::untrusted)
      << "the check can fail";
}

TEST(IssuedCertificates, HoldFromNowUntilTheirEnd) {
  const pki::Leaf leaf = issued();
  EXPECT_EQ(check(leaf, list()).finding, Finding::good) << "at once, on a clock that agrees";
  EXPECT_EQ(check(leaf, list(), kNow - std::chrono::minutes{4}).finding, Finding::good) << "and on one that is late";
  EXPECT_EQ(check(leaf, list({}, kNow - std::chrono::hours{1}), kNow - std::chrono::minutes{6}).finding,
            Finding::not_yet_valid);
  const Instant last = leaf.facts.not_after - std::chrono::seconds{1};
  EXPECT_EQ(check(leaf, list({}, last), last).finding, Finding::good);
  EXPECT_EQ(check(leaf, list({}, leaf.facts.not_after), leaf.facts.not_after + std::chrono::seconds{1}).finding,
            Finding::expired);
}

TEST(IssuedCertificates, FailOnceTheyAreRevokedAndTheOthersDoNot) {
  const pki::Leaf mori = issued(), tani = issued("tani", "pc-tani", 2);
  const std::string crl = list({{mori.facts.serial_hex, kNow}});
  EXPECT_EQ(check(mori, crl).finding, Finding::revoked);
  EXPECT_EQ(check(tani, crl).finding, Finding::good);
}

TEST(IssuedCertificates, NobodyPassesOnAListPastItsTime) {
  EXPECT_EQ(check(issued(), list(), kNow + std::chrono::days{30} - std::chrono::seconds{1}).finding, Finding::good);
  EXPECT_EQ(check(issued(), list(), kNow + std::chrono::days{30} + std::chrono::seconds{1}).finding,
            Finding::crl_stale);
}

TEST(IssuedCertificates, ALeafOfTheAuthorityIsNoAuthorityItself) {
  const pki::Leaf mori = issued();
  const pki::Authority false_ca{mori.certificate_pem, mori.key_pem.clone()};
  SeededEntropy entropy;
  EXPECT_FALSE(pki::issue(false_ca, {.person = "tani", .terminal = "pc-tani"}, entropy, kNow));
}

TEST(IssuedCertificates, TheFoldersFilesAreWhatThePluginReads) {
  const pki::testing::TemporaryFolder top;
  SeededEntropy entropy;
  pki::FolderOptions options;
  options.authority.name = "folder";
  ASSERT_TRUE(pki::Folder::init(top / "ca", options, entropy, kNow));
  auto folder = pki::Folder::open(top / "ca", Secret());
  ASSERT_TRUE(folder);
  const auto leaf = folder->issue({.person = "mori", .terminal = "pc-mori"}, pki::Earlier::refused, {}, entropy, kNow);
  ASSERT_TRUE(leaf);
  const auto read = [&](const char* name) { return *pki::read_file(top / (std::string("ca/") + name)); };
  EXPECT_EQ(check(*leaf, read("crl.pem"), kNow, read("ca.pem")).finding, Finding::good);
  ASSERT_TRUE(folder->revoke([](const pki::IssuedRow&) { return true; }, "lost", kNow));
  EXPECT_EQ(check(*leaf, read("crl.pem"), kNow, read("ca.pem")).finding, Finding::revoked);
}

}  // namespace
}  // namespace sekisho::client_certificate
