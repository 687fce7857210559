// The built program, as the supervisor starts it, in its sandbox: with libvirt's test hypervisor, and with a libvirtd
// and a guest of the test's own.
#include "programs/hyperd/testing/hyperd_process.hpp"

#include <unistd.h>

#include <algorithm>

namespace sekisho::hyperd {
namespace {

using hyper::testing::kDesktop;
using hyper::testing::kSession;
using hyper::testing::kTicket;
using hyper::testing::kZone;
using testing::kUid;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
constexpr const char* kAlwaysThere = "6695eb01-f6a4-8304-79aa-97f2502e193f";  ///< of libvirt's test:///default

using HyperdProgram = testing::HyperdProcess;

}  // namespace

TEST_F(HyperdProgram, ServesEveryVerbFromItsSandbox) {
  start();
  EXPECT_EQ(ask("servers", seam::HyperList{}), "machines 1");
  EXPECT_EQ(ask("servers", seam::HyperLook{kAlwaysThere}), "machines 1");
  EXPECT_EQ(ask("servers", seam::HyperPower{kAlwaysThere, PowerAction::power_off}), "done");
  EXPECT_TRUE(until([&] {
    return std::ranges::any_of(gate_->seen, [](const seam::HyperSaw& saw) {
      return saw.uuid == kAlwaysThere && saw.state == MachineState::stopped && saw.manager == "servers";
    });
  }));
  EXPECT_EQ(ask("servers", seam::HyperPower{kAlwaysThere, PowerAction::start}), "done");
  EXPECT_EQ(ask("servers", seam::HyperPower{kAlwaysThere, PowerAction::reset}).substr(0, 15), "console.refused");
  EXPECT_EQ(ask("desks", seam::HyperCreate{kDesktop, "win11", "52:54:00:00:00:01"}), "machines 1");
  EXPECT_EQ(ask("desks", seam::HyperList{}), "machines 1");
  EXPECT_EQ(ask("desks", seam::HyperDestroy{kDesktop}), "done");
  EXPECT_EQ(ask("desks", seam::HyperList{}), "machines 0");
  process_->signal(SIGTERM);
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  EXPECT_EQ(exit_->code, 0) << "signal " << exit_->signal;
  process_.reset();
}

TEST_F(HyperdProgram, APictureReachesTheRelay) {
  if (access("/usr/share/libvirt/test-screenshot.png", R_OK) != 0)
    GTEST_SKIP() << "libvirt's test picture is not installed";
  start();
  ASSERT_EQ(open(kAlwaysThere, seam::ScreenKind::picture), "");
  ASSERT_TRUE(relay_->descriptor);
  char bytes[4] = {};
  EXPECT_EQ(read(relay_->descriptor.get(), bytes, 4), 4);
  EXPECT_EQ(std::string(bytes, 4), "\x89PNG");
  EXPECT_EQ(relay_->screens[0].media_type, "image/png");
  relay_->link->send(
      seam::ScreenAsk{10, kZone, "servers", kSession, kAlwaysThere, seam::ScreenKind::picture, Secret(kTicket)});
  ASSERT_TRUE(until([&] { return relay_->screens.size() == 2; }));
  EXPECT_EQ(relay_->screens[1].refusal.code, "screen.ticket");
}

TEST_F(HyperdProgram, HasNoCapabilityAndNobodysRights) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  std::map<std::string, std::string> status;
  std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon != std::string::npos) status[line.substr(0, colon)] = line.substr(colon + 2);
  }
  const std::string id = std::to_string(kUid);
  EXPECT_EQ(status["Uid"], id + "\t" + id + "\t" + id + "\t" + id);
  EXPECT_EQ(status["Groups"].find_first_of("0123456789"), std::string::npos);
  for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(status[set], "0000000000000000") << set;
  }
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(status["Seccomp"], kSanitizer ? "0" : "2");
}

TEST_F(HyperdProgram, ANeighbourThatAsksForWhatItMayNotIsCutOff) {
  start();
  relay_->link->send(seam::HyperAsk{1, kZone, "desks", seam::HyperDestroy{kDesktop}});
  EXPECT_TRUE(until([&] { return !relay_->closed.empty(); }));
  EXPECT_EQ(ask("servers", seam::HyperList{}), "machines 1") << "the others are served";
  gate_->link->send(seam::HyperAsk{77, "my_number", "servers", seam::HyperList{}});
  EXPECT_TRUE(until([&] { return !gate_->closed.empty(); }));
  give_link("sekishod", "", gate_);
  ASSERT_TRUE(until([&] { return gate_->greeted; }));
  EXPECT_EQ(ask("servers", seam::HyperList{}), "machines 1") << "a new link begins anew";
}

TEST_F(HyperdProgram, SaysWhyItDoesNotStart) {
  const auto code = [&](auto change) {
    exit_.reset();
    configure(change);
    launch();
    EXPECT_TRUE(until([&] { return exit_.has_value(); }));
    process_.reset();
    return exit_ ? exit_->code : -1;
  };
  EXPECT_EQ(code([](auto& d) { d["hypervisors"][0]["zone"] = "my_number"; }), 2) << "its zone is not configured";
  EXPECT_EQ(
      code([](auto& d) { d["hypervisors"][0]["managers"][0]["plugin"]["config"]["uri"] = "qemu+ssh://x/system"; }), 1);
  if (geteuid() == 0) {
    EXPECT_EQ(code([](auto& d) { d["hypervisors"][0]["uid"] = 0; }), 1) << "not as root";
  }
}

}  // namespace sekisho::hyperd
