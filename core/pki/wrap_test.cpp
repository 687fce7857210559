#include "pki/wrap.hpp"

#include "pki/files.hpp"
#include "pki/testing/bench.hpp"

#include <array>
#include <cstdio>

namespace sekisho::pki {
namespace {

using testing::authority;
using testing::kNow;
using testing::SeededEntropy;
using testing::TemporaryFolder;

Leaf leaf() {
  SeededEntropy entropy;
  auto made = issue(authority(), {.person = "mori", .terminal = "pc-mori"}, entropy, kNow);
  EXPECT_TRUE(made);
  return std::move(*made);
}

struct Outcome {
  int status = 0;
  std::string out;
};
Outcome run_command(const std::string& command) {
  Outcome outcome;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");  // NOLINT: a test's own constant command
  if (pipe == nullptr) return {-1, {}};
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.out.append(buffer.data(), got);
  outcome.status = ::pclose(pipe);
  return outcome;
}

TEST(Pkcs12, OpensWithItsPassphraseInTheOpensslProgramAndHoldsNoCa) {
  const TemporaryFolder folder;
  const Leaf made = leaf();
  const auto bundle = make_pkcs12(made, Secret("sugi no ki 42"));
  ASSERT_TRUE(bundle) << bundle.error().detail;
  ASSERT_TRUE(write_file(folder / "a.p12", *bundle, kPrivateMode, Existing::kept));
  ASSERT_TRUE(write_file(folder / "right", "sugi no ki 42\n", kPrivateMode, Existing::kept));
  ASSERT_TRUE(write_file(folder / "wrong", "sugi no ki 43\n", kPrivateMode, Existing::kept));
  const std::string open = "openssl pkcs12 -info -nodes -in " + (folder / "a.p12") + " -passin file:";
  const Outcome right = run_command(open + (folder / "right"));
  EXPECT_EQ(right.status, 0) << right.out;
  EXPECT_NE(right.out.find(made.certificate_pem), std::string::npos) << right.out;
  EXPECT_NE(right.out.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(right.out.find("BEGIN CERTIFICATE", right.out.find("BEGIN CERTIFICATE") + 1), std::string::npos);
  EXPECT_NE(right.out.find("MAC: sha256, Iteration 100000"), std::string::npos) << right.out;
  EXPECT_NE(right.out.find("PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"), std::string::npos)
      << right.out;
  EXPECT_NE(run_command(open + (folder / "wrong")).status, 0) << "the check can fail";
}

TEST(Pkcs12, RefusesAPassphraseThatSystemsReadDifferently) {
  const Leaf made = leaf();
  for (const std::string& bad :
       {std::string("short12"), std::string(129, 'a'), std::string("tab\there"), std::string("合言葉は関所です")}) {
    const auto bundle = make_pkcs12(made, Secret(bad));
    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().code, "pki.bad_passphrase");
    EXPECT_EQ(bundle.error().detail.find(bad), std::string::npos) << "it is not repeated";
  }
}

TEST(Passphrase, IsLongReadableAndFromTheHandedInEntropy) {
  SeededEntropy one(1), again(1), two(2);
  const Secret first = new_passphrase(one);
  EXPECT_EQ(first.size(), 29u);
  EXPECT_TRUE(check_passphrase(first));
  EXPECT_EQ(first.reveal(), new_passphrase(again).reveal());
  EXPECT_NE(first.reveal(), new_passphrase(two).reveal());
  EXPECT_EQ(first.reveal().find_first_of("01lIO"), std::string_view::npos);
}

TEST(EncryptedKey, OpensWithItsPassphraseAlone) {
  const Secret passphrase("kin no tobira 7");
  const auto wrapped = encrypt_key(authority().key_pem, passphrase);
  ASSERT_TRUE(wrapped);
  EXPECT_TRUE(is_encrypted(*wrapped));
  EXPECT_FALSE(is_encrypted(authority().key_pem));
  const auto plain = decrypt_key(*wrapped, passphrase);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->reveal(), authority().key_pem.reveal());
  EXPECT_EQ(decrypt_key(*wrapped, Secret("gin no tobira 7")).error().code, "pki.wrong_passphrase");
  EXPECT_EQ(decrypt_key(*wrapped, Secret()).error().code, "pki.passphrase_wanted");
  EXPECT_TRUE(decrypt_key(authority().key_pem, Secret()));
  EXPECT_EQ(decrypt_key(Secret("no key"), passphrase).error().code, "pki.bad_key");
}

}  // namespace
}  // namespace sekisho::pki
