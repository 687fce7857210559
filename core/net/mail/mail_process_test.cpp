// Mail as sekishod sends it: from inside its sandbox, and without a trace of the code left in its memory (T-27, T-74).
#include "net/mail/curl_mail.hpp"
#include "net/mail/testing/mail_stage.hpp"
#include "run/sandbox.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

namespace sekisho::net {
namespace {

using testing::FakeSmtpServer;
using testing::MailStage;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
constexpr std::uint32_t kNobody = 65534;

/// Runs `act` in a child; its exit code, or minus the signal.
template <class Act>
int in_child(Act act) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(act());
  }
  int status = 0;
  SEKISHO_ASSERT(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// --- memory

/// A text that stands in memory only in disguise.
class Masked {
 public:
  void add(char c) { hidden_ += static_cast<char>(c ^ kMask); }
  [[nodiscard]] std::size_t size() const { return hidden_.size(); }
  [[nodiscard]] char at(std::size_t i) const { return static_cast<char>(hidden_[i] ^ kMask); }
  /// How often the plain text stands in [from, until).
  [[nodiscard]] std::size_t count(const char* from, const char* until) const {
    std::size_t found = 0;
    const char first = at(0);
    for (const char* p = from; p + size() <= until; ++p) {
      p = static_cast<const char*>(memchr(p, first, static_cast<std::size_t>(until - p)));
      if (p == nullptr || p + size() > until) break;
      std::size_t same = 1;
      while (same < size() && p[same] == at(same)) ++same;
      found += same == size() ? 1 : 0;
    }
    return found;
  }

 private:
  static constexpr char kMask = 0x55;
  std::string hidden_;
};

/// In everything that this process may write to: heap, data, stacks.
std::size_t count_in_memory(const Masked& text) {
  std::size_t found = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" rw-p ") == std::string::npos || line.find("[v") != std::string::npos) continue;
    char* end = nullptr;
    const auto from = std::strtoull(line.c_str(), &end, 16), until = std::strtoull(end + 1, nullptr, 16);
    found += text.count(reinterpret_cast<const char*>(from), reinterpret_cast<const char*>(until));
  }
  return found;
}

constexpr std::size_t kCode = 24;  // letters: long enough to stand nowhere by chance
constexpr std::string_view kBefore = "your code is ", kAfter = ".\n";

/// The body with a fresh code in it; `plain` and `coded` get what must not be found later.
std::string fresh_body(Masked& plain, Masked& coded) {
  run::KernelEntropy entropy;
  std::string body(kBefore);
  body.reserve(100);
  for (std::size_t i = 0; i < kCode; ++i) {
    std::array<std::byte, 1> chance{};
    entropy.fill(chance);
    const char c = static_cast<char>('A' + std::to_integer<int>(chance[0]) % 26);
    plain.add(c);
    body += c;
  }
  body += kAfter;
  // Its base64, from the first group of three that lies inside the code.
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = (kBefore.size() + 2) / 3 * 3; i + 3 <= kBefore.size() + kCode; i += 3) {
    const auto byte = [&](std::size_t n) { return static_cast<unsigned>(static_cast<unsigned char>(body[i + n])); };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (const int shift : {18, 12, 6, 0}) coded.add(kAlphabet[group >> shift & 63]);
  }
  return body;
}

// --- the world that a resolver needs

/// A network and mounts of its own, loopback up. False where that is not allowed.
bool own_world() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  ifreq interface {};
  std::snprintf(interface.ifr_name, sizeof interface.ifr_name, "lo");
  interface.ifr_flags = IFF_UP | IFF_RUNNING;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &interface) == 0;
  ::close(fd);
  return up;
}

/// What this process sees at `path` from now on.
bool show(const char* path, const std::string& content) {
  std::string name = ::testing::TempDir() + "shown-XXXXXX";
  const int fd = mkstemp(name.data());
  const bool good = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
                    fchmod(fd, 0644) == 0 && mount(name.c_str(), path, nullptr, MS_BIND, nullptr) == 0;
  ::close(fd);
  unlink(name.c_str());
  return good;
}

/// Answers every question for an IPv4 address with 127.0.0.1, all others with nothing (RFC 1035 §4.1).
void serve_names(int fd) {
  std::array<unsigned char, 512> packet{};
  for (;;) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const ssize_t got = ::recvfrom(fd, packet.data(), 400, 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (got < 17) continue;
    std::size_t end = 12;
    while (packet[end] != 0) end += packet[end] + 1U;
    end += 5;  // root label, type, class
    const bool ipv4 = packet[end - 3] == 1;
    packet[2] = 0x81;  // answer, recursion
    packet[3] = 0x80;
    packet[6] = 0;
    packet[7] = ipv4 ? 1 : 0;
    packet[8] = packet[9] = packet[10] = packet[11] = 0;
    static constexpr std::array<unsigned char, 16> kAnswer = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
    if (ipv4) std::copy(kAnswer.begin(), kAnswer.end(), packet.begin() + static_cast<std::ptrdiff_t>(end));
    ::sendto(fd, packet.data(), end + (ipv4 ? kAnswer.size() : 0), 0, reinterpret_cast<sockaddr*>(&peer), size);
  }
}

}  // namespace

TEST(MailProcess, LeavesNoTraceOfTheCodeInMemory) {
  if (kSanitizer) GTEST_SKIP() << "the sanitizers keep what was freed";
  MailStage certificates;
  certificates.options.user = "sekisho";
  FakeSmtpServer server(certificates.server_identity(), {testing::Manner::busy_at_mail});
  const int ended = in_child([&] {
    Masked plain, coded;
    std::string body = fresh_body(plain, coded);
    if (count_in_memory(plain) != 1) return 2;  // the search finds what is there
    MailStage stage;
    stage.options.ca_pem = certificates.authority.pem();
    stage.options.user = "sekisho";
    stage.options.password = Secret("correct horse");
    stage.open(server.port());
    stage.send(1, "mori@contractor.test", std::move(body));
    if (!stage.end_of(1).empty()) return 3;
    if (count_in_memory(plain) != 0) return 4;
    stage.mail.reset();
    if (count_in_memory(plain) != 0) return 5;
    if (count_in_memory(coded) != 0) return 6;
    return 0;
  });
  EXPECT_EQ(ended, 0);
  const auto seen = server.results();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen[1].text.empty());
}

TEST(MailProcess, IsSentFromInsideTheSandbox) {
  if (kSanitizer) GTEST_SKIP() << "system calls are not filtered in sanitizer builds";
  MailStage certificates;
  FakeSmtpServer server(certificates.server_identity(), {});
  const int ended = in_child([&] {
    MailStage stage;
    stage.options.ca_pem = certificates.authority.pem();
    if (!run::enter_sandbox(run::SandboxProfile::sekishod, geteuid() == 0 ? kNobody : geteuid())) return 2;
    stage.open(server.port());
    stage.send(1);
    if (!stage.end_of(1).empty()) return 3;
    stage.mail.reset();
    return 0;
  });
  EXPECT_EQ(ended, 0);
  EXPECT_EQ(server.accepted(), 1U);
}

// A name from a name server, with a module of the name service before it that exists but is seldom loaded.
TEST(MailProcess, FindsItsServerByNameFromInsideTheSandbox) {
  if (kSanitizer) GTEST_SKIP() << "system calls are not filtered in sanitizer builds";
  constexpr int kNotAllowed = 77;
  const int ended = in_child([&] {
    if (!own_world() || !show("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5\n") ||
        !show("/etc/nsswitch.conf", "passwd: files systemd\nhosts: files hesiod dns\nservices: db files\n")) {
      return kNotAllowed;
    }
    MailStage stage;
    FakeSmtpServer server(MailStage::issue(stage.authority, "post.seki.test", false), {});
    const int names = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(names, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) return 2;
    std::thread(serve_names, names).detach();
    if (!run::enter_sandbox(run::SandboxProfile::sekishod, kNobody)) return 3;
    stage.open(server.port(), "post.seki.test");
    stage.send(1);
    return stage.end_of(1).empty() && server.accepted() == 1 ? 0 : 4;
  });
  if (ended == kNotAllowed) GTEST_SKIP() << "needs root, for a network and mounts of its own";
  EXPECT_EQ(ended, 0);
}

}  // namespace sekisho::net
