// The driver on a real libvirtd with real QEMU guests (emulated, so it runs where KVM does not).
#include "domain_xml.hpp"
#include "testing/private_libvirtd.hpp"
#include "testing/scratch_host.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

namespace sekisho::libvirt {
namespace {

using namespace libvirt::testing;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kGuest(60000);  ///< an emulated guest on a busy machine

/// Reads until `wanted` bytes are there, the end comes or time is over.
std::string read_from(int fd, std::size_t wanted, milliseconds limit) {
  std::string out;
  const auto end = steady_clock::now() + limit;
  while (out.size() < wanted) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) != 1) break;
    char bytes[4096];
    const ssize_t got = recv(fd, bytes, std::min(sizeof bytes, wanted - out.size()), MSG_DONTWAIT);
    if (got <= 0) break;
    out.append(bytes, static_cast<std::size_t>(got));
  }
  return out;
}
bool ends_within(int fd, milliseconds limit) {
  const auto end = steady_clock::now() + limit;
  while (steady_clock::now() < end) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 100) != 1) continue;
    char bytes[4096];
    if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) return true;
  }
  return false;
}

class Guests : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { daemon_ = new PrivateLibvirtd; }
  static void TearDownTestSuite() {
    delete daemon_;
    daemon_ = nullptr;
  }
  void SetUp() override {
    if (!daemon_->why().empty()) GTEST_SKIP() << daemon_->why();
    const Connect connect(virConnectOpen(daemon_->uri().c_str()));
    ASSERT_TRUE(connect);
    ASSERT_EQ(daemon_->define_server(kServer), "");
    if (!overlays_.empty()) return;
    const std::string folder = std::filesystem::path(daemon_->base_image()).parent_path().string() + "/overlays";
    std::filesystem::create_directories(folder);
    const std::string pool =
        "<pool type='dir'><name>overlays</name><target><path>" + folder + "</path></target></pool>";
    const Pool made(virStoragePoolCreateXML(connect.get(), pool.c_str(), 0));
    ASSERT_TRUE(made) << virGetLastErrorMessage();
    overlays_ = folder;
  }
  std::unique_ptr<LibvirtDriver> servers() {
    Config config = consoles(daemon_->uri());
    config.snapshots = true;
    config.power = {"start", "power_off", "reset"};
    return make(std::move(config), host_);
  }
  std::unique_ptr<LibvirtDriver> desks() {
    Config config = desktops(daemon_->uri());
    Model& model = config.models[0];
    model.base = daemon_->base_image();
    model.base_format = "raw";
    model.network.clear();
    model.bridge = "br-sk";
    model.acceleration = "tcg";
    model.memory_mib = 32;
    model.processors = 1;
    model.disk_mib = 1;
    return make(std::move(config), host_);
  }
  /// Says a byte to the guest until it answers: a guest that still starts hears nothing.
  static std::string ask(int serial, char word) {
    const auto end = steady_clock::now() + kGuest;
    while (steady_clock::now() < end) {
      if (send(serial, &word, 1, MSG_NOSIGNAL) != 1) return "closed";
      const std::string answer = read_from(serial, 1, milliseconds(1000));
      if (answer.empty()) continue;
      while (!read_from(serial, 1, milliseconds(300)).empty()) {  // answers to the earlier tries
      }
      return answer;
    }
    return "silent";
  }
  static PrivateLibvirtd* daemon_;
  static std::string overlays_;
  Host host_;
};
PrivateLibvirtd* Guests::daemon_ = nullptr;
std::string Guests::overlays_;

TEST_F(Guests, AScreenSpeaksRfbAtOnceAndNothingListens) {
  const auto driver = servers();
  const auto screen = driver->screen(kServer, kGuest);
  ASSERT_TRUE(screen) << screen.error().detail << screen.error().peer;
  const OwnedFd fd(*screen);
  EXPECT_EQ(read_from(fd.get(), 12, kGuest), "RFB 003.008\n");
  ASSERT_EQ(send(fd.get(), "RFB 003.008\n", 12, MSG_NOSIGNAL), 12);
  EXPECT_EQ(read_from(fd.get(), 2, kGuest), "\x01\x01") << "the relay's descriptor needs no password";
  EXPECT_EQ(daemon_->listeners(), 0) << "a screen is no TCP port";

  const OwnedFd second(driver->screen(kServer, kGuest).value());
  EXPECT_EQ(read_from(second.get(), 12, kGuest), "RFB 003.008\n");
}

TEST_F(Guests, ASerialConsoleCarriesBytesForOneAtATime) {
  const auto driver = servers();
  {
    const OwnedFd serial(driver->serial(kServer, kGuest).value());
    EXPECT_EQ(ask(serial.get(), 'x'), "x");
    EXPECT_EQ(driver->serial(kServer, kGuest).error().code, "console.busy");
  }
  const auto end = steady_clock::now() + kGuest;
  Result<int> again = fail("none yet");
  while (!again && steady_clock::now() < end) again = driver->serial(kServer, kGuest);
  ASSERT_TRUE(again) << again.error().detail << " after the first was closed";
  const OwnedFd serial(*again);
  EXPECT_EQ(ask(serial.get(), 'y'), "y");
}

TEST_F(Guests, APictureIsTakenWithoutAViewer) {
  const auto picture = servers()->picture(kServer, kGuest);
  ASSERT_TRUE(picture) << picture.error().detail << picture.error().peer;
  if (picture->media_type == "image/png") {
    EXPECT_EQ(picture->bytes.substr(0, 4), "\x89PNG");
  } else {
    EXPECT_EQ(picture->bytes.substr(0, 2), "P6");
  }
  EXPECT_GT(picture->bytes.size(), 1000u);
}

TEST_F(Guests, GoingBackEndsTheScreenAndUndoesTheDisk) {
  const auto driver = servers();
  {
    const OwnedFd serial(driver->serial(kServer, kGuest).value());
    ASSERT_EQ(ask(serial.get(), 'r'), "A");
  }
  ASSERT_TRUE(driver->take_snapshot(kServer, "clean", kGuest));
  const OwnedFd screen(driver->screen(kServer, kGuest).value());
  {
    Result<int> open = fail("none yet");
    for (int i = 0; i < 50 && !open; ++i) open = driver->serial(kServer, kGuest);
    ASSERT_TRUE(open) << open.error().detail;
    const OwnedFd serial(*open);
    ASSERT_EQ(ask(serial.get(), 'w'), "!");
    ASSERT_EQ(ask(serial.get(), 'r'), "D");
  }
  const auto back = driver->revert(kServer, "clean", kGuest);
  ASSERT_TRUE(back) << back.error().detail << back.error().peer;
  EXPECT_TRUE(ends_within(screen.get(), kGuest));
  EXPECT_EQ(driver->machine(kServer, kGuest)->state, MachineState::running);
  const OwnedFd serial(driver->serial(kServer, kGuest).value());
  EXPECT_EQ(ask(serial.get(), 'r'), "A");
}

TEST_F(Guests, WhatOneSessionWritesTheNextDoesNotFind) {
  const auto driver = desks();
  for (const char* session : {"first", "second"}) {
    const auto made = driver->create({kDesktop, "win11", "52:54:00:00:00:01"}, kGuest);
    ASSERT_TRUE(made) << session << ": " << made.error().detail << made.error().peer;
    EXPECT_EQ(made->state, MachineState::running);
    EXPECT_TRUE(driver->machine(kDesktop, kGuest)->answers);
    {
      const OwnedFd serial(driver->serial(kDesktop, kGuest).value());
      EXPECT_EQ(ask(serial.get(), 'r'), "A") << session;
      EXPECT_EQ(ask(serial.get(), 'w'), "!") << session;
      EXPECT_EQ(ask(serial.get(), 'r'), "D") << session << ": it can write, to its overlay";
    }
    EXPECT_FALSE(std::filesystem::is_empty(overlays_));
    const OwnedFd screen(driver->screen(kDesktop, kGuest).value());
    const auto gone = driver->destroy(kDesktop, kGuest);
    ASSERT_TRUE(gone) << gone.error().detail << gone.error().peer;
    EXPECT_TRUE(ends_within(screen.get(), kGuest));
    EXPECT_TRUE(std::filesystem::is_empty(overlays_)) << "the session's disk is left";
  }
  EXPECT_EQ(driver->destroy(kServer, kGuest).error().code, "console.refused");
  EXPECT_EQ(servers()->machine(kServer, kGuest)->state, MachineState::running);
}

TEST_F(Guests, OutlivesItsManagersDeath) {
  const auto driver = servers();
  ASSERT_TRUE(driver->machines(kGuest));
  ASSERT_FALSE(driver->events(kGuest)->front().manager_lost);
  const OwnedFd screen(driver->screen(kServer, kGuest).value());
  ASSERT_EQ(read_from(screen.get(), 12, kGuest), "RFB 003.008\n");
  daemon_->kill_daemon();
  bool lost = false;
  for (int i = 0; i < 100 && !lost; ++i) {
    if (const auto events = driver->events(milliseconds(100))) {
      for (const MachineEvent& event : *events) lost = lost || event.manager_lost;
    }
  }
  EXPECT_TRUE(lost);
  EXPECT_EQ(driver->machines(kGuest).error().code, "console.unreachable");
  ASSERT_EQ(send(screen.get(), "RFB 003.008\n", 12, MSG_NOSIGNAL), 12);
  EXPECT_EQ(read_from(screen.get(), 2, kGuest), "\x01\x01") << "an open screen does not need the manager";

  ASSERT_TRUE(daemon_->start_daemon());
  bool back = false;
  for (int i = 0; i < 100 && !back; ++i) {
    const auto events = driver->events(milliseconds(100));
    if (!events) {
      std::this_thread::sleep_for(milliseconds(50));
      continue;
    }
    for (const MachineEvent& event : *events) back = back || (event.uuid.empty() && !event.manager_lost);
  }
  EXPECT_TRUE(back);
  EXPECT_EQ(driver->machine(kServer, kGuest)->state, MachineState::running);
}

TEST_F(Guests, AManagerThatHangsHoldsNobodyPastHisLimit) {
  const auto driver = servers();
  ASSERT_TRUE(driver->machines(kGuest));
  daemon_->freeze(true);
  const auto begun = steady_clock::now();
  EXPECT_EQ(driver->screen(kServer, milliseconds(300)).error().code, "console.timed_out");
  EXPECT_LT(steady_clock::now() - begun, milliseconds(3000));
  daemon_->freeze(false);
  Result<Machine> after = fail("none yet");
  for (int i = 0; i < 100 && !after; ++i) after = driver->machine(kServer, milliseconds(1000));
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace sekisho::libvirt
