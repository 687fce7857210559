#include "pki/authority.hpp"

#include "pki/openssl.hpp"
#include "pki/testing/bench.hpp"
#include "pki/words.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <functional>
#include <set>

namespace sekisho::pki {
namespace {

using namespace std::chrono_literals;
using testing::authority;
using testing::kNow;
using testing::SeededEntropy;

/// "critical,…" as OpenSSL prints an extension; empty when it is absent.
std::string extension(const std::string& pem, int nid) {
  const BioPtr in = reader(pem);
  const X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!certificate) return "unreadable";
  const int at = X509_get_ext_by_NID(certificate.get(), nid, -1);
  if (at < 0) return "";
  X509_EXTENSION* found = X509_get_ext(certificate.get(), at);
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(out.get(), found, 0, 0);
  return (X509_EXTENSION_get_critical(found) == 1 ? "critical," : "") + content(out.get());
}

Leaf leaf(std::uint64_t seed = 1, LeafOptions options = {.person = "mori", .terminal = "pc-mori"}) {
  SeededEntropy entropy(seed);
  auto made = issue(authority(), options, entropy, kNow);
  EXPECT_TRUE(made) << made.error().code;
  return std::move(*made);
}

std::string issue_error(const LeafOptions& options, Instant now = kNow) {
  SeededEntropy entropy;
  const auto made = issue(authority(), options, entropy, now);
  return made ? "" : made.error().code;
}

TEST(Authority, MayIssueClientCertificatesAndNothingElse) {
  const std::string& pem = authority().certificate_pem;
  EXPECT_EQ(extension(pem, NID_basic_constraints), "critical,CA:TRUE, pathlen:0");
  EXPECT_EQ(extension(pem, NID_key_usage), "critical,Certificate Sign, CRL Sign");
  EXPECT_EQ(extension(pem, NID_ext_key_usage), "TLS Web Client Authentication");
  EXPECT_EQ(extension(pem, NID_name_constraints),
            "critical,Excluded:\n  DNS:\n  IP:0.0.0.0/0.0.0.0\n  IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0");
  const auto facts = read_authority(pem);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "Sekisho test CA");
  EXPECT_EQ(facts->not_after - facts->not_before, std::chrono::days{3652} + kSkew);
}

TEST(Authority, ANameInJapaneseIsKept) {
  SeededEntropy entropy;
  const auto made = make_authority({.name = "関所 認証局", .curve = "P-384"}, entropy, kNow);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(read_authority(made->certificate_pem)->name, "関所 認証局");
}

TEST(Authority, RefusesWhatItCannotBe) {
  SeededEntropy entropy;
  const auto error = [&](const AuthorityOptions& options) {
    const auto made = make_authority(options, entropy, kNow);
    return made ? std::string() : made.error().code;
  };
  EXPECT_EQ(error({.name = ""}), "pki.bad_name");
  EXPECT_EQ(error({.name = std::string(65, 'a')}), "pki.bad_name");
  EXPECT_EQ(error({.name = "\xff\xfe"}), "pki.bad_name");
  EXPECT_EQ(error({.name = "x", .life = std::chrono::days{0}}), "pki.bad_life");
  EXPECT_EQ(error({.name = "x", .life = std::chrono::days{7306}}), "pki.bad_life");
  EXPECT_EQ(error({.name = "x", .curve = "secp256k1"}), "pki.bad_key");
  EXPECT_EQ(error({.name = "x"}), "");
}

TEST(Leaf, SaysWhoseItIsInTwoUrisAndIsForClientsAlone) {
  const Leaf made = leaf();
  EXPECT_EQ(extension(made.certificate_pem, NID_subject_alt_name),
            "URI:urn:sekisho:person:mori, URI:urn:sekisho:terminal:pc-mori");
  EXPECT_EQ(extension(made.certificate_pem, NID_ext_key_usage), "TLS Web Client Authentication");
  EXPECT_EQ(extension(made.certificate_pem, NID_key_usage), "critical,Digital Signature");
  EXPECT_EQ(extension(made.certificate_pem, NID_basic_constraints), "critical,CA:FALSE");
  EXPECT_EQ(made.facts.person, "mori");
  EXPECT_EQ(made.facts.terminal, "pc-mori");
  EXPECT_EQ(made.facts.name, "mori");
  EXPECT_EQ(made.facts.not_before, kNow - kSkew);
  EXPECT_EQ(made.facts.not_after, kNow + std::chrono::days{365});
  EXPECT_EQ(made.facts.fingerprint_sha256.size(), 64u);
}

TEST(Leaf, HasASerialOf128BitsFromTheHandedInEntropy) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string serial = leaf(seed).facts.serial_hex;
    EXPECT_EQ(serial.size(), 32u);
    EXPECT_TRUE(seen.insert(serial).second);
  }
  EXPECT_EQ(leaf(5).facts.serial_hex, leaf(5).facts.serial_hex) << "the same entropy, the same serial";
  EXPECT_NE(leaf(5).facts.fingerprint_sha256, leaf(5).facts.fingerprint_sha256) << "but never the same key";
}

TEST(Leaf, NeverOutlivesItsAuthority) {
  SeededEntropy entropy;
  const auto small = make_authority({.name = "short", .life = std::chrono::days{10}}, entropy, kNow);
  ASSERT_TRUE(small);
  const auto made = issue(*small, {.person = "mori", .terminal = "pc-mori"}, entropy, kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->facts.not_after, kNow + std::chrono::days{10});
  EXPECT_FALSE(issue(*small, {.person = "mori", .terminal = "pc-mori"}, entropy, kNow + std::chrono::days{10}));
}

TEST(Leaf, TakesTheLongestIdsAndRefusesEveryOtherSpelling) {
  const std::string longest(63, 'z');
  EXPECT_EQ(issue_error({.person = longest, .terminal = longest}), "");
  for (const std::string& bad :
       {std::string(), std::string(64, 'a'), std::string("Mori"), std::string("-mori"), std::string("mo ri"),
        std::string("mori,URI:x"), std::string("森"), std::string("a\0b", 3)}) {
    EXPECT_EQ(issue_error({.person = bad, .terminal = "pc-mori"}), "pki.bad_id") << bad;
    EXPECT_EQ(issue_error({.person = "mori", .terminal = bad}), "pki.bad_id") << bad;
  }
  EXPECT_EQ(issue_error({.person = "mori", .terminal = "pc-mori", .life = std::chrono::days{826}}), "pki.bad_life");
  EXPECT_EQ(issue_error({.person = "mori", .terminal = "pc-mori"}, kNow + std::chrono::days{3653}),
            "pki.authority_expired");
}

TEST(Leaf, IsReadBackAsWhatItIs) {
  const Leaf made = leaf();
  const auto read = read_leaf(made.certificate_pem);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->fingerprint_sha256, made.facts.fingerprint_sha256);
  EXPECT_EQ(read->serial_hex, made.facts.serial_hex);
  EXPECT_EQ(read_leaf("").error().code, "pki.bad_certificate");
  EXPECT_EQ(read_leaf(made.certificate_pem + made.certificate_pem).error().code, "pki.bad_certificate");
  EXPECT_EQ(read_leaf(authority().certificate_pem).error().code, "pki.not_ours");
  EXPECT_EQ(read_authority(made.certificate_pem).error().code, "pki.bad_certificate");
}

TEST(Leaf, NeedsTheAuthoritysOwnKey) {
  SeededEntropy entropy;
  auto other = make_authority({.name = "other"}, entropy, kNow);
  ASSERT_TRUE(other);
  const Authority mixed{authority().certificate_pem, other->key_pem.clone()};
  EXPECT_EQ(issue(mixed, {.person = "mori", .terminal = "pc-mori"}, entropy, kNow).error().code, "pki.bad_key");
  EXPECT_EQ(check_pair(mixed).error().code, "pki.bad_key");
  EXPECT_TRUE(check_pair(*other));
  const Authority no_ca{leaf().certificate_pem, other->key_pem.clone()};
  EXPECT_EQ(check_pair(no_ca).error().code, "pki.bad_certificate");
}

TEST(Crl, CarriesNumberDatesAndEverySerial) {
  const auto list = make_crl(authority(), {{"0a0b", kNow}, {"ff00112233445566778899aabbccddee", kNow}},
                             {.number = 42, .life = std::chrono::days{7}}, kNow);
  ASSERT_TRUE(list) << list.error().detail;
  const auto facts = read_crl(*list);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->number, 42u);
  EXPECT_EQ(facts->this_update, kNow - kSkew);
  EXPECT_EQ(facts->next_update, kNow + std::chrono::days{7});
  EXPECT_EQ(facts->revoked, 2u);
  EXPECT_EQ(make_crl(authority(), {{"xyz", kNow}}, {}, kNow).error().code, "pki.bad_id");
  EXPECT_EQ(make_crl(authority(), {{"-1", kNow}}, {}, kNow).error().code, "pki.bad_id");
  EXPECT_EQ(make_crl(authority(), {}, {.life = std::chrono::days{91}}, kNow).error().code, "pki.bad_life");
  EXPECT_EQ(read_crl("no list").error().code, "pki.bad_crl");
}

/// OpenSSL's own verdict on a leaf of an authority of this room, at kNow.
int verdict(X509* certificate) {
  const BioPtr in = reader(authority().certificate_pem);
  const X509Ptr root(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<X509_STORE, Freer<X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_add_cert(store.get(), root.get());
  X509_STORE_CTX_init(context.get(), store.get(), certificate, nullptr);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                             std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(kNow)));
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

TEST(Authority, ItsKeyInWrongHandsMakesNoServer) {
  const BioPtr key_in = reader(authority().key_pem.reveal());
  const KeyPtr key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  const auto forged = [&](int nid, const char* value) {
    const Leaf made = leaf();  // the reader borrows its bytes
    const BioPtr in = reader(made.certificate_pem);
    X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    const int at = X509_get_ext_by_NID(certificate.get(), nid, -1);
    X509_EXTENSION_free(X509_delete_ext(certificate.get(), at));
    X509V3_CTX context;
    X509V3_set_ctx(&context, nullptr, certificate.get(), nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    X509_add_ext(certificate.get(), extension.get(), -1);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    return verdict(certificate.get());
  };
  EXPECT_EQ(forged(NID_subject_alt_name, "URI:urn:sekisho:person:tani,URI:urn:sekisho:terminal:pc-tani"), X509_V_OK);
  EXPECT_EQ(forged(NID_subject_alt_name, "DNS:www.example.test"), X509_V_ERR_EXCLUDED_VIOLATION);
  EXPECT_EQ(forged(NID_subject_alt_name, "IP:192.0.2.1"), X509_V_ERR_EXCLUDED_VIOLATION);
  EXPECT_EQ(forged(NID_subject_alt_name, "IP:2001:db8::1"), X509_V_ERR_EXCLUDED_VIOLATION);
}

TEST(Words, EveryCodeIsUniqueAndSpeaksBothLanguages) {
  std::set<std::string> seen;
  for (const Refusal& row : pki_refusals()) {
    EXPECT_TRUE(seen.insert(row.code).second) << row.code;
    for (const Text* text : {&row.what, &row.why, &row.remedy}) {
      EXPECT_FALSE(text->ja.empty()) << row.code;
      EXPECT_FALSE(text->en.empty()) << row.code;
    }
  }
}

}  // namespace
}  // namespace sekisho::pki
