// sekisho-hyperd in its sandbox, this driver in it, a libvirtd and a QEMU guest of the test's own: the whole way of a
// screen.
#include "programs/hyperd/testing/hyperd_process.hpp"
#include "testing/private_libvirtd.hpp"
#include "testing/scratch_host.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace sekisho::libvirt {
namespace {

using testing::kServer;
using testing::PrivateLibvirtd;

constexpr std::uint32_t kNobody = 65534;  ///< libvirtd wants a name for its peer's number

struct HyperdOnGuests : hyperd::testing::HyperdProcess {
  void SetUp() override {
    if (!daemon_.why().empty()) GTEST_SKIP() << daemon_.why();
    HyperdProcess::SetUp();
    ASSERT_EQ(daemon_.define_server(kServer), "");
    configure([&](auto& document) {
      auto& managers = document["hypervisors"][0]["managers"];
      managers[0]["plugin"]["config"] = {{"uri", daemon_.uri()}, {"role", "consoles"}};
      managers.erase(1);
      document["hypervisors"][0].erase("pools");
      document["hypervisors"][0]["uid"] = kNobody;
    });
  }
  PrivateLibvirtd daemon_;
};

std::string read_from(int fd, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    char byte = 0;
    if (poll(&ready, 1, 20000) != 1 || recv(fd, &byte, 1, MSG_DONTWAIT) != 1) break;
    out += byte;
  }
  return out;
}

TEST_F(HyperdOnGuests, AScreensDescriptorReachesTheRelay) {
  start();
  ASSERT_EQ(ask("servers", seam::HyperLook{kServer}), "machines 1");
  ASSERT_EQ(open(kServer, seam::ScreenKind::screen), "");
  ASSERT_TRUE(relay_->descriptor);
  const run::Fd screen = std::move(relay_->descriptor);
  EXPECT_EQ(read_from(screen.get(), 12), "RFB 003.008\n");
  EXPECT_EQ(daemon_.listeners(), 0) << "a screen is no TCP port";

  ASSERT_EQ(open(kServer, seam::ScreenKind::picture), "");
  ASSERT_EQ(open(kServer, seam::ScreenKind::serial), "");
  const run::Fd serial = std::move(relay_->descriptor);
  std::string answer;
  for (int i = 0; i < 60 && answer != "x"; ++i) {  // a guest that still starts hears nothing
    ASSERT_EQ(send(serial.get(), "x", 1, MSG_NOSIGNAL), 1);
    pollfd ready{.fd = serial.get(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 1000) == 1) answer = read_from(serial.get(), 1);
  }
  EXPECT_EQ(answer, "x");
  EXPECT_EQ(open(kServer, seam::ScreenKind::serial), "screen.busy");

  process_->signal(SIGKILL);
  ASSERT_TRUE(until([&] { return exit_.has_value(); }));
  process_.reset();
  ASSERT_EQ(send(screen.get(), "RFB 003.008\n", 12, MSG_NOSIGNAL), 12);
  EXPECT_EQ(read_from(screen.get(), 2), "\x01\x01") << "an open screen outlives hyperd";
}

TEST_F(HyperdOnGuests, AManagersDeathIsToldAndItsReturnServes) {
  start();
  ASSERT_EQ(ask("servers", seam::HyperList{}), "machines 1");
  const auto told = [&](bool lost) {
    return std::ranges::any_of(gate_->seen,
                               [&](const auto& saw) { return saw.uuid.empty() && saw.manager_lost == lost; });
  };
  ASSERT_TRUE(until([&] { return told(false); }));
  gate_->seen.clear();
  daemon_.kill_daemon();
  EXPECT_TRUE(until([&] { return told(true); }));
  EXPECT_EQ(ask("servers", seam::HyperList{}).substr(0, 19), "console.unreachable");
  ASSERT_TRUE(daemon_.start_daemon());
  gate_->seen.clear();
  EXPECT_TRUE(until([&] { return told(false); }));
  EXPECT_EQ(ask("servers", seam::HyperList{}), "machines 1");
}

}  // namespace
}  // namespace sekisho::libvirt
