// The window between links and drivers: what goes where, and what becomes of descriptors.
#include "programs/hyperd/window.hpp"

#include "base/testing/memory_log.hpp"
#include "hyper/testing/fake_driver.hpp"
#include "hyper/testing/hyper_bench.hpp"
#include "run/testing/fake_services.hpp"
#include "run/testing/memory_link.hpp"
#include "run/testing/recording_handler.hpp"

#include <dirent.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace sekisho::hyperd {
namespace {

using namespace hyper::testing;
using hyper::ManagerRole;
using run::testing::FakeBlocking;

std::size_t open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
  std::size_t count = 0;
  while (readdir(folder.get()) != nullptr) ++count;
  return count;
}

struct WindowTest : ::testing::Test {
  WindowTest() {
    servers.add(kServer, "web-01");
    gate_link = run::testing::make_memory_links(timers, gate, nobody);
    relay_link = run::testing::make_memory_links(timers, relay, nobody);
    window.set_gate(gate_link.second.get());
    window.set_relay("internet", relay_link.second.get());
  }
  void ask(const std::string& manager, seam::HyperVerb verb) {
    window.from_gate(seam::HyperAsk{7, kZone, manager, std::move(verb)});
    timers.settle();
  }
  void allow(seam::ScreenKind kind = seam::ScreenKind::screen) {
    ask("servers", seam::HyperAllow{Secret(kTicket), kSession, kServer, "internet", kind, 30});
  }
  void open(seam::ScreenKind kind = seam::ScreenKind::screen) {
    window.from_relay("internet", seam::ScreenAsk{9, kZone, "servers", kSession, kServer, kind, Secret(kTicket)});
    timers.settle();
  }
  std::string last_failure() {
    const auto& answer = std::get<seam::HyperAnswer>(gate.messages.back());
    const auto* failed = std::get_if<seam::HyperFailed>(&answer.result);
    return failed == nullptr ? "" : failed->code;
  }

  FakeDriver servers, desks;
  run::testing::FakeTimers timers{Instant{std::chrono::hours(500000)}};
  FakeBlocking blocking{timers};
  MemoryLog log;
  std::vector<std::string> closed;
  run::testing::RecordingHandler gate, relay, nobody;
  run::testing::MemoryLinks gate_link, relay_link;
  Window window{registry::Zone::internet_business,
                {{"servers", ManagerRole::consoles, &servers}, {"desks", ManagerRole::desktops, &desks}},
                timers,
                blocking,
                log,
                [this](const std::string& relay) { closed.push_back(relay); }};
};

TEST_F(WindowTest, EveryVerbReachesItsManagersDriver) {
  ask("servers", seam::HyperList{});
  const auto& list = std::get<seam::HyperMachines>(std::get<seam::HyperAnswer>(gate.messages.back()).result);
  ASSERT_EQ(list.machines.size(), 1u);
  EXPECT_EQ(list.machines[0].uuid, kServer);
  ask("desks", seam::HyperCreate{kDesktop, "win11", "52:54:00:00:00:01"});
  ask("desks", seam::HyperSetLogin{kDesktop, "maint", Secret("once")});
  ask("servers", seam::HyperPower{kServer, PowerAction::power_off});
  ask("desks", seam::HyperDestroy{kDesktop});
  EXPECT_EQ(servers.calls(), (std::vector<std::string>{"list", std::string("power ") + kServer}));
  const std::string d = kDesktop;
  EXPECT_EQ(desks.calls(), (std::vector<std::string>{"create " + d, "set_login " + d, "destroy " + d}));
  EXPECT_EQ(desks.logins[d], "maint:once");
  for (const std::string& line : log.lines) EXPECT_EQ(line.find("once"), std::string::npos);
}

TEST_F(WindowTest, ADriversRefusalIsToldAndWhatItCannotDoToo) {
  servers.plant("look", "console.unreachable");
  ask("servers", seam::HyperLook{kServer});
  EXPECT_EQ(last_failure(), "console.unreachable");
  ask("desks", seam::HyperRevert{kDesktop, "clean"});
  EXPECT_EQ(last_failure(), "console.not_supported");
}

TEST_F(WindowTest, AScreenGoesToItsRelayAndNowhereElse) {
  allow();
  open();
  ASSERT_EQ(relay.messages.size(), 1u);
  EXPECT_TRUE(relay.as<seam::ScreenAnswer>(0).ok);
  ASSERT_GE(relay.fds[0], 0);
  char bytes[12];
  EXPECT_EQ(read(relay.fds[0], bytes, sizeof bytes), 12);
  EXPECT_EQ(std::string(bytes, 12), "RFB 003.008\n");
  for (const int fd : gate.fds) EXPECT_EQ(fd, -1);
}

TEST_F(WindowTest, APictureIsAFileThatNobodyCanChange) {
  allow(seam::ScreenKind::picture);
  open(seam::ScreenKind::picture);
  ASSERT_EQ(relay.messages.size(), 1u);
  EXPECT_EQ(relay.as<seam::ScreenAnswer>(0).media_type, "image/png");
  const int fd = relay.fds[0];
  char bytes[64];
  const ssize_t size = read(fd, bytes, sizeof bytes);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(bytes, static_cast<std::size_t>(size)), std::string("\x89PNG of ") + kServer);
  EXPECT_EQ(write(fd, "x", 1), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(fd, 0), -1);
}

TEST_F(WindowTest, AScreenThatNobodyWaitsForAnyMoreIsClosed) {
  blocking.mode = FakeBlocking::Mode::held;
  allow();
  const std::size_t before = open_descriptors();
  open();
  ASSERT_TRUE(blocking.finish());  // it looks
  timers.settle();
  ASSERT_EQ(servers.calls().back(), std::string("look ") + kServer);
  ask("", seam::HyperWithdraw{kSession});
  ASSERT_TRUE(blocking.finish());  // the screen is opened all the same
  timers.settle();
  ASSERT_EQ(servers.calls().back(), std::string("screen ") + kServer);
  EXPECT_TRUE(relay.messages.empty());
  EXPECT_EQ(open_descriptors(), before + 1) << "the driver's end alone is open";
}

TEST_F(WindowTest, ADriverThatIsLateIsATimeoutAndWhatItBringsIsClosed) {
  blocking.mode = FakeBlocking::Mode::held;
  allow();
  open();
  ASSERT_TRUE(blocking.finish());
  timers.settle();
  const std::size_t before = open_descriptors();
  timers.advance(std::chrono::seconds(10));
  ASSERT_EQ(relay.messages.size(), 1u);
  EXPECT_EQ(relay.as<seam::ScreenAnswer>(0).refusal.code, "screen.unreachable");
  ASSERT_TRUE(blocking.finish());
  timers.settle();
  EXPECT_EQ(relay.messages.size(), 1u);
  EXPECT_EQ(open_descriptors(), before + 1);
}

TEST_F(WindowTest, ABreachIsLoggedAndItsLinkIsToBeClosed) {
  window.from_relay("internet", seam::HyperAsk{1, kZone, "servers", seam::HyperList{}});
  window.from_gate(seam::HyperAsk{1, "my_number", "servers", seam::HyperList{}});
  EXPECT_EQ(closed, (std::vector<std::string>{"internet", ""}));
  EXPECT_TRUE(log.has("hyperd.breach"));
  EXPECT_TRUE(servers.calls().empty());
}

TEST_F(WindowTest, ARefusedScreenIsLoggedWithItsSession) {
  open();
  EXPECT_EQ(relay.as<seam::ScreenAnswer>(0).refusal.code, "screen.ticket");
  ASSERT_TRUE(log.has("hyperd.screen_refused"));
  EXPECT_NE(log.lines.back().find(kSession), std::string::npos);
  EXPECT_EQ(log.lines.back().find(kTicket), std::string::npos) << "a ticket is no matter for a log";
}

TEST_F(WindowTest, AGatekeeperThatComesBackHearsOfTheManagerThatIsLost) {
  window.set_gate(nullptr);
  window.saw("servers", {"", MachineState::unknown, true});
  EXPECT_TRUE(log.has("hyperd.manager_lost"));
  window.set_gate(gate_link.second.get());
  timers.settle();
  ASSERT_EQ(gate.messages.size(), 1u);
  EXPECT_TRUE(gate.as<seam::HyperSaw>(0).manager_lost);
  window.saw("servers", {"", MachineState::unknown, false});
  window.saw("servers", {kServer, MachineState::stopped, false});
  timers.settle();
  EXPECT_EQ(gate.as<seam::HyperSaw>(2).uuid, kServer);
  window.set_gate(gate_link.second.get());
  timers.settle();
  EXPECT_EQ(gate.messages.size(), 3u) << "nothing is lost any more";
}

}  // namespace
}  // namespace sekisho::hyperd
