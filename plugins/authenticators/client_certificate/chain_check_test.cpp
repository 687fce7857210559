#include "chain_check.hpp"

#include "testing/zoo.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sekisho::client_certificate {
namespace {

using namespace zoo;  // NOLINT: the zoo

std::string name_of(Finding finding) {
  static constexpr const char* kNames[] = {"good",    "malformed", "untrusted",   "expired", "not_yet_valid",
                                           "revoked", "crl_stale", "wrong_usage", "weak_key"};
  return kNames[static_cast<std::size_t>(finding)];
}

struct ZooTest : testing::Test {
  ZooTest() {
    root = issue(ca_spec("root"));
    good_list = crl(root, {});
  }
  [[nodiscard]] Checked check(const std::vector<std::string>& chain, const std::string& lists, std::string ca = {},
                              Config config = {}) const {
    auto made = ChainCheck::make(config, ca.empty() ? root.pem() : ca, lists);
    EXPECT_TRUE(made.has_value());
    return (*made)->check(chain, kNow);
  }
  [[nodiscard]] std::string of_leaf(const std::function<void(Spec&)>& change) const {
    Spec spec;
    change(spec);
    return name_of(check({issue(spec, &root).der()}, good_list).finding);
  }
  Issued root;
  std::string good_list;
};

TEST_F(ZooTest, TakesAGoodLeafAndReadsWhoseItIs) {
  const Issued leaf = issue({}, &root);
  const Checked checked = check({leaf.der()}, good_list);
  EXPECT_EQ(name_of(checked.finding), "good") << checked.why;
  EXPECT_EQ(checked.person, "mori");
  EXPECT_EQ(checked.terminal, "pc-mori");
  EXPECT_EQ(checked.fingerprint_sha256.size(), 64u);
  EXPECT_EQ(check({leaf.der(), root.der()}, good_list).fingerprint_sha256, checked.fingerprint_sha256);
}

TEST_F(ZooTest, JudgesTheLeafsTime) {
  EXPECT_EQ(of_leaf([](Spec& s) { s.not_after = -1; }), "expired");
  EXPECT_EQ(of_leaf([](Spec& s) { s.not_before = 1; }), "not_yet_valid");
  EXPECT_EQ(of_leaf([](Spec& s) { s.not_before = 0; }), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.not_after = 1; }), "good");
}

TEST_F(ZooTest, JudgesTheLeafsUsage) {
  EXPECT_EQ(of_leaf([](Spec& s) { s.extended = ""; }), "wrong_usage") << "silence is not clientAuth";
  EXPECT_EQ(of_leaf([](Spec& s) { s.extended = "serverAuth"; }), "wrong_usage");
  EXPECT_EQ(of_leaf([](Spec& s) { s.extended = "anyExtendedKeyUsage"; }), "wrong_usage");
  EXPECT_EQ(of_leaf([](Spec& s) { s.extended = "serverAuth,clientAuth"; }), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.usage = "critical,keyEncipherment"; }), "wrong_usage");
  EXPECT_EQ(of_leaf([](Spec& s) { s.usage = ""; }), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.basic = "critical,CA:TRUE"; }), "wrong_usage") << "a CA is no terminal";
  EXPECT_EQ(of_leaf([](Spec& s) { s.usage = "critical,digitalSignature,keyCertSign", s.basic = "CA:TRUE"; }),
            "wrong_usage");
}

TEST_F(ZooTest, JudgesTheLeafsKey) {
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    EXPECT_EQ(of_leaf([&](Spec& s) { s.key = ec_key(curve); }), "good") << curve;
  }
  for (const char* curve : {"secp224r1", "secp256k1", "brainpoolP256r1"}) {
    EXPECT_EQ(of_leaf([&](Spec& s) { s.key = ec_key(curve); }), "weak_key") << curve;
  }
  EXPECT_EQ(of_leaf([](Spec& s) { s.key = rsa_key(3072); }), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.key = rsa_key(2048); }), "weak_key");
  EXPECT_EQ(of_leaf([](Spec& s) { s.key = ed25519_key(); }), "weak_key") << "not in the list of threats.md §9";
}

TEST_F(ZooTest, TakesSmallerRsaKeysOnlyByConfiguration) {
  Config config;
  config.min_rsa_bits = 2048;
  Spec spec;
  spec.key = rsa_key(2048);
  EXPECT_EQ(name_of(check({issue(spec, &root).der()}, good_list, {}, config).finding), "good");
  spec.key = rsa_key(1024);
  EXPECT_EQ(name_of(check({issue(spec, &root).der()}, good_list, {}, config).finding), "weak_key");
}

TEST_F(ZooTest, JudgesEverySignature) {
  EXPECT_EQ(of_leaf([](Spec& s) { s.digest = EVP_sha1(); }), "weak_key");
  EXPECT_EQ(of_leaf([](Spec& s) { s.digest = EVP_sha224(); }), "weak_key");
  EXPECT_EQ(of_leaf([](Spec& s) { s.digest = EVP_sha384(); }), "good");
}

TEST_F(ZooTest, ReadsIdentityFromExactlyTwoUris) {
  const std::string person = "URI:urn:sekisho:person:mori", terminal = "URI:urn:sekisho:terminal:pc-mori";
  for (const std::string& san :
       {std::string(), person, terminal, person + "," + terminal + "," + person,
        person + ",URI:urn:sekisho:person:tani," + terminal,
        person + ",URI:urn:sekisho:terminal:", person + ",URI:urn:sekisho:terminal:PC-MORI",
        person + ",URI:urn:sekisho:terminal:pc mori", person + ",URI:urn:sekisho:terminal:" + std::string(64, 'a'),
        person + ",DNS:pc-mori.test", std::string("URI:URN:SEKISHO:PERSON:mori,") + terminal,
        std::string("URI:urn:sekisho:person:-mori,") + terminal}) {
    EXPECT_EQ(of_leaf([&](Spec& s) { s.san = san; }), "malformed") << san;
  }
  EXPECT_EQ(of_leaf([&](Spec& s) { s.san = person + "," + terminal + ",DNS:pc.test,URI:https://x.test/"; }), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.name = "urn:sekisho:person:tani"; }), "good") << "the common name counts nothing";
}

TEST_F(ZooTest, RefusesWhatTheConfiguredCaDidNotSign) {
  const Issued other = issue(ca_spec("root"));  // the same name, another key
  EXPECT_EQ(name_of(check({issue({}, &other).der()}, good_list).finding), "untrusted");
  EXPECT_EQ(name_of(check({issue({}, &other).der(), other.der()}, good_list).finding), "untrusted");
  EXPECT_EQ(name_of(check({issue({}).der()}, good_list).finding), "untrusted") << "self-signed";
  std::string changed = issue({}, &root).der();
  changed[changed.size() - 5] = static_cast<char>(changed[changed.size() - 5] ^ 1);  // inside the signature
  EXPECT_NE(name_of(check({changed}, good_list).finding), "good");
  EXPECT_EQ(of_leaf([](Spec& s) { s.unknown_critical = "1.3.6.1.4.1.55555.1"; }), "untrusted");
}

TEST_F(ZooTest, RefusesAnExtensionThatStandsThereTwice) {
  for (const int nid : {NID_basic_constraints, NID_key_usage, NID_ext_key_usage, NID_subject_alt_name,
                        NID_subject_key_identifier, NID_authority_key_identifier}) {
    EXPECT_NE(of_leaf([nid](Spec& s) { s.repeated = nid; }), "good") << OBJ_nid2sn(nid);
  }
}

TEST_F(ZooTest, FollowsIntermediatesWithinTheirLimits) {
  const Issued middle = issue(ca_spec("middle"), &root);
  const Issued leaf = issue({}, &middle);
  const std::string lists = good_list + crl(middle, {});
  EXPECT_EQ(name_of(check({leaf.der(), middle.der()}, lists).finding), "good");
  EXPECT_EQ(name_of(check({leaf.der()}, lists).finding), "untrusted") << "the intermediate is missing";
  EXPECT_EQ(name_of(check({leaf.der()}, lists, root.pem() + middle.pem()).finding), "good");
  EXPECT_EQ(name_of(check({leaf.der(), middle.der()}, good_list).finding), "crl_stale") << "a list for every issuer";
  EXPECT_EQ(name_of(check({leaf.der(), middle.der()}, crl(root, {7}) + crl(middle, {})).finding), "revoked")
      << "a revoked CA takes its leaves along";
  Config config;
  config.max_path_length = 1;
  EXPECT_EQ(name_of(check({leaf.der(), middle.der()}, lists, {}, config).finding), "untrusted");

  // A leaf that plays CA, and a CA that may not have CAs below it.
  const Issued false_ca = issue({}, &root);
  EXPECT_EQ(name_of(check({issue({}, &false_ca).der(), false_ca.der()}, good_list + crl(false_ca, {})).finding),
            "untrusted");
  const Issued narrow = issue(ca_spec("narrow", "critical,CA:TRUE,pathlen:0"), &root);
  const Issued below = issue(ca_spec("below"), &narrow);
  const std::string all = good_list + crl(narrow, {}) + crl(below, {});
  EXPECT_EQ(name_of(check({issue({}, &narrow).der(), narrow.der()}, all).finding), "good");
  EXPECT_EQ(name_of(check({issue({}, &below).der(), below.der(), narrow.der()}, all).finding), "untrusted");
}

TEST_F(ZooTest, JudgesEveryIssuerLikeTheLeaf) {
  const auto with_middle = [&](const std::function<void(Spec&)>& change) {
    Spec spec = ca_spec("middle");
    change(spec);
    const Issued middle = issue(spec, &root);
    return name_of(check({issue({}, &middle).der(), middle.der()}, good_list + crl(middle, {})).finding);
  };
  EXPECT_EQ(with_middle([](Spec&) {}), "good");
  EXPECT_EQ(with_middle([](Spec& s) { s.not_after = -1; }), "expired");
  EXPECT_EQ(with_middle([](Spec& s) { s.key = rsa_key(2048); }), "weak_key");
  EXPECT_EQ(with_middle([](Spec& s) { s.digest = EVP_sha1(); }), "weak_key");
  EXPECT_EQ(with_middle([](Spec& s) { s.usage = "critical,digitalSignature"; }), "untrusted");
  EXPECT_EQ(with_middle([](Spec& s) { s.basic = ""; }), "untrusted");
  EXPECT_EQ(with_middle([](Spec& s) { s.extended = "serverAuth"; }), "wrong_usage") << "a CA for servers only";
  EXPECT_NE(with_middle([](Spec& s) { s.constraints = "critical,permitted;URI:.contractor.test"; }), "good");
}

TEST_F(ZooTest, KnowsTheRevoked) {
  Spec spec;
  spec.serial = 4711;
  const std::string leaf = issue(spec, &root).der();
  EXPECT_EQ(name_of(check({leaf}, crl(root, {1, 4711})).finding), "revoked");
  EXPECT_EQ(name_of(check({leaf}, crl(root, {4712})).finding), "good");
}

TEST_F(ZooTest, LetsNobodyPassWithoutACurrentList) {
  const std::string leaf = issue({}, &root).der();
  const Issued other = issue(ca_spec("other"));
  const Issued impostor = issue(ca_spec("root"));
  EXPECT_EQ(name_of(check({leaf}, "").finding), "crl_stale");
  EXPECT_EQ(name_of(check({leaf}, "no list\n").finding), "crl_stale");
  EXPECT_EQ(name_of(check({leaf}, good_list.substr(0, good_list.size() / 2)).finding), "crl_stale");
  EXPECT_EQ(name_of(check({leaf}, crl(other, {})).finding), "crl_stale") << "another issuer's list";
  EXPECT_EQ(name_of(check({leaf}, crl(impostor, {})).finding), "crl_stale") << "the right name, a wrong signature";
  EXPECT_EQ(name_of(check({leaf}, crl(root, {}, -2 * kDay, -1)).finding), "crl_stale") << "past nextUpdate";
  EXPECT_EQ(name_of(check({leaf}, crl(root, {}, 60, kDay)).finding), "crl_stale") << "from the future";
}

TEST_F(ZooTest, GivesAnOldListTheConfiguredGraceAndStillReadsIt) {
  Config config;
  config.crl_grace = std::chrono::seconds(3600);
  const std::string leaf = issue({}, &root).der();
  EXPECT_EQ(name_of(check({leaf}, crl(root, {}, -2 * kDay, -3599), {}, config).finding), "good");
  EXPECT_EQ(name_of(check({leaf}, crl(root, {}, -2 * kDay, -3601), {}, config).finding), "crl_stale");
  EXPECT_EQ(name_of(check({leaf}, crl(root, {7}, -2 * kDay, -60), {}, config).finding), "revoked");
}

// --- chains that are remembered

TEST_F(ZooTest, RemembersAGoodChainAndNothingElse) {
  const auto made = ChainCheck::make({}, root.pem(), good_list);
  ASSERT_TRUE(made.has_value());
  const std::string leaf = issue({}, &root).der();
  const Checked first = (*made)->check({leaf}, kNow);
  EXPECT_EQ((*made)->remembered(), 1u);
  const Checked again = (*made)->check({leaf}, kNow);
  EXPECT_EQ(name_of(again.finding), "good");
  EXPECT_EQ(again.person, first.person);
  EXPECT_EQ(again.terminal, first.terminal);
  EXPECT_EQ(again.fingerprint_sha256, first.fingerprint_sha256);
  std::string changed = leaf;
  changed[changed.size() - 5] = static_cast<char>(changed[changed.size() - 5] ^ 1);
  EXPECT_NE(name_of((*made)->check({changed}, kNow).finding), "good") << "one byte more or less is another chain";
  EXPECT_EQ(name_of((*made)->check({leaf.substr(1)}, kNow).finding), "malformed");
  EXPECT_EQ((*made)->remembered(), 1u);
}

TEST_F(ZooTest, ARememberedChainEndsWithEachOfItsTimes) {
  const auto at_second = [](long offset) { return kNow + std::chrono::seconds(offset); };
  Spec short_ca = ca_spec("middle");
  short_ca.not_after = 300;
  const Issued middle = issue(short_ca, &root);
  Spec short_leaf;
  short_leaf.not_before = -10;
  short_leaf.not_after = 200;
  const std::vector<std::string> by_leaf = {issue(short_leaf, &root).der()},
                                 by_issuer = {issue({}, &middle).der(), middle.der()};
  const auto made = ChainCheck::make({}, root.pem(), crl(root, {}, -kDay, 400) + crl(middle, {}, -20, kDay));
  ASSERT_TRUE(made.has_value());
  ASSERT_EQ(name_of((*made)->check(by_leaf, kNow).finding), "good");
  ASSERT_EQ(name_of((*made)->check(by_issuer, kNow).finding), "good");
  ASSERT_EQ((*made)->remembered(), 2u);
  EXPECT_EQ(name_of((*made)->check(by_leaf, at_second(199)).finding), "good");
  EXPECT_EQ(name_of((*made)->check(by_leaf, at_second(201)).finding), "expired");
  EXPECT_EQ(name_of((*made)->check(by_leaf, at_second(-11)).finding), "not_yet_valid");
  EXPECT_EQ(name_of((*made)->check(by_issuer, at_second(301)).finding), "expired");

  const std::vector<std::string> by_list = {issue({}, &root).der()};
  ASSERT_EQ(name_of((*made)->check(by_list, kNow).finding), "good");
  EXPECT_EQ(name_of((*made)->check(by_list, at_second(399)).finding), "good");
  EXPECT_EQ(name_of((*made)->check(by_list, at_second(401)).finding), "crl_stale");
}

TEST_F(ZooTest, RefusesWhatIsNoCertificate) {
  const std::string leaf = issue({}, &root).der();
  for (const std::string& bad :
       {std::string(), std::string("x"), leaf + "x", leaf.substr(1), leaf.substr(0, leaf.size() - 1),
        std::string("\x30\x84\xff\xff\xff\xff"), std::string(5000, '\x30')}) {
    EXPECT_EQ(name_of(check({bad}, good_list).finding), "malformed");
    EXPECT_EQ(name_of(check({leaf, bad}, good_list).finding), "malformed");
  }
  EXPECT_EQ(name_of(check({leaf, leaf, leaf, leaf}, good_list).finding), "good") << "four are allowed";
  EXPECT_EQ(name_of(check({leaf, leaf, leaf, leaf, leaf}, good_list).finding), "malformed");
  Spec fat;
  fat.san += ",DNS:" + std::string(17000, 'a');
  EXPECT_EQ(name_of(check({issue(fat, &root).der()}, good_list).finding), "malformed");
}

TEST_F(ZooTest, RefusesACaFileThatCannotBeMeant) {
  const auto error_of = [&](const std::string& pem) {
    const auto made = ChainCheck::make({}, pem, good_list);
    return made ? "ok" : made.error().code;
  };
  Spec weak = ca_spec("weak");
  weak.key = rsa_key(2048);
  EXPECT_EQ(error_of(""), "certificate.bad_ca_file");
  EXPECT_EQ(error_of(issue({}).pem()), "certificate.bad_ca_file") << "a leaf is no CA";
  EXPECT_EQ(error_of(issue(weak).pem()), "certificate.bad_ca_file");
  EXPECT_EQ(error_of(root.pem() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "certificate.bad_ca_file");
  EXPECT_EQ(error_of(root.pem() + issue(ca_spec("second")).pem()), "ok");
}

}  // namespace
}  // namespace sekisho::client_certificate
