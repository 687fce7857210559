#include "pki/folder.hpp"

#include "pki/testing/bench.hpp"

#include <sys/stat.h>

namespace sekisho::pki {
namespace {

using testing::kNow;
using testing::SeededEntropy;
using testing::TemporaryFolder;

const LeafOptions kMori{.person = "mori", .terminal = "pc-mori"};

unsigned mode(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

struct FolderTest : ::testing::Test {
  FolderTest() {
    FolderOptions options;
    options.authority.name = "test";
    const auto made = Folder::init(path, options, entropy, kNow);
    EXPECT_TRUE(made) << made.error().code << made.error().detail;
  }
  Folder open() {
    auto folder = Folder::open(path, Secret());
    EXPECT_TRUE(folder) << folder.error().code << folder.error().detail;
    return std::move(*folder);
  }
  std::string issue_code(Earlier earlier, const Folder::Accept& accept = {}) {
    Folder folder = open();
    const auto leaf = folder.issue(kMori, earlier, accept, entropy, kNow);
    return leaf ? "" : leaf.error().code;
  }
  Folder::View view() {
    auto seen = Folder::view(path);
    EXPECT_TRUE(seen) << seen.error().code << seen.error().detail;
    return std::move(*seen);
  }
  TemporaryFolder top;
  std::string path = top / "ca";
  SeededEntropy entropy;
};

TEST_F(FolderTest, KeepsSecretsToItsOwnerWhateverTheUmaskSays) {
  const mode_t before = ::umask(0);
  FolderOptions options;
  options.authority.name = "open";
  ASSERT_TRUE(Folder::init(top / "open", options, entropy, kNow));
  ::umask(before);
  for (const std::string& folder : {path, top / "open"}) {
    EXPECT_EQ(mode(folder + "/ca.key"), 0600u);
    EXPECT_EQ(mode(folder + "/issued.json"), 0600u);
    EXPECT_EQ(mode(folder + "/ca.pem"), 0644u) << "the gate's users read it";
    EXPECT_EQ(mode(folder + "/crl.pem"), 0644u);
    EXPECT_EQ(mode(folder), 0755u);
  }
}

TEST_F(FolderTest, AnExistingAuthorityIsNeverTouched) {
  const auto key = read_file(path + "/ca.key");
  FolderOptions options;
  options.authority.name = "second";
  EXPECT_EQ(Folder::init(path, options, entropy, kNow).error().code, "pki.exists");
  EXPECT_EQ(*read_file(path + "/ca.key"), *key);
  EXPECT_EQ(Folder::open(top / "nowhere", Secret()).error().code, "pki.absent");
}

TEST_F(FolderTest, WhatIsOutInTheWorldIsWrittenDownFirst) {
  bool seen_before_accept = true;
  {
    Folder folder = open();
    const auto leaf = folder.issue(
        kMori, Earlier::refused,
        [&](const Leaf&) -> Result<void> {
          seen_before_accept = !view().issued.empty();
          return {};
        },
        entropy, kNow);
    ASSERT_TRUE(leaf);
    ASSERT_EQ(view().issued.size(), 1u) << "on disk before the caller has the key";
    EXPECT_EQ(view().issued[0].facts.fingerprint_sha256, leaf->facts.fingerprint_sha256);
    EXPECT_EQ(view().issued[0].facts.not_after, leaf->facts.not_after);
  }
  EXPECT_FALSE(seen_before_accept);
}

TEST_F(FolderTest, ACertificateThatTheGateRefusesLeavesNoTrace) {
  EXPECT_EQ(issue_code(Earlier::refused, [](const Leaf&) -> Result<void> { return fail("registry.invalid"); }),
            "registry.invalid");
  EXPECT_TRUE(view().issued.empty());
}

TEST_F(FolderTest, OneCertificateForOnePersonOnOneTerminal) {
  EXPECT_EQ(issue_code(Earlier::refused), "");
  EXPECT_EQ(issue_code(Earlier::refused), "pki.already_issued");
  EXPECT_EQ(view().crl.revoked, 0u);
  EXPECT_EQ(issue_code(Earlier::replaced), "");
  EXPECT_EQ(view().crl.revoked, 1u);
  EXPECT_EQ(view().crl.number, 2u);
  int in_force = 0;
  for (const IssuedRow& row : view().issued) in_force += row.in_force(kNow) ? 1 : 0;
  EXPECT_EQ(in_force, 1);
}

TEST_F(FolderTest, ARevocationIsInTheListAndStaysThere) {
  EXPECT_EQ(issue_code(Earlier::refused), "");
  const std::string serial = view().issued[0].facts.serial_hex;
  const auto it = [&](const IssuedRow& row) { return row.facts.serial_hex == serial; };
  {
    Folder folder = open();
    const auto done = folder.revoke(it, "lost", kNow);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->size(), 1u);
    EXPECT_EQ(folder.revoke(it, "lost", kNow).error().code, "pki.already_revoked");
    EXPECT_EQ(folder.revoke([](const IssuedRow&) { return false; }, "", kNow).error().code, "pki.no_such_certificate");
  }
  EXPECT_EQ(view().issued[0].reason, "lost");
  EXPECT_EQ(view().crl.revoked, 1u);
  Folder folder = open();
  const auto fresh = folder.renew_crl(std::chrono::days{5}, kNow + std::chrono::days{3});
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->revoked, 1u);
  EXPECT_EQ(fresh->number, 3u);
  EXPECT_EQ(fresh->next_update, kNow + std::chrono::days{8});
  EXPECT_EQ(folder.renew_crl(std::nullopt, kNow)->next_update, kNow + std::chrono::days{5}) << "the life is kept";
}

TEST_F(FolderTest, AKeyMadeWithAPassphraseOpensWithItAlone) {
  FolderOptions options;
  options.authority.name = "locked";
  options.passphrase = Secret("tetsu no kagi 99");
  ASSERT_TRUE(Folder::init(top / "locked", options, entropy, kNow));
  EXPECT_TRUE(Folder::view(top / "locked")->key_encrypted);
  EXPECT_EQ(Folder::open(top / "locked", Secret()).error().code, "pki.passphrase_wanted");
  EXPECT_EQ(Folder::open(top / "locked", Secret("do no kagi 99")).error().code, "pki.wrong_passphrase");
  EXPECT_TRUE(Folder::open(top / "locked", Secret("tetsu no kagi 99")));
}

TEST_F(FolderTest, ABrokenIndexIssuesNothing) {
  for (const char* text : {"", "{}", R"({"schema":"sekisho.ca/2","crl_number":1,"crl_days":30,"issued":[]})",
                           R"({"schema":"sekisho.ca/1","crl_number":1,"crl_days":30,"issued":[{}]})",
                           R"({"schema":"sekisho.ca/1","crl_number":-1,"crl_days":30,"issued":[]})"}) {
    ASSERT_TRUE(write_file(path + "/issued.json", text, kPrivateMode, Existing::replaced));
    EXPECT_EQ(Folder::open(path, Secret()).error().code, "pki.bad_index") << text;
  }
}

TEST(Files, AreWholeOrNotThere) {
  const TemporaryFolder top;
  ASSERT_TRUE(write_file(top / "a", "one", kPrivateMode, Existing::kept));
  EXPECT_EQ(write_file(top / "a", "two", kPrivateMode, Existing::kept).error().code, "pki.file_exists");
  EXPECT_EQ(*read_file(top / "a"), "one");
  ASSERT_TRUE(write_file(top / "a", "two", kPublicMode, Existing::replaced));
  EXPECT_EQ(*read_file(top / "a"), "two");
  EXPECT_EQ(mode(top / "a"), 0644u);
  EXPECT_EQ(write_file(top / "no/a", "x", kPrivateMode, Existing::kept).error().code, "pki.file");
  std::filesystem::create_symlink(top / "a", top / "link");
  ASSERT_TRUE(write_file(top / "link", "three", kPrivateMode, Existing::replaced));
  EXPECT_EQ(*read_file(top / "a"), "two") << "a planted link is replaced, not followed";
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(top.path)) ++files;
  EXPECT_EQ(files, 2) << "nothing half-written is left";
}

}  // namespace
}  // namespace sekisho::pki
