// The whole gate as `sekisho supervise` runs it, every program the real one behind its real sandbox, in a network
// namespace of the test's own: each process is killed and comes back, no newcomer is refused meanwhile,
// and the end is clean however it comes.
#include "net/tls/testing/certificates.hpp"
#include "netd/testing/namespace.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace sekisho::lab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
constexpr std::uint32_t kSekishod = 64101, kNetd = 64102, kFront = 64103, kRelay = 64104, kPosture = 64105;
constexpr auto kPatience = std::chrono::seconds(30);  ///< the machine may be busy

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool until(const std::function<bool()>& done, std::chrono::milliseconds limit = kPatience) {
  const auto end = steady_clock::now() + limit;
  while (!done()) {
    if (steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

struct Child {
  pid_t pid = 0;
  std::string state;
};

/// Comes and goes at an address all the time, as newcomers do.
class Newcomers {
 public:
  explicit Newcomers(std::function<int()> connect)
      : thread_([this, connect = std::move(connect)] {
          while (!stop_) {
            const int fd = connect();
            ++(fd >= 0 ? came_ : refused_);
            if (fd >= 0) ::close(fd);
            ::poll(nullptr, 0, 5);
          }
        }) {}
  ~Newcomers() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] int came() const { return came_; }
  [[nodiscard]] int refused() const { return refused_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> came_{0}, refused_{0};
  std::thread thread_;
};

int connect_to(const std::string& address, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = netd::testing::socket_address(address, port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
  ::close(fd);
  return -1;
}

struct GateLife : ::testing::Test {
  void SetUp() override {
    if (const auto why = netd::testing::enter_fresh_namespace()) GTEST_SKIP() << *why;
    std::string name = "/tmp/gate-life-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
    write_config();
  }
  void TearDown() override {
    if (supervisor > 0) {
      ::kill(supervisor, SIGKILL);
      ::waitpid(supervisor, nullptr, 0);
    }
    if (HasFailure() && !folder.empty()) std::fputs(log().c_str(), stderr);
    if (!folder.empty()) fs::remove_all(folder);
  }

  void write_config() {
    const tls::testing::Authority authority("lab CA");
    tls::testing::LeafOptions leaf;
    leaf.name = "gate.test";
    leaf.dns = {"gate.test"};
    leaf.client = false;
    const auto identity = authority.issue(leaf);
    std::ofstream(folder / "cert.pem") << identity.certificate_pem;
    std::ofstream(folder / "key.pem") << identity.key_pem;
    std::ofstream(folder / "ca.pem") << authority.pem();
    const auto at = [&](const char* name) { return (folder / name).string(); };
    const json tls{{"certificate_file", at("cert.pem")}, {"key_file", at("key.pem")}};
    const json path{{"name", "internet"},
                    {"plugin", {{"plugin", "fortinet_sslvpn"}, {"config", json::object()}}},
                    {"listen", {"127.0.0.1:443"}},
                    {"tls", tls},
                    {"tun", {{"name", "sekisho0"}, {"gate_address", "10.202.0.1"}, {"prefix", 24}, {"mtu", 1354}}},
                    {"uid", kFront},
                    {"relay_uid", kRelay},
                    {"zones", {"internet_business"}},
                    {"factors", {"password"}},
                    {"least_factors", 1},
                    {"entrance", "10.202.0.1:5900"}};
    const json document{
        {"gate_id", "gate.test"},
        {"plugin_directory", SEKISHO_PLUGIN_DIR},
        {"state_directory", at("state")},
        {"control_socket", at("run/control.sock")},
        {"store_url", "sqlite://" + at("state/sekisho.db")},
        {"sekishod_uid", kSekishod},
        {"netd_uid", kNetd},
        {"journal", {{"directory", at("state/journal")}, {"signing_key_file", at("state/journal.key")}}},
        {"mail", {{"url", "smtp://127.0.0.1:25"}, {"from", "sekisho@seki.test"}, {"ca_file", at("ca.pem")}}},
        {"authenticators", {{{"plugin", "password"}, {"config", json::object()}}}},
        {"paths", {path}},
        {"posture", {{"listen", {"127.0.0.1:444", "10.202.0.1:444"}}, {"tls", tls}, {"uid", kPosture}}}};
    std::ofstream(folder / "sekisho.json") << document;
  }

  void start() {
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
    const std::string config = folder / "sekisho.json", status = folder / "status", out = folder / "log";
    supervisor = ::fork();
    if (supervisor == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int log = ::open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      ::dup2(log, 1);
      ::dup2(log, 2);
      ::dup2(ready[1], 9);
      ::execl(SEKISHO_SUPERVISOR, SEKISHO_SUPERVISOR, "supervise", "--config", config.c_str(), "--status",
              status.c_str(), "--ready-fd", "9", nullptr);
      ::_exit(127);
    }
    ::close(ready[1]);
    pollfd wait{ready[0], POLLIN, 0};
    std::array<char, 16> said{};
    const bool came = ::poll(&wait, 1, 60'000) == 1 && ::read(ready[0], said.data(), said.size()) == 6;
    ::close(ready[0]);
    ASSERT_TRUE(came) << log();
  }

  std::map<std::string, Child> children() const {
    std::map<std::string, Child> out;
    const json status = json::parse(read(folder / "status"), nullptr, false);
    if (status.is_discarded()) return out;
    for (const auto& child : status["children"]) out[child["name"]] = {child["pid"], child["state"]};
    return out;
  }
  [[nodiscard]] std::string log() const { return read(folder / "log"); }
  [[nodiscard]] json ctl(const std::string& words, int* code = nullptr) const {
    const std::string line = std::string(SEKISHO_CTL) + " --json --socket " + (folder / "run/control.sock").string() +
                             " " + words + " 2>/dev/null";
    FILE* pipe = ::popen(line.c_str(), "re");
    std::string out;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
    const int status = ::pclose(pipe);
    if (code != nullptr) *code = WEXITSTATUS(status);
    return json::parse(out, nullptr, false);
  }
  [[nodiscard]] bool healthy() const {
    int code = 0;
    const json health = ctl("health", &code);
    return code == 0 && health["conditions"].empty() && health["journal"] == "ok" && health["links"].size() == 4;
  }
  /// Exit code of the supervisor, or minus its signal; -1000: it did not end.
  int end_of_supervisor() {
    int status = 0;
    if (!until([&] { return ::waitpid(supervisor, &status, WNOHANG) == supervisor; })) return -1000;
    supervisor = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  fs::path folder;
  pid_t supervisor = 0;
};

std::string field(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return {};
}

}  // namespace

TEST_F(GateLife, EveryProcessServesBehindItsSandbox) {
  start();
  ASSERT_TRUE(until([&] { return healthy(); })) << ctl("health");
  const std::map<std::string, std::pair<std::uint32_t, const char*>> wanted = {
      {"netd", {kNetd, "0000000000001000"}},  // CAP_NET_ADMIN
      {"sekishod", {kSekishod, "0000000000000000"}},
      {"relay:internet", {kRelay, "0000000000000000"}},
      {"front:internet", {kFront, "0000000000000000"}},
      {"posture", {kPosture, "0000000000000000"}}};
  const auto found = children();
  ASSERT_EQ(found.size(), wanted.size());
  for (const auto& [name, what] : wanted) {
    const pid_t pid = found.at(name).pid;
    const std::string uid = std::to_string(what.first);
    EXPECT_EQ(field(pid, "Uid"), uid + "\t" + uid + "\t" + uid + "\t" + uid) << name;
    EXPECT_EQ(field(pid, "CapEff"), what.second) << name;
    EXPECT_EQ(field(pid, "NoNewPrivs"), "1") << name;
    if (!kSanitizer) {
      EXPECT_EQ(field(pid, "Seccomp"), "2") << name;
    }
  }
  if (!kSanitizer) {
    EXPECT_EQ(log().find("sandbox_open"), std::string::npos) << "a sandbox is not whole";
  }
}

TEST_F(GateLife, WhateverIsKilledComesBackAndNoNewcomerIsRefused) {
  start();
  ASSERT_TRUE(until([&] { return healthy(); })) << ctl("health");
  Newcomers path([] { return connect_to("127.0.0.1", 443); });
  Newcomers posture([] { return connect_to("127.0.0.1", 444); });
  const std::string socket = folder / "run/control.sock";
  Newcomers control([&socket] {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    socket.copy(at.sun_path, sizeof at.sun_path - 1);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
    ::close(fd);
    return -1;
  });
  for (int round = 0; round < 2; ++round) {
    for (const auto& [name, before] : children()) {
      const auto others = children();
      const auto killed = steady_clock::now();
      ASSERT_EQ(::kill(others.at(name).pid, SIGKILL), 0) << name;
      const auto back = [&, &name = name] {
        const auto now = children();
        return now.contains(name) && now.at(name).state == "ready" && now.at(name).pid != others.at(name).pid;
      };
      ASSERT_TRUE(until(back)) << name;
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - killed);
      EXPECT_LT(took.count(), 10'000) << name << ": 3 s on a machine that has nothing else to do";
      ASSERT_TRUE(until([&] { return healthy(); })) << name << ": " << ctl("health");
      for (const auto& [other, child] : children()) {
        if (other != name) {
          EXPECT_EQ(child.pid, others.at(other).pid) << other << " fell with " << name;
        }
      }
    }
  }
  path.stop();
  posture.stop();
  control.stop();
  for (const auto* newcomers : {&path, &posture, &control}) {
    EXPECT_GT(newcomers->came(), 50);
    EXPECT_EQ(newcomers->refused(), 0);
  }
  // Three starts of the journal's writer, two of them after a kill; nothing is missing.
  const json verified = ctl("journal verify --dir " + (folder / "state/journal").string());
  EXPECT_EQ(verified["ok"], true) << verified;
  EXPECT_GE(verified["entries"], 3);
  EXPECT_EQ(log().find("\"signal\":31"), std::string::npos) << "a sandbox killed its process";
}

TEST_F(GateLife, ATermEndsEverythingInOrder) {
  start();
  const auto before = children();
  ASSERT_EQ(::kill(supervisor, SIGTERM), 0);
  EXPECT_EQ(end_of_supervisor(), 0);
  for (const auto& [name, child] : before) {
    EXPECT_EQ(::kill(child.pid, 0), -1) << name;
    EXPECT_NE(log().find("\"supervise.child_stopped\""), std::string::npos);
  }
  EXPECT_EQ(log().find("child_killed"), std::string::npos) << "somebody did not stop when told";
  EXPECT_FALSE(fs::exists(folder / "run/control.sock"));
  EXPECT_EQ(connect_to("127.0.0.1", 443), -1);
  // It starts again over what it left.
  start();
  EXPECT_TRUE(until([&] { return healthy(); })) << ctl("health");
}

TEST_F(GateLife, TheSupervisorsDeathIsEverybodysDeath) {
  start();
  const auto before = children();
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  EXPECT_EQ(end_of_supervisor(), -SIGKILL);
  for (const auto& [name, child] : before) {
    // Reaped by nobody of ours: a zombie of init's is gone too.
    EXPECT_TRUE(until([pid = child.pid] {
      const std::string state = field(pid, "State");
      return state.empty() || state.starts_with("Z");
    })) << name;
  }
  start();
  EXPECT_TRUE(until([&] { return healthy(); })) << ctl("health");
}

}  // namespace sekisho::lab
