// The driver on libvirt's test hypervisor: everything that needs no screen.
#include "libvirt_driver.hpp"

#include "testing/scratch_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

namespace sekisho::libvirt {
namespace {

using namespace libvirt::testing;

class Consoles : public ::testing::Test {
 protected:
  std::unique_ptr<LibvirtDriver> driver(std::vector<std::string> power = {}, bool snapshots = false) {
    Config config = consoles(site_.uri());
    config.power = std::move(power);
    config.snapshots = snapshots;
    return make(std::move(config), host_);
  }
  MachineState state(LibvirtDriver& driver, const char* uuid) {
    const auto machine = driver.machine(uuid, kLimit);
    EXPECT_TRUE(machine) << machine.error().detail << machine.error().peer;
    return machine ? machine->state : MachineState::unknown;
  }
  TestSite site_;
  Host host_;
};

TEST_F(Consoles, ListsEveryMachineWithItsState) {
  const auto driver = this->driver();
  const auto machines = driver->machines(kLimit);
  ASSERT_TRUE(machines) << machines.error().detail << machines.error().peer;
  std::set<std::string> seen;
  for (const Machine& m : *machines)
    seen.insert(m.uuid + " " + m.name + " " + std::to_string(static_cast<int>(m.state)));
  EXPECT_EQ(seen, (std::set<std::string>{std::string(kServer) + " web-01 1", std::string(kStopped) + " web-02 3"}));
}

TEST_F(Consoles, KnowsAMachineByItsCanonicalUuidAlone) {
  const auto driver = this->driver();
  EXPECT_EQ(state(*driver, kServer), MachineState::running);
  for (const char* name : {"web-01", kAbsent, "", "1B7C8A52-6A1E-4B0E-9C55-3F2A7D0E9B11",
                           "1b7c8a526a1e4b0e9c553f2a7d0e9b11", " 1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b11"}) {
    EXPECT_EQ(driver->machine(name, kLimit).error().code, "console.no_such_machine") << name;
    EXPECT_EQ(driver->screen(name, kLimit).error().code, "console.no_such_machine") << name;
  }
}

TEST_F(Consoles, AScreenOfAMachineThatDoesNotRunIsRefused) {
  EXPECT_EQ(driver()->screen(kStopped, kLimit).error().code, "console.refused");
}

TEST(WayOutOf, AMachineThatCouldCarryMoreThanItsPictureShowsNoScreen) {
  for (const auto& [device, what] :
       {std::pair("<parallel type='null'/>", "printer port"),
        std::pair("<filesystem type='mount'><source dir='/x'/><target dir='y'/></filesystem>", "shared folder")}) {
    const TestSite site(device);
    Host host;
    const auto driver = make(consoles(site.uri()), host);
    const auto screen = driver->screen(kServer, kLimit);
    EXPECT_EQ(screen.error().code, "console.way_out") << device;
    EXPECT_EQ(screen.error().detail, what);
  }
}

TEST_F(Consoles, WhatTheHypervisorLacksIsNotSupported) {
  const auto driver = this->driver();
  EXPECT_EQ(driver->screen(kServer, kLimit).error().code, "console.not_supported");
  EXPECT_EQ(driver->serial(kServer, kLimit).error().code, "console.not_supported");
}

TEST_F(Consoles, TakesAPictureWithoutAViewer) {
  if (access("/usr/share/libvirt/test-screenshot.png", R_OK) != 0)
    GTEST_SKIP() << "libvirt's test picture is not installed";
  const auto picture = driver()->picture(kServer, kLimit);
  ASSERT_TRUE(picture) << picture.error().detail << picture.error().peer;
  EXPECT_EQ(picture->media_type, "image/png");
  EXPECT_EQ(picture->bytes.substr(0, 4), "\x89PNG");
  EXPECT_EQ(picture->bytes.size(), std::filesystem::file_size("/usr/share/libvirt/test-screenshot.png"));
}

TEST_F(Consoles, PowerIsSwitchedAsFarAsTheConfigurationSays) {
  const auto bare = driver();
  for (const auto action :
       {PowerAction::start, PowerAction::shut_down, PowerAction::power_off, PowerAction::reboot, PowerAction::reset}) {
    EXPECT_EQ(bare->power(kServer, action, kLimit).error().code, "console.refused");
  }
  EXPECT_EQ(state(*bare, kServer), MachineState::running);

  const auto some = driver({"start", "power_off"});
  EXPECT_EQ(some->power(kServer, PowerAction::shut_down, kLimit).error().code, "console.refused");
  EXPECT_EQ(state(*some, kServer), MachineState::running);
  ASSERT_TRUE(some->power(kServer, PowerAction::power_off, kLimit));
  EXPECT_EQ(state(*some, kServer), MachineState::stopped);
  ASSERT_TRUE(some->power(kServer, PowerAction::start, kLimit));
  EXPECT_EQ(state(*some, kServer), MachineState::running);
  EXPECT_EQ(some->power(kServer, PowerAction::start, kLimit).error().code, "console.refused") << "it runs already";
  ASSERT_EQ(host_.lines.size(), 2u);
  EXPECT_EQ(host_.lines[0], std::string("libvirt.power {\"action\":\"power_off\",\"machine\":\"") + kServer + "\"}");
}

TEST_F(Consoles, GoesBackToASnapshotWhereThatIsAllowed) {
  const auto without = driver();
  EXPECT_EQ(without->take_snapshot(kServer, "clean", kLimit).error().code, "console.refused");
  EXPECT_EQ(without->revert(kServer, "clean", kLimit).error().code, "console.refused");

  const auto with = driver({"power_off"}, true);
  ASSERT_TRUE(with->take_snapshot(kServer, "clean", kLimit));
  ASSERT_TRUE(with->power(kServer, PowerAction::power_off, kLimit));
  ASSERT_TRUE(with->revert(kServer, "clean", kLimit));
  EXPECT_EQ(state(*with, kServer), MachineState::running);
  EXPECT_EQ(with->revert(kServer, "other", kLimit).error().code, "console.refused");
  for (const char* name : {"", "a/b", "<x/>", "clean ", "Clean"}) {
    EXPECT_EQ(with->take_snapshot(kServer, name, kLimit).error().code, "console.refused") << name;
  }
}

TEST_F(Consoles, MakesAndEndsNothing) {
  const auto driver = this->driver({"start"});
  EXPECT_EQ(driver->create({kDesktop, "win11", "52:54:00:00:00:01"}, kLimit).error().code, "console.refused");
  EXPECT_EQ(driver->destroy(kServer, kLimit).error().code, "console.refused");
  EXPECT_EQ(driver->set_login(kServer, "maint", Secret("x"), kLimit).error().code, "console.refused");
  EXPECT_EQ(state(*driver, kServer), MachineState::running);
}

TEST_F(Consoles, TellsWhatHappensToItsMachines) {
  const auto driver = this->driver({"power_off", "start"});
  const auto first = driver->events(kLimit);
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_EQ(first->size(), 1u);
  EXPECT_TRUE(first->front().uuid.empty() && !first->front().manager_lost) << "first: the manager is there, ask it";

  ASSERT_TRUE(driver->power(kServer, PowerAction::power_off, kLimit));
  std::vector<MachineEvent> seen;
  for (int i = 0; i < 100 && (seen.empty() || seen.back().state != MachineState::stopped); ++i) {
    const auto more = driver->events(std::chrono::milliseconds(200));
    ASSERT_TRUE(more);
    seen.insert(seen.end(), more->begin(), more->end());
  }
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().uuid, kServer);
  EXPECT_EQ(seen.back().state, MachineState::stopped);
}

TEST_F(Consoles, ServesSeveralThreadsAtOnce) {
  const auto driver = this->driver();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) good += driver->machine(kServer, kLimit).has_value() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 20) << "also while the first of them opens the connection";
}

TEST(Manager, ThatIsNotThereIsUnreachableAndTriedAgain) {
  Host host;
  const auto driver = make(consoles("test:///tmp/sekisho-no-such-site.xml"), host);
  EXPECT_EQ(driver->machines(kLimit).error().code, "console.unreachable");
  EXPECT_EQ(driver->screen(kServer, kLimit).error().code, "console.unreachable");
  EXPECT_EQ(driver->events(kLimit).error().code, "console.unreachable");
}

TEST(Configuration, OnlyALocalManagerOfOneRole) {
  Host host;
  const auto code = [&](auto change, bool desktops) {
    Config config = desktops ? testing::desktops("test:///x") : consoles("test:///x");
    change(config);
    const auto made = LibvirtDriver::make(std::move(config), host);
    return made ? std::string() : made.error().code;
  };
  EXPECT_EQ(code([](Config&) {}, false), "");
  EXPECT_EQ(code([](Config&) {}, true), "");
  for (const char* uri : {"qemu+ssh://host/system", "qemu+tls://host/system", "qemu+tcp://host/system",
                          "qemu://host/system", "esx://host/", "qemu+ext:///system", "xen:///system", ""}) {
    EXPECT_EQ(code([&](Config& c) { c.uri = uri; }, false), "config.not_allowed") << uri;
  }
  EXPECT_EQ(code([](Config& c) { c.models.emplace_back(); }, false), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models.clear(); }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models.push_back(c.models[0]); }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models[0].name = "Win 11"; }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models[0].bridge = "br0"; }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models[0].network.clear(); }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models[0].base = "win11.qcow2"; }, true), "config.not_allowed");
  EXPECT_EQ(code([](Config& c) { c.models[0].cmdline = "quiet"; }, true), "config.not_allowed");
}

}  // namespace
}  // namespace sekisho::libvirt
