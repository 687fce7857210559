#include "programs/sekisho/supervisor.hpp"

#include "base/testing/memory_log.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace sekisho::supervise {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

struct Supervised : ::testing::Test {
  /// A bound socket with a port of the system's choice.
  void add_listener(const std::string& name) {
    run::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    ports[name] = ntohs(at.sin_port);
    listeners.emplace(name, std::move(socket));
  }
  void add_child(const std::string& name, const std::string& manner = "plain") {
    add_listener("at-" + name);
    plan.children.push_back({name, {SEKISHO_TEST_CHILD, manner, name}, {"at-" + name}});
  }
  void start(SupervisorLimits limits = {}) {
    Supervisor::Callbacks callbacks;
    callbacks.on_all_ready = [this] { all_ready = true; };
    callbacks.on_stopped = [this] { stopped = true; };
    supervisor.emplace(loop, clock, timers, plan, std::move(listeners), log, std::move(callbacks), limits);
    supervisor->start();
  }
  /// Drives the loop until `done`; the limit is generous because the machine may be busy.
  ::testing::AssertionResult until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return ::testing::AssertionFailure() << "not within 30 s";
      loop.restart();
      loop.run_one_for(milliseconds(20));
    }
    return ::testing::AssertionSuccess();
  }
  /// The line of whoever accepts on a child's listener; the connection waits in the backlog while nobody does.
  std::string ask(const std::string& name) {
    asio::ip::tcp::socket socket(loop);
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), ports.at("at-" + name)}, error);
    if (error) return "refused";
    struct Answer {
      std::string line;
      bool done = false;
    };
    const auto answer = std::make_shared<Answer>();  // outlives a wait that this gives up
    asio::async_read_until(socket, asio::dynamic_buffer(answer->line), '\n',
                           [answer](const boost::system::error_code& failed, std::size_t) {
                             answer->done = true;
                             if (failed) answer->line = "broken";
                           });
    EXPECT_TRUE(until([&] { return answer->done; }));
    std::string line = answer->line;
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
  }
  /// What `ask` says without the process id.
  std::string links(const std::string& name) {
    std::string line = ask(name);
    const auto pid = line.find(' ');
    if (pid == std::string::npos) return line;
    const auto rest = line.find(' ', pid + 1);
    return rest == std::string::npos ? "" : line.substr(rest + 1);
  }
  ChildStatus of(const std::string& name) {
    for (const ChildStatus& child : supervisor->status()) {
      if (child.name == name) return child;
    }
    return {};
  }
  std::size_t count(const std::string& event) { return static_cast<std::size_t>(std::ranges::count(log.ids, event)); }

  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  MemoryLog log;
  Plan plan;
  std::map<std::string, run::Fd> listeners;
  std::map<std::string, std::uint16_t> ports;
  std::optional<Supervisor> supervisor;
  bool all_ready = false, stopped = false;
};

bool alive(pid_t pid) {
  return kill(pid, 0) == 0;
}

}  // namespace

TEST_F(Supervised, StartsInOrderAndJoinsNeighbours) {
  plan.children.push_back({"guard", {SEKISHO_TEST_CHILD, "plain", "guard"}, {}});
  add_child("netd"), add_child("sekishod"), add_child("front");
  plan.links = {{"netd", "sekishod"}, {"front", "sekishod"}, {"front", "netd"}};
  plan.listen_after = "guard";
  start();
  EXPECT_EQ(ask("front"), "refused");  // bound, but the guard is not ready yet
  ASSERT_TRUE(until([&] { return all_ready; }));
  std::string order;
  for (const std::string& id : log.ids) {
    if (id == "supervise.child_started" || id == "supervise.child_ready" || id == "supervise.listening") {
      order += id.substr(10) + " ";
    }
  }
  const std::string one = "child_started child_ready ";
  EXPECT_EQ(order, one + "listening " + one + one + one);
  EXPECT_TRUE(until([&] { return links("front") == "netd sekishod"; }));
  EXPECT_TRUE(until([&] { return links("netd") == "front sekishod"; }));
  EXPECT_TRUE(until([&] { return links("sekishod") == "front netd"; }));
}

TEST_F(Supervised, BringsBackWhatIsKilledAndLinksItAnew) {
  add_child("netd"), add_child("sekishod"), add_child("front");
  plan.links = {{"netd", "sekishod"}, {"front", "sekishod"}, {"front", "netd"}};
  start();
  ASSERT_TRUE(until([&] { return all_ready; }));
  for (const std::string name : {"sekishod", "netd", "front"}) {
    const pid_t before = of(name).pid;
    const pid_t front_before = of("front").pid;
    kill(before, SIGKILL);
    // Asked at once: the connection waits at the listener, which never closes, for the next one to serve it.
    EXPECT_TRUE(ask(name).starts_with(name + " "));
    EXPECT_NE(of(name).pid, before);
    EXPECT_EQ(of(name).starts, 2u);
    if (name != "front") {
      EXPECT_EQ(of("front").pid, front_before);
    }
    EXPECT_TRUE(until([&] { return links("front") == "netd sekishod"; })) << name;
    EXPECT_TRUE(until([&] { return links("sekishod") == "front netd"; })) << name;
  }
}

TEST_F(Supervised, RestsLongerAndLongerBetweenDeaths) {
  add_child("netd"), add_child("wild", "dies");
  SupervisorLimits limits;
  limits.rest_first = milliseconds(5);
  limits.rest_longest = milliseconds(40);
  start(limits);
  ASSERT_TRUE(until([&] { return count("supervise.child_ended") >= 7; }));
  std::vector<std::string> rests;
  for (const std::string& line : log.lines) {
    const auto at = line.find("\"again_in_ms\":");
    if (at != std::string::npos) rests.push_back(line.substr(at + 14, line.find_first_of(",}", at) - at - 14));
  }
  rests.resize(7);
  EXPECT_EQ(rests, (std::vector<std::string>{"0", "5", "10", "20", "40", "40", "40"}));
  EXPECT_EQ(of("netd").starts, 1u);
}

TEST_F(Supervised, EndsAChildThatSaysMoreThanReady) {
  add_child("wild", "breach");
  start();
  ASSERT_TRUE(until([&] { return count("supervise.child_ended") >= 2; }));
  EXPECT_GE(count("supervise.child_breach"), 2u);
  EXPECT_EQ(count("supervise.child_ready"), 0u);
  EXPECT_FALSE(all_ready);
}

TEST_F(Supervised, EndsAChildThatNeverBecomesReadyAndStartsNoYoungerOne) {
  add_child("mute", "mute"), add_child("young");
  SupervisorLimits limits;
  limits.ready = milliseconds(50);
  start(limits);
  ASSERT_TRUE(until([&] { return count("supervise.child_not_ready") >= 2; }));
  EXPECT_GE(of("mute").starts, 2u);
  EXPECT_EQ(of("young").starts, 0u);
}

TEST_F(Supervised, SaysWhenAProgramIsMissing) {
  plan.children.push_back({"ghost", {"/nowhere/ghost"}, {}});
  start();
  ASSERT_TRUE(until([&] { return count("supervise.child_not_started") >= 2; }));
  EXPECT_NE(log.lines.back().find("/nowhere/ghost: No such file"), std::string::npos);
}

TEST_F(Supervised, StopsInReverseOrderAndKillsTheStubborn) {
  add_child("netd"), add_child("stubborn", "stubborn"), add_child("front");
  SupervisorLimits limits;
  limits.stop = milliseconds(100);
  start(limits);
  ASSERT_TRUE(until([&] { return all_ready; }));
  // Asked so that signal handlers stand for sure.
  for (const std::string name : {"netd", "stubborn", "front"}) EXPECT_TRUE(ask(name).starts_with(name));
  std::vector<pid_t> pids;
  for (const auto& child : supervisor->status()) pids.push_back(child.pid);
  log.lines.clear(), log.ids.clear();
  supervisor->stop();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_EQ(log.ids,
            (std::vector<std::string>{"supervise.child_stopped", "supervise.child_killed", "supervise.child_stopped",
                                      "supervise.child_stopped", "supervise.stopped"}));
  EXPECT_NE(log.lines[0].find("\"front\""), std::string::npos);
  EXPECT_NE(log.lines[2].find("\"signal\":9"), std::string::npos);
  EXPECT_NE(log.lines[3].find("\"netd\""), std::string::npos);
  EXPECT_NE(log.lines[3].find("\"code\":0"), std::string::npos);
  for (const pid_t pid : pids) EXPECT_FALSE(alive(pid));
  for (const auto& child : supervisor->status()) EXPECT_EQ(child.state, ChildState::stopped);
}

TEST_F(Supervised, StopsWhileAChildRests) {
  add_child("wild", "dies");
  SupervisorLimits limits;
  limits.rest_first = limits.rest_longest = milliseconds(600'000);
  start(limits);
  ASSERT_TRUE(until([&] { return count("supervise.child_ended") >= 2; }));
  supervisor->stop();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_EQ(of("wild").starts, 2u);
}

TEST_F(Supervised, StopsByItselfWhenASocketCannotListen) {
  add_child("netd");
  listeners.emplace("bad", run::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
  start();
  ASSERT_TRUE(until([&] { return stopped; }));
  EXPECT_TRUE(supervisor->failed());
  EXPECT_TRUE(log.has("supervise.cannot_start"));
}

TEST_F(Supervised, ChildrenDieWithTheSupervisor) {
  add_child("netd");
  const pid_t pid = fork();
  if (pid == 0) {
    loop.notify_fork(asio::io_context::fork_child);
    start();
    static_cast<void>(until([&] { return all_ready; }));
    _exit(all_ready ? 0 : 1);  // no destructor: as if it had been killed
  }
  // The parent holds the same listener: once its own copy is closed, only a child that lives on could answer.
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_EQ(status, 0);
  listeners.clear();
  ASSERT_TRUE(until([&] {
    asio::ip::tcp::socket socket(loop);
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), ports.at("at-netd")}, error);
    return error == asio::error::connection_refused;
  }));
}

}  // namespace sekisho::supervise
