// What is wrong with a PEM file is said with its reason and its line, in both languages.
#include "pki/pem.hpp"

#include "pki/testing/bench.hpp"
#include "pki/wrap.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace sekisho::pem {
namespace {

using namespace std::chrono_literals;
using pki::testing::kNow;
using pki::testing::SeededEntropy;

pki::Authority authority(Instant at = kNow, std::chrono::days life = std::chrono::days{10}) {
  SeededEntropy entropy;
  auto made = pki::make_authority({.name = "A test CA", .life = life}, entropy, at);
  EXPECT_TRUE(made);
  return std::move(*made);
}
std::string code(std::string_view text) {
  const auto read = certificates(text);
  return read ? "read " + std::to_string(read->size()) : read.error().code;
}
std::string key_code(std::string text) {
  const auto read = private_key(Secret(std::move(text)));
  return read ? "read" : read.error().code;
}
std::string detail(std::string_view text) {
  const auto read = certificates(text);
  return read ? std::string() : read.error().detail;
}
const std::string& one() {
  static const std::string kPem = authority().certificate_pem;
  return kPem;
}
std::string key() {
  return std::string(authority().key_pem.reveal());
}
std::size_t lines(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Pem, ReadsCertificatesAndWhatExplainsThem) {
  EXPECT_EQ(code(one()), "read 1");
  EXPECT_EQ(code(one() + one()), "read 2");
  EXPECT_EQ(code("Subject: CN=A test CA\n\n" + one() + "\nIssuer: another\n" + one() + "\r\n \t\n"), "read 2");
  EXPECT_EQ(code(one() + key()), "read 1") << "a key beside its certificate";
  EXPECT_EQ(code(one().substr(0, one().size() - 1)), "read 1") << "without the last line feed";
  std::string carriage;
  for (const char c : one()) carriage += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(code(carriage), "read 1");
  std::string older = one();  // the label that the first tools wrote
  for (const char* verb : {"BEGIN ", "END "}) older.insert(older.find(verb) + std::string(verb).size(), "X509 ");
  EXPECT_EQ(code(older), "read 1");
}

TEST(Pem, SaysWhatIsWrongAndInWhichLine) {
  EXPECT_EQ(code(""), "pem.none");
  EXPECT_EQ(code("nothing of the kind\n"), "pem.none");
  EXPECT_EQ(code(key()), "pem.no_certificate");
  const std::string end = "-----END CERTIFICATE-----\n";
  EXPECT_EQ(code("-----BEGIN CERTIFICATE-----\nAAAA\n" + end), "pem.broken");
  EXPECT_EQ(code("-----BEGIN CERTIFICATE-----\n" + end), "pem.broken");
  EXPECT_EQ(code(one().substr(0, one().size() - end.size())), "pem.broken") << "its end is missing";
  EXPECT_EQ(code(one() + "-----BEGIN CERTIF"), "pem.broken") << "the second one is cut off";
  EXPECT_EQ(code(one() + one().substr(0, one().size() / 2)), "pem.broken");
  EXPECT_EQ(code("\xef\xbb\xbf" + one()), "pem.broken") << "a byte order mark hides the first one";
  EXPECT_EQ(code(one() + "MIIB\n"), "pem.rubbish");
  EXPECT_EQ(code(one() + std::string("\0", 1)), "pem.rubbish");
  const std::string of_line = "(line " + std::to_string(lines(one()) + 2) + ")";
  EXPECT_NE(detail(one() + "\nrubbish").find(of_line), std::string::npos) << detail(one() + "\nrubbish");
  EXPECT_NE(detail(one() + "\n-----BEGIN X").find(of_line), std::string::npos);
  const auto is_broken_in = [](const std::string& text, std::size_t line) {
    EXPECT_EQ(code(text), "pem.broken");
    EXPECT_NE(detail(text).find("(line " + std::to_string(line) + ")"), std::string::npos)
        << line << ": " << detail(text);
  };
  // The line is where it is seen, not where the block begins.
  is_broken_in(one() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END X-----\n", lines(one()) + 3);
  const std::string half = one().substr(0, one().find('\n', one().size() / 2) + 1);
  is_broken_in(half + one(), lines(half) + 1);
  is_broken_in("Subject: CN=A test CA\n-----END CERTIFICATE-----\n" + one(), 2);  // what it ended is missing
}

TEST(Pem, AKeyIsReadWithoutAskingAnybody) {
  EXPECT_EQ(key_code(key()), "read");
  EXPECT_EQ(key_code(one() + key()), "read");
  EXPECT_EQ(key_code(""), "pem.none");
  EXPECT_EQ(key_code(one()), "pem.no_key");
  EXPECT_EQ(key_code(key() + "x"), "pem.rubbish");
  EXPECT_EQ(key_code(key().substr(0, 60)), "pem.broken");
  EXPECT_EQ(key_code("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "pem.broken");
  const auto wrapped = pki::encrypt_key(Secret(key()), Secret("a long passphrase"));
  ASSERT_TRUE(wrapped);
  EXPECT_EQ(key_code(std::string(wrapped->reveal())), "pem.encrypted");
  EXPECT_EQ(key_code("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
                     "-----END RSA PRIVATE KEY-----\n"),
            "pem.encrypted");
}

TEST(Pem, OneAuthorityOfAFileMustBeInForce) {
  const auto judged = [](const std::string& text, Instant now) {
    const auto read = certificates(text);
    const auto usable = read ? in_force(*read, now) : Result<void>(read.error());
    return usable ? std::string("in force") : usable.error().code + " " + usable.error().detail;
  };
  const std::string old = authority(kNow - 20 * 24h).certificate_pem, next = authority(kNow + 24h).certificate_pem;
  EXPECT_EQ(judged(one(), kNow), "in force");
  EXPECT_EQ(judged(old + one(), kNow), "in force") << "an old one beside its successor";
  EXPECT_EQ(judged(old, kNow).substr(0, 11), "pem.expired");
  EXPECT_NE(judged(old, kNow).find("(2026-11-12)"), std::string::npos) << judged(old, kNow);
  EXPECT_EQ(judged(next, kNow).substr(0, 17), "pem.not_yet_valid");
  EXPECT_NE(judged(next, kNow).find("(2026-11-23)"), std::string::npos) << judged(next, kNow);
  EXPECT_EQ(judged(next + old, kNow).substr(0, 11), "pem.expired");
  EXPECT_EQ(judged(old + next, kNow).substr(0, 11), "pem.expired") << "in whichever order they stand";
}

TEST(Pem, AFileThatCannotBeReadSaysWhy) {
  const pki::testing::TemporaryFolder folder;
  const std::string file = folder.path + "/ca.pem";
  EXPECT_EQ(read_file(file).error().code, "pem.unreadable");
  EXPECT_NE(read_file(file).error().detail.find("No such file"), std::string::npos);
  EXPECT_EQ(in_file(read_file(file).error(), file).detail.rfind(file + ": ", 0), 0U);
  EXPECT_NE(read_file(folder.path).error().detail.find("no regular file"), std::string::npos);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_EQ(read_file(file).error().code, "pem.unreadable") << "and nobody waits for a pipe";
  std::ofstream(folder.path + "/good.pem") << one();
  EXPECT_EQ(read_file(folder.path + "/good.pem").value(), one());
  std::ofstream(folder.path + "/large.pem") << std::string(kLongestFile + 1, 'x');
  EXPECT_EQ(read_file(folder.path + "/large.pem").error().code, "pem.too_large");
}

TEST(Pem, EveryReasonHasItsWords) {
  std::set<std::string> seen;
  for (const auto& [each, text] : all_words()) {
    EXPECT_TRUE(seen.insert(each).second) << each;
    EXPECT_FALSE(text.en.empty()) << each;
    EXPECT_TRUE(std::ranges::any_of(text.ja, [](char c) { return static_cast<unsigned char>(c) >= 0xE3; })) << each;
  }
  EXPECT_EQ(seen.size(), 10U);
}

}  // namespace
}  // namespace sekisho::pem
