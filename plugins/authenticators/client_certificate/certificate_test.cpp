#include "certificate.hpp"

#include "refusals.hpp"
#include "testing/zoo.hpp"

#include <sekisho/sdk/config.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

namespace sekisho::client_certificate {
namespace {

using namespace zoo;  // NOLINT: the zoo

class FakeHost final : public PluginHost {
 public:
  Entropy& entropy() override { std::abort(); }
  void log(std::string_view event, const nlohmann::json&) override { events.emplace_back(event); }
  Result<std::string> read_file(std::string_view path) override {
    const auto found = files.find(std::string(path));
    if (found == files.end()) return fail("host.no_such_file", "no such file");
    return found->second;
  }
  std::map<std::string, std::string> files;
  std::vector<std::string> events;
};

struct CertificateTest : testing::Test {
  CertificateTest() {
    root = issue(ca_spec("root"));
    leaf = issue({}, &root);
    host.files = {{"ca.pem", root.pem()}, {"crl.pem", crl(root, {})}};
    config.ca_file = "ca.pem";
    config.crl_file = "crl.pem";
    arrival.certificate_chain = {leaf.der()};
    mori.known = true;
    mori.person = "mori";
    auto made = ChainCheck::make(config, root.pem(), crl(root, {}));
    KnownCertificate known;
    known.fingerprint_sha256 = (*made)->check({leaf.der()}, kNow).fingerprint_sha256;
    known.person = "mori";
    known.terminal = "pc-mori";
    mori.certificates = {known};
  }
  std::unique_ptr<CertificateFactor> make() {
    auto made = CertificateFactor::make(config, host);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }
  AuthStep step(CertificateFactor& factor) {
    const Evidence evidence;
    return factor.step(AuthRequest{.arrival = arrival,
                                   .evidence = evidence,
                                   .subject = mori,
                                   .now = kNow,
                                   .transaction = "t1",
                                   .account_state = {{"kept", 1}},
                                   .source_state = nullptr,
                                   .transaction_state = nullptr,
                                   .effect = std::nullopt,
                                   .owner_certificate = false});
  }
  std::string code() {
    const auto factor = make();
    const AuthStep end = step(*factor);
    EXPECT_EQ(end.account_state, (nlohmann::json{{"kept", 1}}));
    return end.verdict == Verdict::yes ? "yes" : end.refusal->code;
  }

  Issued root, leaf;
  FakeHost host;
  Config config;
  Arrival arrival;
  Subject mori;
};

TEST_F(CertificateTest, TakesTheRegisteredCertificateAndNamesItsTerminal) {
  const auto factor = make();
  const AuthStep end = step(*factor);
  EXPECT_EQ(end.verdict, Verdict::yes);
  EXPECT_EQ(end.terminal, "pc-mori");
  EXPECT_EQ(factor->weight(), 1u);
}

TEST_F(CertificateTest, RefusesWhenThereIsNoneOrTheHandshakeDidNotLikeIt) {
  arrival.certificate_chain.clear();
  EXPECT_EQ(code(), "certificate.missing");
  for (const auto& [fault, expected] : {std::pair{CertificateFault::untrusted, "certificate.untrusted"},
                                        std::pair{CertificateFault::expired, "certificate.expired"},
                                        std::pair{CertificateFault::not_yet_valid, "certificate.not_yet_valid"},
                                        std::pair{CertificateFault::wrong_usage, "certificate.wrong_usage"},
                                        std::pair{CertificateFault::weak_key, "certificate.weak_key"}}) {
    arrival.certificate_fault = fault;
    EXPECT_EQ(code(), expected);
  }
}

TEST_F(CertificateTest, SaysTheSameForAnotherPersonAndForNobody) {
  const auto factor = make();
  mori.person = "tani";
  const AuthStep other = step(*factor);
  mori = Subject{};
  mori.person = "#8fcc";
  const AuthStep nobody = step(*factor);
  EXPECT_EQ(other.refusal->code, "certificate.other_person");
  EXPECT_EQ(other.refusal, nobody.refusal);
  EXPECT_EQ(other.may_retry, nobody.may_retry);
}

TEST_F(CertificateTest, WantsItRegisteredForThisPersonAndTerminal) {
  const auto original = mori.certificates;
  mori.certificates[0].revoked = true;
  EXPECT_EQ(code(), "certificate.revoked");
  mori.certificates = original;
  mori.certificates[0].terminal = "pc-old";
  EXPECT_EQ(code(), "certificate.not_registered");
  mori.certificates = original;
  mori.certificates[0].person = "tani";
  EXPECT_EQ(code(), "certificate.not_registered");
  mori.certificates = original;
  mori.certificates[0].fingerprint_sha256.back() ^= 1;
  EXPECT_EQ(code(), "certificate.not_registered");
  mori.certificates.clear();
  EXPECT_EQ(code(), "certificate.not_registered");
}

TEST_F(CertificateTest, GivesEveryFindingItsOwnCode) {
  const std::vector<std::pair<const char*, std::function<void(Spec&)>>> cases = {
      {"certificate.expired", [](Spec& s) { s.not_after = -1; }},
      {"certificate.not_yet_valid", [](Spec& s) { s.not_before = 60; }},
      {"certificate.wrong_usage", [](Spec& s) { s.extended = "serverAuth"; }},
      {"certificate.weak_key", [](Spec& s) { s.key = rsa_key(2048); }},
      {"certificate.malformed", [](Spec& s) { s.san.clear(); }},
  };
  for (const auto& [wanted, change] : cases) {
    Spec spec;
    change(spec);
    arrival.certificate_chain = {issue(spec, &root).der()};
    EXPECT_EQ(code(), wanted);
  }
  arrival.certificate_chain = {issue({}).der()};
  EXPECT_EQ(code(), "certificate.untrusted");
  arrival.certificate_chain = {leaf.der()};
  host.files["crl.pem"] = crl(root, {7});
  EXPECT_EQ(code(), "certificate.revoked");
  host.files["crl.pem"] = crl(root, {}, -kDay, -1);
  EXPECT_EQ(code(), "certificate.crl_stale");
}

TEST_F(CertificateTest, ReadsAChangedListAgain) {
  const auto factor = make();
  ASSERT_EQ(step(*factor).verdict, Verdict::yes);
  host.files["crl.pem"] = crl(root, {7});
  factor->refresh(kNow);
  EXPECT_EQ(step(*factor).refusal->code, "certificate.revoked");
  EXPECT_EQ(host.events, std::vector<std::string>{"certificate.crl_loaded"});
  factor->refresh(kNow);
  EXPECT_EQ(host.events.size(), 1u) << "the same bytes are not news";
}

TEST_F(CertificateTest, TakesBackWhatIsOnTheListAndNothingElse) {
  const auto factor = make();
  const std::vector<std::string> chain = arrival.certificate_chain;
  EXPECT_FALSE(factor->revoked(chain, kNow));
  host.files["crl.pem"] = crl(root, {7});
  EXPECT_FALSE(factor->revoked(chain, kNow)) << "not read yet";
  factor->refresh(kNow);
  EXPECT_TRUE(factor->revoked(chain, kNow));
  // Newcomers are refused while there is no list; who is inside stays.
  host.files.erase("crl.pem");
  factor->refresh(kNow);
  EXPECT_EQ(step(*factor).refusal->code, "certificate.crl_stale");
  EXPECT_FALSE(factor->revoked(chain, kNow));
}

TEST_F(CertificateTest, RefusesEverybodyWhileTheListIsGoneOrBroken) {
  const auto factor = make();
  const std::string good = host.files["crl.pem"];
  host.files.erase("crl.pem");
  factor->refresh(kNow);
  EXPECT_EQ(step(*factor).refusal->code, "certificate.crl_stale");
  host.files["crl.pem"] = "half a fi";
  factor->refresh(kNow);
  EXPECT_EQ(step(*factor).refusal->code, "certificate.crl_stale");
  EXPECT_EQ(host.events.back(), "certificate.crl_unusable");
  host.files["crl.pem"] = good;
  factor->refresh(kNow);
  EXPECT_EQ(step(*factor).verdict, Verdict::yes);
}

TEST_F(CertificateTest, SwapsTheListUnderRunningSteps) {
  const auto factor = make();
  const std::string lists[] = {crl(root, {7}), crl(root, {})};
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) {
      host.files["crl.pem"] = lists[i % 2];
      factor->refresh(kNow);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const AuthStep end = step(*factor);
    EXPECT_TRUE(end.verdict == Verdict::yes || end.refusal->code == "certificate.revoked");
  }
  other.join();
  EXPECT_EQ(step(*factor).verdict, Verdict::yes);
}

TEST_F(CertificateTest, DoesNotStartWithoutItsFiles) {
  const auto error_of = [&] {
    const auto made = CertificateFactor::make(config, host);
    return made ? "ok" : made.error().code;
  };
  const auto files = host.files;
  host.files.erase("ca.pem");
  EXPECT_EQ(error_of(), "certificate.bad_ca_file");
  host.files = files;
  host.files.erase("crl.pem");
  EXPECT_EQ(error_of(), "certificate.bad_crl_file");
  host.files["crl.pem"] = "";
  EXPECT_EQ(error_of(), "certificate.bad_crl_file");
  host.files = files;
  EXPECT_EQ(error_of(), "ok");
}

TEST_F(CertificateTest, SaysWhichFileIsWrongAndWhy) {
  const auto told = [&] {
    const auto made = CertificateFactor::make(config, host);
    return made ? "ok" : made.error().code + " " + made.error().detail;
  };
  const auto files = host.files;
  const struct {
    const char *file, *text, *wanted;
  } rows[] = {
      {"ca.pem", nullptr, "certificate.bad_ca_file ca.pem: no such file"},
      {"ca.pem", "nothing of the kind\n", "certificate.bad_ca_file ca.pem: there is no PEM block"},
      {"ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       "certificate.bad_ca_file ca.pem: a block cannot be read"},
      {"crl.pem", nullptr, "certificate.bad_crl_file crl.pem: no such file"},
      {"crl.pem", "half a fi", "certificate.bad_crl_file crl.pem: the revocation list file holds no list"},
  };
  for (const auto& row : rows) {
    host.files = files;
    row.text == nullptr ? void(host.files.erase(row.file)) : void(host.files[row.file] = row.text);
    EXPECT_EQ(told().substr(0, std::string(row.wanted).size()), row.wanted);
  }
  for (const char* file : {"ca.pem", "crl.pem"}) {
    host.files = files;
    host.files[file] += "\n-----BEGIN CERTIF";
    EXPECT_NE(told().find(std::string(file) + ": something stands behind the last block"), std::string::npos) << told();
    host.files[file] = files.at(file) + "\n \r\n";
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(CertificateTest, SaysOnceThatEveryAuthorityHasExpired) {
  const auto factor = make();
  factor->refresh(kNow);
  EXPECT_TRUE(host.events.empty());
  const Instant late = kNow + std::chrono::days(40'000);
  factor->refresh(late);
  factor->refresh(late + Seconds{30});
  EXPECT_EQ(host.events, std::vector<std::string>{"certificate.ca_expired"});
  factor->refresh(kNow);
  factor->refresh(late);
  EXPECT_EQ(host.events.size(), 2U) << "the clock was set back in between";
}

TEST(CertificateConfig, NamesItsFilesAndKeepsItsLimits) {
  EXPECT_FALSE(read_config<Config>(nlohmann::json::object()).has_value());
  nlohmann::json good = {{"ca_file", "ca.pem"}, {"crl_file", "crl.pem"}};
  EXPECT_TRUE(read_config<Config>(good).has_value());
  for (const auto& [key, value] : std::map<std::string, int>{
           {"crl_grace_s", 86401}, {"min_rsa_bits", 2047}, {"max_path_length", 4}, {"max_path_length", 0}}) {
    nlohmann::json bad = good;
    bad[key] = value;
    EXPECT_FALSE(read_config<Config>(bad).has_value()) << key;
  }
}

TEST(CertificateRefusals, SpeakBothLanguages) {
  std::set<std::string_view> seen;
  for (const std::string_view code : codes()) {
    const Refusal each = refusal(code);
    EXPECT_TRUE(seen.insert(code).second);
    EXPECT_EQ(each.rule, "R04");
    for (const Text& text : {each.what, each.why, each.remedy}) EXPECT_FALSE(text.ja.empty() || text.en.empty());
  }
  EXPECT_EQ(seen.size(), 11u);
}

}  // namespace
}  // namespace sekisho::client_certificate
