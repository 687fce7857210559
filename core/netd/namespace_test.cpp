// The real table and the real TUN against real packets, in a network namespace of the test's own.
#include "netd/testing/real_netd.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

struct Kind {
  const char* name;
  Octets packet;
};

/// Everything that Mori's tunnel may not carry while he may reach the two doors (T-42).
std::vector<Kind> forbidden_packets() {
  const auto syn = [](const char* from, const char* to, std::uint16_t port) {
    return tcp(from, to, {40001, port, 1000, 0, kSyn, {}});
  };
  std::vector<Kind> out{
      {"another port of the gate", syn(kMori, kGate, 22)},
      {"port 0", syn(kMori, kGate, 0)},
      {"the entrance by UDP", udp(kMori, kGate, kEntrance)},
      {"the posture page by UDP", udp(kMori, kGate, kPosture)},
      {"DNS at the gate", udp(kMori, kGate, 53)},
      {"a ping of the gate", ping(kMori, kGate)},
      {"a ping of a desktop", ping(kMori, kDesktop)},
      {"a desktop's screen", syn(kMori, kDesktop, 5900)},
      {"a desktop's RDP", syn(kMori, kDesktop, 3389)},
      {"a desktop's DNS", udp(kMori, kDesktop, 53)},
      {"the gate's other address", syn(kMori, kInsideGate, 22)},
      {"the gate's other address, a door's port", syn(kMori, kInsideGate, kEntrance)},
      {"the loopback address", syn(kMori, "127.0.0.1", 22)},
      {"a neighbour", syn(kMori, kTani, kEntrance)},
      {"a neighbour's ping", ping(kMori, kTani)},
      {"the network's broadcast", udp(kMori, "10.202.0.255", 53)},
      {"everybody", udp(kMori, "255.255.255.255", 53)},
      {"multicast", udp(kMori, "224.0.0.251", 5353)},
      {"the Internet", syn(kMori, "203.0.113.9", 443)},
      {"a neighbour's source", syn(kTani, kGate, kEntrance)},
      {"the gate's source", syn(kGate, kGate, kEntrance)},
      {"a desktop's source", syn(kDesktop, kGate, kEntrance)},
      {"the loopback source", syn("127.0.0.1", kGate, kEntrance)},
      {"no source", syn("0.0.0.0", kGate, kEntrance)},
      {"the broadcast source", syn("10.202.0.255", kGate, kEntrance)},
      {"a multicast source", syn("224.0.0.1", kGate, kEntrance)},
      {"a source of the Internet", syn("203.0.113.9", kGate, kEntrance)},
      {"an acknowledgement out of nowhere", tcp(kMori, kGate, {40001, 22, 1, 1, kAck, {}})},
      {"a reset", tcp(kMori, kGate, {40001, 22, 1, 1, kRst, {}})},
      {"GRE", ip(kMori, kGate, 47, Octets(16))},
      {"ESP", ip(kMori, kGate, 50, Octets(16))},
      {"SCTP to a door's port", ip(kMori, kGate, 132, Octets{0x9c, 0x41, 0x17, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0})},
      {"IP in IP", ip(kMori, kGate, 4, syn(kMori, kDesktop, 5900))},
      {"IPv6", ping6()},
      {"a first fragment to another port", ip(kMori, kGate, 6, Octets(24), 0x2000)},
      {"a later fragment", ip(kMori, kGate, 6, Octets(24), 0x0010)},
      {"a cut TCP head", ip(kMori, kGate, 6, Octets{0x9c})},
  };
  return out;
}

}  // namespace

TEST_F(InNamespace, NothingPassesWithoutARight) {
  RealNetd house;
  ASSERT_TRUE(inject(house.queue(), tcp(kMori, kGate, {})));
  EXPECT_EQ(house.refused(), 1u);
  EXPECT_FALSE(take_answer(house.queue()));
  EXPECT_FALSE(accept_entrance());
}

TEST_F(InNamespace, TheTableStandsBeforeTheDevice) {
  const auto kernel = NftKernel::open(test_paths());
  ASSERT_TRUE(kernel);
  RealNetd house;
  const auto& ids = house.log.ids;
  ASSERT_GE(ids.size(), 2u);
  EXPECT_EQ(ids.front(), "netd.table_installed");
  EXPECT_EQ(ids.back(), "netd.queue_handed_over");

  // Without a table no queue is handed out at all.
  run::testing::FakeTimers timers(*parse_rfc3339("2026-11-22T00:00:00Z"));
  MemoryLog log;
  Netd early(test_paths(), **kernel, timers, timers, log, [] {});
  KeepingLink front;
  early.attach_front("internet", front);
  EXPECT_TRUE(front.sent.empty());
}

TEST_F(InNamespace, ARightReachesItsListenerBothWays) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  HandTcp mori(house.queue(), kMori, kEntrance);
  ASSERT_TRUE(mori.open());
  const auto peer = accept_entrance();
  ASSERT_TRUE(peer);
  ASSERT_TRUE(mori.say("hello"));
  EXPECT_EQ(received(peer.get()), "hello");
  ASSERT_EQ(send(peer.get(), "RFB 003.008\n", 12, 0), 12);
  EXPECT_EQ(mori.hear(), "RFB 003.008\n");
  EXPECT_EQ(house.refused() + house.unasked() + house.stray(), 0u);
}

TEST_F(InNamespace, EverythingElseIsDroppedAndCounted) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  const auto kinds = forbidden_packets();
  ASSERT_GE(kinds.size(), 25u);
  for (const Kind& kind : kinds) {
    const std::uint64_t before = house.refused();
    ASSERT_TRUE(inject(house.queue(), kind.packet)) << kind.name;
    EXPECT_EQ(house.refused(), before + 1) << kind.name;
    EXPECT_FALSE(take(house.queue())) << kind.name << " was answered";
    EXPECT_FALSE(take(inside_.get())) << kind.name << " went on to the VDI segment";
    EXPECT_EQ(received(names_.get()), "") << kind.name;
  }
  EXPECT_FALSE(run::Fd(accept4(shell_.get(), nullptr, nullptr, SOCK_NONBLOCK)));
  EXPECT_FALSE(accept_entrance());
}

TEST_F(InNamespace, TheSamePacketsArriveWhenTheTableIsGone) {
  RealNetd house;
  ASSERT_TRUE(house.kernel->run("delete table inet sekisho\n"));
  std::size_t answered = 0, passed_on = 0;
  for (const Kind& kind : forbidden_packets()) {
    ASSERT_TRUE(inject(house.queue(), kind.packet));
    while (take(house.queue())) ++answered;
    while (take(inside_.get())) ++passed_on;
  }
  EXPECT_GE(answered, 4u);
  EXPECT_GE(passed_on, 4u);
  EXPECT_EQ(received(names_.get()), "ask");
}

TEST_F(InNamespace, NothingFromAnotherDeviceHasAnInnerAddress) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  const std::vector<Kind> kinds{
      {"a desktop asks the entrance", tcp(kDesktop, kGate, {40001, kEntrance, 1, 0, kSyn, {}})},
      {"a desktop pings the gate's inner address", ping(kDesktop, kGate)},
      {"a desktop asks a terminal", tcp(kDesktop, kMori, {40001, 445, 1, 0, kSyn, {}})},
      {"a terminal's source from the VDI segment", tcp(kMori, kGate, {40001, kEntrance, 1, 0, kSyn, {}})},
      {"a terminal's source to the machine", tcp(kMori, kInsideGate, {40001, 22, 1, 0, kSyn, {}})},
  };
  std::uint64_t before = 0;
  for (const Kind& kind : kinds) {
    ASSERT_TRUE(inject(inside_.get(), kind.packet));
    EXPECT_EQ(house.stray(), ++before) << kind.name;
    EXPECT_FALSE(take(inside_.get())) << kind.name;
    EXPECT_FALSE(take(house.queue())) << kind.name;
  }
  EXPECT_FALSE(accept_entrance());
}

TEST_F(InNamespace, TheConsolePageAnswersOnItsOwnDeviceAlone) {
  const run::Fd outside = make_plain_tun("outside0", "198.51.100.1");  // the Internet's side
  ASSERT_TRUE(outside);
  constexpr const char* kStranger = "198.51.100.9";
  const auto asks = [](const char* from) { return tcp(from, kInsideGate, {40001, 22, 1, 0, kSyn, {}}); };
  {
    const RealNetd without;  // Linux answers for any of its addresses on every device
    ASSERT_TRUE(inject(outside.get(), asks(kStranger)));
    EXPECT_TRUE(take(outside.get()));
  }
  auto paths = test_paths();
  paths[0].console_address = *parse_ipv4(kInsideGate);
  RealNetd house(paths);
  ASSERT_TRUE(inject(outside.get(), asks("198.51.100.10")));
  EXPECT_FALSE(take(outside.get()));
  EXPECT_EQ(house.stray(), 1u);
  ASSERT_TRUE(inject(outside.get(), asks(kDesktop)));  // a desktop's source does not help
  EXPECT_EQ(house.stray(), 2u);
  ASSERT_TRUE(inject(inside_.get(), asks(kDesktop)));
  EXPECT_TRUE(take(inside_.get()));
  EXPECT_EQ(house.stray(), 2u);
}

TEST_F(InNamespace, TheRestOfTheMachineIsNotTouched) {
  RealNetd house;
  ASSERT_TRUE(inject(inside_.get(), tcp(kDesktop, kInsideGate, {40001, 22, 1, 0, kSyn, {}})));
  const auto answer = take_answer(inside_.get());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->flags, kSyn | kAck);

  // Local programs reach the gate's own address, as themselves.
  const run::Fd local(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto at = socket_address(kGate, kEntrance);
  EXPECT_EQ(connect(local.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
  EXPECT_EQ(house.stray() + house.unasked(), 0u);
}

/// A namespace that forwards IPv6 too, with an address of it on `inside0` and on `outside0`, the Internet's side.
struct WithIpv6 : InNamespace {
  void SetUp() override {
    InNamespace::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (const char* name : {"all", "default"}) {
      set_sysctl(std::string("net/ipv6/conf/") + name + "/disable_ipv6", "0");
      set_sysctl(std::string("net/ipv6/conf/") + name + "/accept_dad", "0");
    }
    set_sysctl("net/ipv6/conf/all/forwarding", "1");
    outside_ = make_plain_tun("outside0", "198.51.100.1");
    ASSERT_TRUE(outside_);
    if (!give_ipv6("inside0", "fd20::1") || !give_ipv6("outside0", "fd40::1")) {
      GTEST_SKIP() << "this kernel gives a device no IPv6 address";
    }
  }
  /// What comes out of `to` that went from `source` to `destination`.
  static bool comes(int to, const char* source, const char* destination) {
    std::array<std::uint8_t, 32> ends{};
    inet_pton(AF_INET6, source, ends.data());
    inet_pton(AF_INET6, destination, ends.data() + 16);
    while (const auto packet = take(to)) {  // beside what a device says of itself
      if (packet->size() >= 40 && std::equal(ends.begin(), ends.end(), packet->begin() + 8)) return true;
    }
    return false;
  }
  [[nodiscard]] bool crosses() const {
    return inject(inside_.get(), ping6("fd20::2", "fd40::2")) && comes(outside_.get(), "fd20::2", "fd40::2");
  }
  [[nodiscard]] bool answers(const char* address) const {
    return inject(inside_.get(), ping6("fd20::2", address)) && comes(inside_.get(), address, "fd20::2");
  }
  run::Fd outside_;
};

TEST_F(WithIpv6, NoneOfItGoesFromOneDeviceToAnother) {
  EXPECT_TRUE(crosses()) << "this machine would";
  RealNetd house;
  EXPECT_FALSE(crosses());
  EXPECT_EQ(house.stray(), 1u);
  EXPECT_TRUE(answers("fd20::1")) << "the machine itself is not touched";
  EXPECT_TRUE(answers("fd40::1"));
  ASSERT_TRUE(house.kernel->run("delete table inet sekisho\n"));
  EXPECT_TRUE(crosses());
}

TEST_F(WithIpv6, BesideAClosedPathAnAddressAnswersAtItsOwnDeviceAlone) {
  auto paths = test_paths();
  paths[0].strangers = {*parse_ipv4("198.51.100.1")};
  paths.push_back({"closed", "ipsec0", *parse_ipv4("10.95.0.1"), 16, 1354, {kEntrance}});
  paths[1].closed = ClosedNet{"closed0", *parse_ipv4("172.30.0.1"), false, {443}};
  RealNetd house(paths);
  EXPECT_TRUE(answers("fd20::1"));
  EXPECT_EQ(house.count("stray_closed"), 0u);
  EXPECT_FALSE(answers("fd40::1")) << "the Internet's side, from the desktops'";
  EXPECT_EQ(house.count("stray_closed"), 1u);
  EXPECT_FALSE(crosses());
  EXPECT_EQ(house.count("stray_closed"), 2u);
}

TEST_F(InNamespace, TheMachineStartsNothingTowardsATerminal) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  const run::Fd local(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto at = socket_address(kMori, 445);
  static_cast<void>(connect(local.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)));
  EXPECT_FALSE(take(house.queue()));
  EXPECT_GE(house.unasked(), 1u);
}

/// Alone, and beside a filter that lets established connections pass, as hosts have it: conntrack knows it then.
struct RightsEnd : InNamespace, ::testing::WithParamInterface<bool> {
  void host_filter(RealNetd& house) const {
    if (!GetParam()) return;
    ASSERT_TRUE(
        house.kernel->run("table inet host {\n chain input {\n type filter hook input priority -400; policy accept;\n"
                          " ct state established,related accept\n }\n chain output {\n type filter hook output "
                          "priority -400; policy accept;\n ct state established,related accept\n }\n}\n"));
  }
};
INSTANTIATE_TEST_SUITE_P(BesideAHostFilter, RightsEnd, ::testing::Bool());

TEST_P(RightsEnd, CutsARunningConnectionWithTheNextPacketEachWay) {
  RealNetd house;
  host_filter(house);
  ASSERT_TRUE(house.want({right_of(kMori), right_of(kTani)}).ok);
  HandTcp mori(house.queue(), kMori, kEntrance), tani(house.queue(), kTani, kEntrance);
  ASSERT_TRUE(mori.open());
  const auto of_mori = accept_entrance();
  ASSERT_TRUE(tani.open());
  const auto of_tani = accept_entrance();
  ASSERT_TRUE(mori.say("one"));
  ASSERT_EQ(received(of_mori.get()), "one");
  mori.hear();

  ASSERT_TRUE(house.want({right_of(kTani)}).ok);
  ASSERT_TRUE(mori.say("two"));
  EXPECT_EQ(received(of_mori.get()), "");
  EXPECT_EQ(house.refused(), 1u);
  ASSERT_EQ(send(of_mori.get(), "three", 5, 0), 5);
  EXPECT_FALSE(take_answer(house.queue()));
  EXPECT_GE(house.unasked(), 1u);

  ASSERT_TRUE(tani.say("still here"));
  EXPECT_EQ(received(of_tani.get()), "still here");
}

TEST_F(InNamespace, ARightEndsInTheKernelWhenNobodyRenewsIt) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori, 1)}).ok);
  HandTcp mori(house.queue(), kMori, kEntrance);
  ASSERT_TRUE(mori.open());
  const auto begun = std::chrono::steady_clock::now();
  while (house.refused() == 0 && std::chrono::steady_clock::now() - begun < std::chrono::seconds(10)) {
    ASSERT_TRUE(mori.say("."));
    poll(nullptr, 0, 20);  // only the kernel's own clock can end it
  }
  EXPECT_EQ(house.refused(), 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900));

  // And a state that comes after the end is taken, though its elements are not as netd's clock thinks.
  ASSERT_TRUE(house.want({right_of(kMori, 1)}).ok);
  house.timers.advance(std::chrono::milliseconds(900));
  const auto again = house.want({right_of(kMori)});
  EXPECT_TRUE(again.ok) << again.error;
  mori.hear();
  EXPECT_TRUE(HandTcp(house.queue(), kMori, kEntrance, 41001).open());
}

TEST_F(InNamespace, RenewingLengthensAndAShorterTimeShortens) {
  RealNetd house;
  const auto left = [&] {
    const auto found = house.kernel->rights();
    EXPECT_EQ(found.size(), 2u);
    return found.empty() ? 0 : found.front().left.count();
  };
  ASSERT_TRUE(house.want({right_of(kMori, 10)}).ok);
  EXPECT_LE(left(), 10);
  ASSERT_TRUE(house.want({right_of(kMori, 120)}).ok);
  EXPECT_GE(left(), 100);
  ASSERT_TRUE(house.want({right_of(kMori, 30)}).ok);
  EXPECT_LE(left(), 30);
  EXPECT_GE(left(), 20);
  ASSERT_TRUE(house.want({}).ok);
  EXPECT_TRUE(house.kernel->rights().empty());
}

TEST_F(InNamespace, RefusedPacketsAreToldOncePerSecondAsTheyGrow) {
  RealNetd house;
  house.gatekeeper.sent.clear();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(inject(house.queue(), ping(kMori, kGate)));
  ASSERT_TRUE(inject(inside_.get(), ping(kDesktop, kGate)));
  EXPECT_TRUE(house.gatekeeper.sent.empty());
  house.timers.advance(std::chrono::seconds(1));
  ASSERT_EQ(house.gatekeeper.sent.size(), 1u);
  const auto& told = std::get<seam::KernelRefused>(house.gatekeeper.sent.front());
  EXPECT_EQ(told.tun, "sekisho0");
  EXPECT_EQ(told.packets, 4u);
  house.timers.advance(std::chrono::seconds(3));
  EXPECT_EQ(house.gatekeeper.sent.size(), 1u);
}

TEST_F(InNamespace, ManySessionsAreRenewedInOneTransaction) {
  auto paths = test_paths();
  paths[0].prefix = 20;
  RealNetd house(paths);
  std::vector<std::string> addresses;
  std::vector<seam::KernelRight> rights;
  for (std::uint32_t i = 0; i < 1000; ++i) addresses.push_back(to_text(*parse_ipv4("10.202.1.0") + i));
  for (const std::string& address : addresses) rights.push_back(right_of(address.c_str()));
  ASSERT_TRUE(house.want(rights).ok);
  house.timers.advance(std::chrono::seconds(30));
  const auto again = house.want(rights);
  EXPECT_TRUE(again.ok) << again.error;
  EXPECT_EQ(house.kernel->rights().size(), 2000u);
  EXPECT_FALSE(house.log.has("netd.table_restored"));
}

TEST_F(InNamespace, TwoPathsDoNotMeet) {
  auto paths = test_paths();
  paths.push_back({"ip_vpn", "sekisho1", *parse_ipv4("10.203.0.1"), 24, 1354, {kEntrance, kPosture}});
  RealNetd house(paths);
  KeepingLink other;
  house.netd->attach_front("ip_vpn", other);
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  ASSERT_TRUE(inject(other.queue.get(), tcp(kMori, kGate, {})));
  EXPECT_EQ(house.count("refused_ip_vpn"), 1u);
  ASSERT_TRUE(inject(house.queue(), tcp(kMori, "10.203.0.1", {})));
  EXPECT_EQ(house.refused(), 1u);
  EXPECT_FALSE(take_answer(other.queue.get()));
  EXPECT_FALSE(take_answer(house.queue()));
}

}  // namespace sekisho::netd
