#include "run/sandbox.hpp"

#include "run/asio_services.hpp"
#include "run/clock.hpp"
#include "run/link.hpp"
#include "run/name_service.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace sekisho::run {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
constexpr std::uint32_t kNobody = 65534;
constexpr int kNoSandbox = 99;

std::uint32_t someone() {
  return geteuid() == 0 ? kNobody : geteuid();
}

/// Runs `act` in a child inside the sandbox; the wait status of that child. `act` returns the exit code.
template <class Act>
int in_sandbox(SandboxProfile profile, Act act) {
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_sandbox(profile, someone())) _exit(kNoSandbox);
    _exit(act());
  }
  int status = 0;
  SEKISHO_ASSERT(waitpid(child, &status, 0) == child);
  return status;
}

template <class Act>
::testing::AssertionResult lives(SandboxProfile profile, Act act) {
  const int status = in_sandbox(profile, act);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << (WIFSIGNALED(status) ? "killed by signal " : "ended with code ")
                                       << (WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

template <class Act>
::testing::AssertionResult dies(SandboxProfile profile, Act act) {
  const int status = in_sandbox(profile, [&] {
    act();
    return 0;
  });
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "not killed by the filter, status " << status;
}

struct Forbidden {
  const char* name;
  void (*act)();
};
const Forbidden kOpens[] = {
    {"open", [] { syscall(SYS_open, "/etc/passwd", O_RDONLY); }},
    {"openat", [] { syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }},
    {"openat2", [] { syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0); }},
    {"creat", [] { syscall(SYS_creat, "/tmp/x", 0600); }},
    {"open_by_handle_at", [] { syscall(SYS_open_by_handle_at, 0, nullptr, 0); }},
};
const Forbidden kNobodyMay[] = {
    {"execve", [] { execl("/bin/true", "true", nullptr); }},
    {"execveat", [] { syscall(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0); }},
    {"fork", [] { syscall(SYS_fork); }},
    {"clone of a process", [] { syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"ptrace", [] { ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
    {"process_vm_readv", [] { syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0); }},
    {"kill", [] { kill(getppid(), 0); }},
    {"tgkill of another", [] { syscall(SYS_tgkill, getppid(), getppid(), 0); }},
    {"setuid", [] { syscall(SYS_setuid, 0); }},
    {"io_uring", [] { syscall(SYS_io_uring_setup, 1, nullptr); }},
    {"bpf", [] { syscall(SYS_bpf, 0, nullptr, 0); }},
    {"unshare", [] { syscall(SYS_unshare, 0x10000000); }},
    {"mount", [] { syscall(SYS_mount, nullptr, nullptr, nullptr, 0, nullptr); }},
    {"seccomp", [] { syscall(SYS_seccomp, 0, 0, nullptr); }},
    {"prctl that undoes", [] { prctl(PR_SET_DUMPABLE, 1); }},
    {"setrlimit",
     [] {
       const rlimit more{1, 1};
       setrlimit(RLIMIT_CORE, &more);
     }},
    {"executable memory", [] { mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"memory made executable",
     [] {
       void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
       mprotect(page, 4096, PROT_READ | PROT_EXEC);
     }},
    {"listen", [] { listen(0, 1); }},
    {"raw socket", [] { socket(AF_PACKET, SOCK_RAW, 0); }},
    {"typing into a terminal", [] { ioctl(0, TIOCSTI, "x"); }},
};

struct Sandbox : ::testing::Test {
  void SetUp() override {
    if (kSanitizer) GTEST_SKIP() << "system calls are not filtered in sanitizer builds";
  }
};

int loopback_listener(sockaddr_in& at) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  SEKISHO_ASSERT(bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0 && listen(fd, 8) == 0);
  SEKISHO_ASSERT(getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return fd;
}

}  // namespace

TEST_F(Sandbox, KillsWhatNobodyMay) {
  for (const SandboxProfile profile : {SandboxProfile::front, SandboxProfile::relay, SandboxProfile::recording_relay,
                                       SandboxProfile::sekishod, SandboxProfile::netd}) {
    for (const auto& forbidden : kNobodyMay) {
      EXPECT_TRUE(dies(profile, forbidden.act)) << forbidden.name << ", profile " << static_cast<int>(profile);
    }
  }
  for (const auto& forbidden : kNobodyMay) {
    if (forbidden.name == std::string_view("executable memory")) continue;  // refused, and it lives: see below
    EXPECT_TRUE(dies(SandboxProfile::hyperd, forbidden.act)) << forbidden.name;
  }
}

TEST_F(Sandbox, KillsAHyperdThatWritesFilesOrReachesForTheNetwork) {
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_WRONLY); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_RDONLY | O_CREAT, 0600); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { syscall(SYS_open, "/tmp/x", O_RDWR); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", nullptr, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { mkdir("/tmp/x", 0700); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { unlink("/tmp/x"); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { rename("/tmp/x", "/tmp/y"); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { socket(AF_INET, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { socket(AF_INET6, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { socket(AF_UNIX, SOCK_DGRAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { socket(AF_NETLINK, SOCK_RAW, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::hyperd, [] { bind(0, nullptr, 0); }));
}

TEST(SandboxLife, AHyperdReadsFilesMakesThreadsAndGetsNoMemoryForCode) {
  EXPECT_TRUE(lives(SandboxProfile::hyperd, [] {
    std::ifstream file("/etc/passwd");
    std::string line;
    if (!std::getline(file, line)) return 1;
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    if (!ran) return 2;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0) return 3;
    if (memfd_create("x", MFD_CLOEXEC) < 0) return 4;
    if (kSanitizer) return 0;
    const void* code = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED && errno == EPERM ? 0 : 5;
  }));
}

TEST_F(Sandbox, KillsAFrontRelayOrNetdThatOpensAFile) {
  for (const SandboxProfile profile : {SandboxProfile::front, SandboxProfile::relay, SandboxProfile::netd}) {
    for (const auto& forbidden : kOpens) EXPECT_TRUE(dies(profile, forbidden.act)) << forbidden.name;
    EXPECT_TRUE(dies(profile, [] { mkdir("/tmp/x", 0700); }));
    EXPECT_TRUE(dies(profile, [] { unlink("/tmp/x"); }));
    EXPECT_TRUE(dies(profile, [] {
      struct stat about {};
      syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &about, 0);
    }));
  }
}

TEST_F(Sandbox, KillsAFrontThatReachesForTheNetwork) {
  EXPECT_TRUE(dies(SandboxProfile::front, [] { socket(AF_INET, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] { socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] { connect(0, nullptr, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] { bind(0, nullptr, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] {
    unsigned offload = 0;
    ioctl(0, TUNSETOFFLOAD, offload);
  }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] { ioctl(0, TUNSETIFF, nullptr); }));
  EXPECT_TRUE(dies(SandboxProfile::front, [] { std::thread([] {}).join(); }));
}

TEST_F(Sandbox, KillsARelayThatMakesAnythingButInternetStreams) {
  EXPECT_TRUE(dies(SandboxProfile::relay, [] { socket(AF_INET, SOCK_DGRAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::relay, [] { socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }));
  EXPECT_TRUE(dies(SandboxProfile::relay, [] { socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::relay, [] { socket(AF_NETLINK, SOCK_RAW, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::relay, [] { bind(0, nullptr, 0); }));
}

TEST_F(Sandbox, ARelayThatRecordsMakesFilesAndAddsToThemAndTakesNothingBack) {
  const auto profile = SandboxProfile::recording_relay;
  const std::string folder = std::string("/tmp/sekisho-recording-") + std::to_string(getpid());
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_TRUE(geteuid() != 0 || chown(folder.c_str(), someone(), someone()) == 0);
  const std::string file = folder + "/a.skr";
  EXPECT_TRUE(lives(profile, [&] {
    const int at = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int made = openat(at, "a.skr", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (at < 0 || made < 0 || pwrite(made, "x", 1, 0) != 1 || fdatasync(made) != 0 || fsync(at) != 0) return 1;
    std::thread([] {}).join();
    return 0;
  }));
  EXPECT_TRUE(dies(profile, [&] { static_cast<void>(open(file.c_str(), O_RDWR | O_TRUNC)); }));
  EXPECT_TRUE(dies(profile, [&] { static_cast<void>(truncate(file.c_str(), 0)); }));
  EXPECT_TRUE(dies(profile, [&] { unlink(file.c_str()); }));
  EXPECT_TRUE(dies(profile, [&] { rename(file.c_str(), (file + "x").c_str()); }));
  EXPECT_TRUE(dies(profile, [] { socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(profile, [] { bind(0, nullptr, 0); }));
  EXPECT_EQ(unlink(file.c_str()), 0);
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

TEST_F(Sandbox, KillsAGatekeeperThatListensOrTouchesTheKernel) {
  EXPECT_TRUE(dies(SandboxProfile::sekishod, [] { bind(0, nullptr, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::sekishod, [] { ioctl(0, TUNSETIFF, nullptr); }));
}

TEST_F(Sandbox, KillsANetdThatReachesForAnythingButTheKernel) {
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { socket(AF_INET, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { socket(AF_UNIX, SOCK_STREAM, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { connect(0, nullptr, 0); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { ioctl(0, TUNSETPERSIST, 1); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { unlink("/tmp/x"); }));
  EXPECT_TRUE(dies(SandboxProfile::netd, [] { rename("/tmp/x", "/tmp/y"); }));
}

TEST(SandboxLife, EveryProfileThinksThrowsAndAborts) {
  for (const SandboxProfile profile : {SandboxProfile::front, SandboxProfile::relay, SandboxProfile::sekishod,
                                       SandboxProfile::netd, SandboxProfile::hyperd}) {
    EXPECT_TRUE(lives(profile, [] {
      std::vector<std::string> much;
      for (int i = 0; i < 1000; ++i) much.emplace_back(100'000, 'x');
      try {
        throw std::runtime_error("caught");
      } catch (const std::exception&) {
      }
      const time_t now = time(nullptr);
      tm parts{};
      localtime_r(&now, &parts);
      KernelEntropy entropy;
      entropy.fill(std::as_writable_bytes(std::span(much[0])));
      return much.size() == 1000 ? 0 : 1;
    }));
    const int status = in_sandbox(profile, []() -> int { abort(); });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  }
}

TEST(SandboxLife, AFrontAcceptsSpeaksAndTakesDescriptors) {
  sockaddr_in at{};
  const Fd listener(loopback_listener(at));
  const Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&at), sizeof(at)), 0);
  ASSERT_EQ(send(client.get(), "hello", 5, 0), 5);
  auto pair = make_link_pair();
  ASSERT_TRUE(pair);

  const pid_t child = fork();
  if (child == 0) {
    boost::asio::io_context loop;
    if (!enter_sandbox(SandboxProfile::front, someone())) _exit(kNoSandbox);
    GateClock clock;
    AsioTimers timers(loop, clock);
    struct User final : seam::Link::Handler {
      explicit User(boost::asio::io_context& context) : acceptor(context), socket(context) {}
      void on_message(seam::Message, int fd) override {
        acceptor.assign(boost::asio::ip::tcp::v4(), fd);
        acceptor.async_accept(socket, [this](const boost::system::error_code& error) {
          if (error) _exit(3);
          socket.async_read_some(boost::asio::buffer(heard), [this](const boost::system::error_code&, std::size_t n) {
            if (n != 5) _exit(4);
            socket.async_write_some(boost::asio::buffer(heard, 5),
                                    [this](const boost::system::error_code&, std::size_t) {
                                      link->send(seam::Ready{});
                                      done = true;
                                      socket.close();
                                      acceptor.close();
                                    });
          });
        });
      }
      void on_closed(std::string_view) override { _exit(5); }
      boost::asio::ip::tcp::acceptor acceptor;
      boost::asio::ip::tcp::socket socket;
      std::array<char, 64> heard{};
      std::unique_ptr<seam::Link> link;
      bool done = false;
    } user(loop);
    user.link = open_link(loop, std::move((*pair)[1]), user);
    timers.at(clock.now() + std::chrono::seconds(20), [] { _exit(6); });
    while (!user.done) loop.run_one();
    user.link->close();
    _exit(0);
  }
  (*pair)[1].reset();
  boost::asio::io_context loop;
  struct Above final : seam::Link::Handler {
    void on_message(seam::Message message, int) override { ready = std::holds_alternative<seam::Ready>(message); }
    void on_closed(std::string_view) override { ended = true; }
    bool ready = false, ended = false;
  } above;
  auto link = open_link(loop, std::move((*pair)[0]), above);
  link->send_with_fd(seam::Handover{"listener", "x"}, dup(listener.get()));
  while (!above.ended) loop.run_one();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(above.ready);
  std::array<char, 5> echo{};
  EXPECT_EQ(recv(client.get(), echo.data(), echo.size(), MSG_WAITALL), 5);
}

TEST(SandboxLife, ARelayConnects) {
  sockaddr_in at{};
  const Fd listener(loopback_listener(at));
  EXPECT_TRUE(lives(SandboxProfile::relay, [&] {
    boost::asio::io_context loop;
    boost::asio::ip::tcp::socket socket(loop);
    bool connected = false;
    socket.async_connect({boost::asio::ip::address_v4::loopback(), ntohs(at.sin_port)},
                         [&](const boost::system::error_code& error) { connected = !error; });
    loop.run();
    boost::system::error_code ignored;
    socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    return connected ? 0 : 1;
  }));
}

TEST(SandboxLife, AGatekeeperKeepsFilesThreadsAndMail) {
  std::string folder = ::testing::TempDir() + "sandbox-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_EQ(chmod(folder.c_str(), 0777), 0);
  sockaddr_in at{};
  const Fd listener(loopback_listener(at));
  EXPECT_TRUE(lives(SandboxProfile::sekishod, [&] {
    {
      std::ofstream file(folder + "/a");
      file << "entry";
      if (!file.flush()) return 1;
    }
    const int fd = open((folder + "/a").c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 || fdatasync(fd) != 0 || ftruncate(fd, 100) != 0) return 2;
    if (rename((folder + "/a").c_str(), (folder + "/b").c_str()) != 0) return 3;
    struct stat about {};
    if (stat((folder + "/b").c_str(), &about) != 0 || (about.st_mode & 077) != 0) return 4;
    if (unlink((folder + "/b").c_str()) != 0) return 5;

    boost::asio::io_context loop;
    GateClock clock;
    AsioTimers timers(loop, clock);
    ThreadPools pools(clock, timers);
    bool done = false;
    pools.run(
        Pool::password, std::chrono::seconds(20), [] {}, [&](Result<void> end) { done = end.has_value(); });
    loop.run();
    if (!done) return 6;

    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo("localhost", "25", &hints, &found) != 0) return 7;
    freeaddrinfo(found);
    const int mail = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(mail, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0) return 8;
    return 0;
  }));
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

TEST(NameServices, AreReadFromTheFileOnceEach) {
  EXPECT_EQ(name_service_modules("passwd: files systemd\n# hosts: evil\nhosts:\tfiles mdns4_minimal [NOTFOUND=return "
                                 "!UNAVAIL=continue] dns # nis\nbroken line\nservices: db files"),
            (std::vector<std::string>{"files", "systemd", "mdns4_minimal", "dns", "db"}));
  EXPECT_TRUE(name_service_modules("").empty());
  EXPECT_EQ(name_service_modules("hosts: ../evil/"), std::vector<std::string>{"evil"}) << "no paths";
}

// A user whom no file knows is looked for in modules, which must have been loaded before.
TEST(SandboxLife, AGatekeeperLooksUpUsersAndServices) {
  EXPECT_TRUE(lives(SandboxProfile::sekishod, [] {
    passwd entry{}, *found = nullptr;
    std::array<char, 4096> room{};
    if (getpwuid_r(3'999'999, &entry, room.data(), room.size(), &found) != 0 && found != nullptr) return 1;
    addrinfo hints{}, *list = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo("localhost", "smtp", &hints, &list) == 0) freeaddrinfo(list);
    return 0;
  }));
}

TEST(SandboxLife, ANetdSpeaksNetlink) {
  EXPECT_TRUE(lives(SandboxProfile::netd, [] {
    for (const int protocol : {NETLINK_ROUTE, NETLINK_NETFILTER}) {
      const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
      sockaddr_nl at{};
      at.nl_family = AF_NETLINK;
      if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0) return 1;
    }
    return 0;
  }));
}

TEST(SandboxLife, NothingOfTheOldIdentityIsLeft) {
  if (geteuid() != 0) GTEST_SKIP() << "only root has an identity to give up";
  EXPECT_TRUE(lives(SandboxProfile::netd, [] { return getuid() == kNobody && getegid() == kNobody ? 0 : 1; }));
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto report = enter_sandbox(SandboxProfile::sekishod, kNobody);
    if (!report || !report->identity) _exit(1);
    std::ifstream status("/proc/thread-self/status");
    std::string line, seen;
    while (std::getline(status, line)) {
      for (const char* key : {"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp:"}) {
        if (line.starts_with(key)) seen += line + "\n";
      }
    }
    const std::string wanted = std::string("Uid:\t65534\t65534\t65534\t65534\nGid:\t65534\t65534\t65534\t65534\n") +
                               "Groups:\t \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n" +
                               "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n" +
                               "NoNewPrivs:\t1\nSeccomp:\t" + (kSanitizer ? "0" : "2") + "\n";
    if (seen != wanted) {
      fprintf(stderr, "%s", seen.c_str());
      _exit(2);
    }
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SandboxLife, TheDeathSignalOfTheParentSurvivesTheChangeOfIdentity) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    std::array<int, 2> closed{};
    if (pipe(closed.data()) != 0) _exit(1);
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (!enter_sandbox(SandboxProfile::front, someone())) _exit(kNoSandbox);
      static_cast<void>(!write(closed[1], "x", 1));
      for (;;) poll(nullptr, 0, -1);  // keeps the pipe's end until it is killed
    }
    char ready = 0;
    static_cast<void>(!read(closed[0], &ready, 1));
    _exit(ready == 'x' ? 0 : 2);
  }
  close(ends[1]);
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  ASSERT_EQ(status, 0);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);  // end of file: nobody holds the other end any more
  close(ends[0]);
}

TEST(SandboxLife, RootThatIsToStayRootIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const pid_t child = fork();
  if (child == 0) {
    const auto report = enter_sandbox(SandboxProfile::front, 0);
    _exit(report ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SandboxLife, HoldsThreadsThatRanBefore) {
  if (kSanitizer) GTEST_SKIP() << "system calls are not filtered in sanitizer builds";
  const auto late_act = [](void (*act)()) {
    const pid_t child = fork();
    if (child == 0) {
      std::array<int, 2> gate{};
      if (pipe(gate.data()) != 0) _exit(1);
      std::thread early([&] {
        char go = 0;
        static_cast<void>(!read(gate[0], &go, 1));
        act();
      });
      if (!enter_sandbox(SandboxProfile::netd, someone())) _exit(kNoSandbox);
      static_cast<void>(!write(gate[1], "x", 1));
      early.join();
      _exit(0);
    }
    int status = 0;
    SEKISHO_ASSERT(waitpid(child, &status, 0) == child);
    return status;
  };
  const int killed = late_act([] { socket(AF_INET, SOCK_STREAM, 0); });
  EXPECT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGSYS) << killed;
  EXPECT_EQ(late_act([] {
              if (geteuid() != someone()) _exit(2);
            }),
            0);
}

}  // namespace sekisho::run
