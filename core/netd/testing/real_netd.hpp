// Netd over the real kernel in a network namespace of the test's own, with a clock that stands still and a gatekeeper
// that keeps what it is told. Beside the gate's TUN there is `inside0`, a TUN of the test: the VDI segment.
// Threads: one.
#pragma once
#include "base/testing/memory_log.hpp"
#include "netd/netd.hpp"
#include "netd/nft_kernel.hpp"
#include "netd/rtnetlink.hpp"
#include "netd/testing/namespace.hpp"
#include "netd/testing/packets.hpp"
#include "netd/tun.hpp"
#include "run/testing/fake_services.hpp"

#include <gtest/gtest.h>
#include <linux/if_tun.h>

#include <memory>
#include <string>
#include <vector>

namespace sekisho::netd::testing {

inline constexpr const char* kGate = "10.202.0.1";
inline constexpr const char* kMori = "10.202.0.5";
inline constexpr const char* kTani = "10.202.0.6";
inline constexpr const char* kInsideGate = "10.60.0.1";  ///< the machine's own address on inside0
inline constexpr const char* kDesktop = "10.60.0.11";
inline constexpr std::uint16_t kEntrance = 5900, kPosture = 443;

struct KeepingLink final : seam::Link {
  void send(const seam::Message& message) override {
    const auto packet = seam::encode(message);
    ASSERT_TRUE(packet);
    sent.push_back(*seam::decode(packet->bytes()));
  }
  void send_with_fd(const seam::Message& message, int fd) override {
    queue = run::Fd(fd);
    send(message);
  }
  void close() override {}
  std::vector<seam::Message> sent;
  run::Fd queue;
};

inline std::vector<NetPath> test_paths() {
  return {{"internet", "sekisho0", *parse_ipv4(kGate), 24, 1354, {kEntrance, kPosture}}};
}
inline seam::KernelRight right_of(const char* address, std::uint32_t ttl_s = 120) {
  return {address, {{kGate, kPosture, 6}, {kGate, kEntrance, 6}}, ttl_s};
}

/// A plain TUN with this machine's `address` on it; its descriptor is the other end of the wire.
inline run::Fd make_plain_tun(const char* name, const char* address) {
  run::Fd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  ifreq request{};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  int header = 12;
  if (ioctl(fd.get(), TUNSETIFF, &request) != 0 || ioctl(fd.get(), TUNSETVNETHDRSZ, &header) != 0) return {};
  auto route = RouteSocket::open();
  if (!route) return {};
  const auto index = route->link_index(name);
  if (!index || !route->set_only_address(*index, *parse_ipv4(address), 24) || !route->set_up(*index, {})) return {};
  return fd;
}

struct RealNetd {
  explicit RealNetd(std::vector<NetPath> the_paths = test_paths()) : paths(std::move(the_paths)) {
    auto opened = NftKernel::open(paths);
    auto nodes = TunDevices::open_nodes(paths.size());
    if (!opened || !nodes) {
      ADD_FAILURE() << (opened ? nodes.error() : opened.error()).detail;
      return;
    }
    kernel = std::move(*opened);
    netd = std::make_unique<Netd>(paths, *kernel, timers, timers, log, [this] { broken = true; });
    const auto installed = netd->install();
    if (!installed) ADD_FAILURE() << installed.error().detail;
    auto made = TunDevices::make(paths, std::move(*nodes));
    if (!made) {
      ADD_FAILURE() << made.error().detail;
      return;
    }
    devices.emplace(std::move(*made));
    netd->serve(*devices);
    netd->attach_gatekeeper(gatekeeper);
    netd->attach_front("internet", front);
  }

  [[nodiscard]] int queue() const { return front.queue.get(); }
  seam::NetApplied want(std::vector<seam::KernelRight> rights) {
    netd->on_gatekeeper(seam::DesiredNet{++number, "sekisho0", std::move(rights)});
    const auto* answer = std::get_if<seam::NetApplied>(&gatekeeper.sent.back());
    if (answer == nullptr || answer->number != number) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return *answer;
  }
  void bar(std::vector<seam::BarredSource> sources) {
    timers.advance(Netd::kBarEvery);
    netd->bar("internet", {std::move(sources)});
  }
  [[nodiscard]] std::uint64_t count(const std::string& counter) {
    const auto counters = kernel->counters();
    return counters && counters->contains(counter) ? counters->at(counter) : ~std::uint64_t{0};
  }
  [[nodiscard]] std::uint64_t refused() { return count("refused_internet"); }
  [[nodiscard]] std::uint64_t stray() { return count("stray_internet"); }
  [[nodiscard]] std::uint64_t unasked() { return count("unasked_internet"); }

  std::vector<NetPath> paths;
  run::testing::FakeTimers timers{*parse_rfc3339("2026-11-22T00:00:00Z")};
  MemoryLog log;
  std::unique_ptr<NftKernel> kernel;
  std::optional<TunDevices> devices;
  std::unique_ptr<Netd> netd;
  KeepingLink gatekeeper, front;
  std::uint64_t number = 0;
  bool broken = false;
};

/// A TCP connection from a contractor's PC, by hand, so that every packet is the test's.
struct HandTcp {
  HandTcp(int queue, std::string address, std::uint16_t port, std::uint16_t from_port = 41000)
      : queue_(queue), from_(std::move(address)), port_(port), from_port_(from_port) {}
  bool open() {
    if (!inject(queue_, packet(kSyn, ""))) return false;
    const auto answer = take_answer(queue_);
    if (!answer || answer->flags != (kSyn | kAck)) return false;
    ++sequence_;
    acknowledged_ = answer->sequence + 1;
    return inject(queue_, packet(kAck, ""));
  }
  /// Sends; takes no answer.
  bool say(const std::string& data) {
    const bool sent = inject(queue_, packet(kAck | kPush, data));
    sequence_ += static_cast<std::uint32_t>(data.size());
    return sent;
  }
  /// Everything that the gate says now.
  std::string hear() {
    std::string out;
    while (const auto answer = take_answer(queue_)) {
      if (answer->protocol == 6 && answer->sequence == acknowledged_) {
        out += answer->data;
        acknowledged_ += static_cast<std::uint32_t>(answer->data.size());
      }
    }
    return out;
  }
  void use(int queue) { queue_ = queue; }

 private:
  Octets packet(std::uint8_t flags, const std::string& data) const {
    return tcp(from_, kGate, {from_port_, port_, sequence_, acknowledged_, flags, data});
  }
  int queue_;
  std::string from_;
  std::uint16_t port_, from_port_;
  std::uint32_t sequence_ = 7000, acknowledged_ = 0;
};

/// A namespace with forwarding on, `inside0`, a listener at the entrance and two things that listen everywhere.
struct InNamespace : ::testing::Test {
  void SetUp() override {
    if (const auto why = enter_fresh_namespace()) GTEST_SKIP() << *why;
    set_sysctl("net/ipv4/ip_forward", "1");
    inside_ = make_plain_tun("inside0", kInsideGate);
    ASSERT_TRUE(inside_);
    entrance_ = serve(SOCK_STREAM, kGate, kEntrance);
    shell_ = serve(SOCK_STREAM, "0.0.0.0", 22);
    names_ = serve(SOCK_DGRAM, "0.0.0.0", 53);
    ASSERT_TRUE(entrance_ && shell_ && names_);
  }
  run::Fd accept_entrance() const { return run::Fd(accept4(entrance_.get(), nullptr, nullptr, SOCK_NONBLOCK)); }

  run::Fd inside_, entrance_, shell_, names_;
};

}  // namespace sekisho::netd::testing
