// The program itself, over TLS on loopback, as the scenarios start it.
#include "programs/sekisho_agent/testing/test_gate.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace sekisho::agent {
namespace {

using nlohmann::json;
using testing::TestGate;

constexpr const char* kToken = "0123456789abcdef0123456789abcdef";

/// One run of the program; killed when a test leaves it behind.
class Program {
 public:
  explicit Program(std::vector<std::string> argv, const char* language = "ja_JP.UTF-8") {
    int out[2];
    SEKISHO_ASSERT(::pipe2(out, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::signal(SIGPIPE, SIG_DFL);  // the program looks after itself
      ::setenv("LANG", language, 1);
      ::unsetenv("LC_ALL");
      ::unsetenv("LC_MESSAGES");
      std::vector<char*> words;
      for (std::string& word : argv) words.push_back(word.data());
      words.push_back(nullptr);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(out[1]);
    fd_ = out[0];
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(fd_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// The exit code; stdout is in `text`.
  int end() {
    while (read_some(30'000)) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  /// Waits until stdout holds `wanted`.
  bool says(std::string_view wanted) {
    while (text.find(wanted) == std::string::npos) {
      if (!read_some(30'000)) return false;
    }
    return true;
  }
  void signal(int number) const { ::kill(pid_, number); }
  std::string text;

 private:
  bool read_some(int patience_ms) {
    pollfd watched{fd_, POLLIN, 0};
    if (::poll(&watched, 1, patience_ms) <= 0) {
      ADD_FAILURE() << "nothing comes; so far: " << text;
      return false;
    }
    char buffer[4096];
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  pid_t pid_ = -1;
  int fd_ = -1;
};

class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sekisho-agent-test.XXXXXX";
    folder_ = ::mkdtemp(name);
    write("ca.pem", gate.ca_pem());
    write("token", std::string(kToken) + "\n");
    facts = admission::testing::example_facts("compliant");
    facts["collector"]["source"] = "simulator";
    facts["collected_at"] = to_rfc3339(now());
    save_facts();
    const auto held = gate.lock();
    registry::Terminal& terminal = gate.bench.registry.terminals["pc-mori"];
    terminal.key_thumbprint.clear();
    terminal.key_jwk.clear();
    terminal.enrolment_hash = admission::sha256_hex(kToken);
    terminal.enrolment_until = now() + std::chrono::hours(1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Instant now() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << content;
    ::chmod(path(name).c_str(), mode);
  }
  void save_facts() const { write("facts.json", facts.dump()); }
  [[nodiscard]] std::vector<std::string> argv(std::vector<std::string> words, bool as_json = true) const {
    std::vector<std::string> out{SEKISHO_AGENT,
                                 "--facts",
                                 path("facts.json"),
                                 "--key",
                                 path("agent.key"),
                                 "--state",
                                 path("agent.state"),
                                 "--gate",
                                 "https://gate.test:8443",
                                 "--ca",
                                 path("ca.pem"),
                                 "--connect-to",
                                 "127.0.0.1:" + std::to_string(gate.port())};
    if (as_json) out.push_back("--json");
    out.insert(out.end(), words.begin(), words.end());
    return out;
  }
  void enrol() {
    Program run(argv({"enrol", "--token-file", path("token")}));
    ASSERT_EQ(run.end(), 0) << run.text;
  }
  void expect_refused(const std::vector<std::string>& words, int code, const std::string& error) {
    Program run(argv(words));
    EXPECT_EQ(run.end(), code) << run.text;
    const json said = json::parse(run.text, nullptr, false);
    ASSERT_TRUE(said.is_object()) << run.text;
    EXPECT_EQ(said["error"], error) << run.text;
    for (const char* part : {"what", "why", "remedy"}) {
      EXPECT_NE(said["refusal"][part]["ja"], "") << error;
      EXPECT_NE(said["refusal"][part]["en"], "") << error;
    }
  }
  std::size_t reports() {
    const auto held = gate.lock();
    return gate.verdicts.size();
  }

  TestGate gate;
  json facts;
  const std::vector<std::string> kReport{"report", "--once", "--pre-login"};

 private:
  std::string folder_;
};

TEST_F(Cli, EnrolsWithItsTokenAndReportsBeforeLogin) {
  Program enrolment(argv({"enrol", "--token-file", path("token")}));
  ASSERT_EQ(enrolment.end(), 0) << enrolment.text;
  const json said = json::parse(enrolment.text);
  EXPECT_EQ(said["terminal"], "pc-mori");
  EXPECT_EQ(said["gateway"], admission::testing::kGateId);
  for (const char* file : {"agent.key", "agent.state"}) {
    struct stat status {};
    ASSERT_EQ(::stat(path(file).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << file;
  }
  EXPECT_EQ(enrolment.text.find(kToken), std::string::npos);

  for (int i = 0; i < 2; ++i) {
    Program report(argv(kReport));
    ASSERT_EQ(report.end(), 0) << report.text;
    const json answer = json::parse(report.text);
    EXPECT_EQ(answer["decision"], "admit");
    EXPECT_EQ(answer["checks"][0]["verdict"], "pass");
  }
  EXPECT_EQ(json::parse(std::ifstream(path("agent.state")))["seq"], 1);
  {
    const auto held = gate.lock();
    for (const HttpRequest& request : gate.requests) {
      EXPECT_TRUE(printable_user_agent(request).starts_with("sekisho-agent/")) << "R09 must not take it for a browser";
      EXPECT_EQ(accepted_language(request, ""), "ja");
    }
  }

  expect_refused({"enrol", "--token-file", path("token")}, 3, "enrol.token_unknown");
}

TEST_F(Cli, ADeniedReportIsOneDocumentWithRemediesAndExit3) {
  enrol();
  {
    const auto held = gate.lock();
    gate.bench.os.results = {admission::testing::result("R06", CheckVerdict::fail, "os.too_old")};
  }
  Program run(argv(kReport));
  EXPECT_EQ(run.end(), 3);
  const json answer = json::parse(run.text);
  EXPECT_EQ(answer["decision"], "deny");
  const json& row = answer["checks"][0];
  EXPECT_EQ(row["rule"], "R06");
  EXPECT_EQ(row["code"], "os.too_old");
  for (const char* part : {"what", "why", "remedy"}) {
    EXPECT_NE(row[part]["ja"].get<std::string>(), "");
    EXPECT_NE(row[part]["en"].get<std::string>(), "");
  }
  EXPECT_EQ(answer["refusal"]["code"], "os.too_old");
}

TEST_F(Cli, SpeaksToPeopleInTheirLanguage) {
  enrol();
  {
    const auto held = gate.lock();
    gate.bench.os.results = {admission::testing::result("R06", CheckVerdict::fail, "os.too_old")};
  }
  Program japanese(argv(kReport, false));
  EXPECT_EQ(japanese.end(), 3);
  EXPECT_NE(japanese.text.find("不合格 [R06 os.too_old]"), std::string::npos) << japanese.text;
  EXPECT_NE(japanese.text.find("対処: サポート中の Windows 11 へ更新してください。"), std::string::npos);
  Program english(argv(kReport, false), "en_GB.UTF-8");
  EXPECT_EQ(english.end(), 3);
  EXPECT_NE(english.text.find("failed [R06 os.too_old]"), std::string::npos) << english.text;
  EXPECT_NE(english.text.find("Remedy: Update to a Windows 11 release"), std::string::npos);
}

TEST_F(Cli, AnUnenrolledKeyIsDeniedByTheGate) {
  write("agent.key", std::string(admission::DeviceKey::generate()->to_pem().reveal()));
  expect_refused(kReport, 3, "device.key_unknown");
}

TEST_F(Cli, TrustsNoFileThatOthersMayTouch) {
  expect_refused(kReport, 5, "agent.key_missing");
  ::chmod(path("token").c_str(), 0644);
  expect_refused({"enrol", "--token-file", path("token")}, 5, "agent.token_open");
  EXPECT_FALSE(std::filesystem::exists(path("agent.key"))) << "no key without a token";
  ::chmod(path("token").c_str(), 0600);
  enrol();
  ::chmod(path("agent.key").c_str(), 0640);
  expect_refused(kReport, 5, "agent.key_open");
  ::chmod(path("agent.key").c_str(), 0600);
  ::chmod(path("agent.state").c_str(), 0602);
  expect_refused(kReport, 5, "agent.state_open");
  ::chmod(path("agent.state").c_str(), 0600);
  std::filesystem::rename(path("agent.key"), path("real.key"));
  std::filesystem::create_symlink(path("real.key"), path("agent.key"));
  expect_refused(kReport, 5, "agent.key_unreadable");
  EXPECT_EQ(reports(), 0u);
}

TEST_F(Cli, SaysWhatIsWrongWithTheFacts) {
  enrol();
  facts["collector"]["source"] = "agent";
  save_facts();
  expect_refused(kReport, 5, "agent.facts_source");
  write("facts.json", "{");
  expect_refused(kReport, 5, "agent.facts_malformed");
  std::filesystem::remove(path("facts.json"));
  expect_refused(kReport, 5, "agent.facts_unreadable");
  EXPECT_EQ(reports(), 0u);
}

TEST_F(Cli, VerifiesTheGate) {
  enrol();
  write("ca.pem", tls::testing::Authority("another CA").pem());
  expect_refused(kReport, 4, "agent.certificate");
  write("ca.pem", gate.ca_pem());
  auto words = argv(kReport);
  *std::ranges::find(words, "https://gate.test:8443") = "https://other.test:8443";
  Program run(words);
  EXPECT_EQ(run.end(), 4);
  EXPECT_EQ(json::parse(run.text)["error"], "agent.certificate");
  const auto held = gate.lock();
  for (const HttpRequest& request : gate.requests) EXPECT_EQ(request.path, "/posture/v1/enrol");
}

TEST_F(Cli, ReportsToNobodyButTheCertificateThatGaveTheChallenge) {
  enrol();
  {
    const auto held = gate.lock();
    gate.change_certificate = true;
    gate.requests.clear();
  }
  expect_refused(kReport, 4, "agent.certificate");
  const auto held = gate.lock();
  ASSERT_EQ(gate.requests.size(), 1u);
  EXPECT_EQ(gate.requests[0].path, "/posture/v1/challenge");
}

TEST_F(Cli, ShowsTheCertificateThatTheGateKnowsItBy) {
  enrol();
  {
    const auto held = gate.lock();
    const auto identity = gate.clients.issue({.name = "mori"});
    write("client.pem", identity.certificate_pem);
    write("client.key", identity.key_pem);
    gate.shown.clear();
  }
  const std::vector<std::string> both{"--certificate", path("client.pem"), "--certificate-key", path("client.key")};
  std::vector<std::string> words = both;
  words.insert(words.end(), kReport.begin(), kReport.end());
  Program run(argv(words));
  EXPECT_EQ(run.end(), 0) << run.text;
  {
    const auto held = gate.lock();
    ASSERT_FALSE(gate.shown.empty());
    for (const bool shown : gate.shown) EXPECT_TRUE(shown) << "with the challenge and with the report";
    gate.shown.clear();
  }
  Program without(argv(kReport));
  EXPECT_EQ(without.end(), 0) << without.text;
  {
    const auto held = gate.lock();
    ASSERT_FALSE(gate.shown.empty());
    for (const bool shown : gate.shown) EXPECT_FALSE(shown);
  }
  words.erase(words.begin() + 2, words.begin() + 4);
  expect_refused(words, 5, "agent.settings");
  ::chmod(path("client.key").c_str(), 0644);
  words = both;
  words.insert(words.end(), kReport.begin(), kReport.end());
  expect_refused(words, 5, "agent.key_open");
}

TEST_F(Cli, FindsNoSessionWhereThereIsNone) {
  enrol();
  expect_refused({"report", "--once"}, 4, "agent.no_session");
}

TEST_F(Cli, StaysReportsAChangeAtOnceAndLeavesWhenTold) {
  enrol();
  {
    const auto held = gate.lock();
    gate.session = admission::SessionRef{"S20261122-1-000042", "127.0.0.1", "pc-mori", "internet"};
  }
  Program run(argv({"run"}));
  ASSERT_TRUE(run.says("\"admitted\"")) << run.text;
  EXPECT_EQ(reports(), 1u);
  {
    const auto held = gate.lock();
    gate.bench.os.results = {admission::testing::result("R07", CheckVerdict::fail, "av.off")};
  }
  facts["antivirus"]["products"][0]["state"] = "off";
  save_facts();
  run.signal(SIGUSR1);
  ASSERT_TRUE(run.says("\"quarantined\"")) << run.text;
  EXPECT_NE(run.text.find("av.off"), std::string::npos);
  {
    const auto held = gate.lock();
    ASSERT_EQ(gate.verdicts.size(), 2u);
    EXPECT_EQ(gate.verdicts[1].reason, "event");
    // The session is over: the gate sees a stranger at the next look.
    gate.session.reset();
  }
  run.signal(SIGUSR1);
  ASSERT_TRUE(run.says("\"ended\""));
  EXPECT_EQ(run.end(), 3) << "the last word was no";

  {
    const auto held = gate.lock();
    gate.session = admission::SessionRef{"S20261122-1-000043", "127.0.0.1", "pc-mori", "internet"};
    gate.bench.os.results = {admission::testing::result("R06", CheckVerdict::pass, "")};
  }
  Program again(argv({"run"}));
  ASSERT_TRUE(again.says("\"admitted\""));
  again.signal(SIGTERM);
  EXPECT_EQ(again.end(), 0);
}

TEST_F(Cli, TellsAWrongCommandLineFromARefusal) {
  Program nothing({SEKISHO_AGENT});
  EXPECT_EQ(nothing.end(), 2);
  Program without_facts({SEKISHO_AGENT, "--key", "k", "--state", "s", "--gate", "https://g", "report"});
  EXPECT_EQ(without_facts.end(), 2);
  auto words = argv(kReport);
  *std::ranges::find(words, "https://gate.test:8443") = "http://gate.test:8443";
  enrol();
  Program plain(words);
  EXPECT_EQ(plain.end(), 5);
  EXPECT_EQ(json::parse(plain.text)["error"], "agent.settings");
}

}  // namespace
}  // namespace sekisho::agent
