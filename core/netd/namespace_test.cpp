// The real table and the real TUN against real packets, in a network namespace of the test's own.
#include "netd/testing/real_netd.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::netd {
namespace {

using namespace testing;

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

TEST_F(InNamespace, WhoeverChangesTheTableIsUndone) {
  const char* changes[] = {
      "delete table inet sekisho\n",
      "flush ruleset\n",
      "flush chain inet sekisho from_internet\n",
      "insert rule inet sekisho from_internet accept\n",
      "insert rule inet sekisho arriving accept\n",
      "insert rule inet sekisho crossing accept\n",
      "add table inet sekisho { flags dormant; }\n",
  };
  for (const char* change : changes) {
    ASSERT_FALSE(enter_fresh_namespace());
    const auto listener = serve(SOCK_STREAM, kGate, kEntrance);
    RealNetd house;
    const auto watch = open_nft_watch();
    ASSERT_TRUE(watch);
    EXPECT_FALSE(drain(*watch));
    ASSERT_TRUE(house.want({right_of(kMori)}).ok);
    EXPECT_TRUE(drain(*watch)) << "the watch tells of changes";
    house.netd->look();
    EXPECT_FALSE(house.log.has("netd.table_restored"));

    ASSERT_TRUE(house.kernel->run(change)) << change;
    EXPECT_TRUE(drain(*watch)) << change;
    house.netd->look();
    EXPECT_TRUE(house.log.has("netd.table_restored")) << change;
    const std::uint64_t before = house.refused();
    ASSERT_TRUE(inject(house.queue(), ping(kMori, kGate)));
    EXPECT_EQ(house.refused(), before + 1) << change;
    EXPECT_FALSE(take(house.queue())) << change;
    HandTcp mori(house.queue(), kMori, kEntrance);
    EXPECT_TRUE(mori.open()) << change << ": the right came back with the table";
    EXPECT_FALSE(house.broken);
  }
}

TEST_F(InNamespace, AStateThatMeetsNoTableBringsItBack) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kTani)}).ok);
  ASSERT_TRUE(house.kernel->run("delete table inet sekisho\n"));
  const auto applied = house.want({right_of(kMori)});
  EXPECT_TRUE(applied.ok) << applied.error;
  HandTcp mori(house.queue(), kMori, kEntrance), tani(house.queue(), kTani, kEntrance);
  EXPECT_TRUE(mori.open());
  EXPECT_FALSE(tani.open());
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

TEST_F(InNamespace, TheNextNetdTakesRightsDeviceAndConnectionsOver) {
  auto first = std::make_unique<RealNetd>();
  ASSERT_TRUE(first->want({right_of(kMori)}).ok);
  HandTcp mori(first->queue(), kMori, kEntrance);
  ASSERT_TRUE(mori.open());
  const auto peer = accept_entrance();
  const run::Fd old_queue(first->front.queue.release());  // the front lives on
  // What nobody may have had stays behind.
  ASSERT_TRUE(
      first->kernel->run("add element inet sekisho rights_internet { 10.202.0.9 . 10.202.0.1 . 6 . 22 timeout "
                         "60s, 203.0.113.5 . 10.202.0.1 . 6 . 5900 timeout 60s, 10.202.0.9 . 10.60.0.1 . 6 . "
                         "5900 timeout 60s, 10.202.0.9 . 10.202.0.1 . 6 . 5900 }\n"));
  first.reset();
  ASSERT_TRUE(mori.say("in between"));
  EXPECT_EQ(received(peer.get()), "in between");

  RealNetd second;
  EXPECT_EQ(second.kernel->rights().size(), 2u);
  mori.use(second.queue());
  mori.hear();
  ASSERT_TRUE(mori.say("after"));
  EXPECT_EQ(received(peer.get()), "after");
  ASSERT_EQ(send(peer.get(), "yes", 3, 0), 3);
  EXPECT_EQ(second.refused(), 0u);
  ASSERT_TRUE(second.want({}).ok);
  ASSERT_TRUE(mori.say("never"));
  EXPECT_EQ(received(peer.get()), "");
}

TEST_F(InNamespace, ATableThatIsNotOursBecomesOurs) {
  const auto kernel = NftKernel::open(test_paths());
  ASSERT_TRUE(kernel);
  ASSERT_TRUE(
      (*kernel)->run("table inet sekisho {\n set rights_internet {\n type inet_service\n elements = { 22 }\n }\n"
                     " chain arriving {\n type filter hook input priority 0; policy accept;\n accept\n }\n}\n"));
  RealNetd house;
  EXPECT_TRUE(house.kernel->rights().empty());
  ASSERT_TRUE(inject(house.queue(), ping(kMori, kGate)));
  EXPECT_EQ(house.refused(), 1u);
}

TEST_F(InNamespace, AFrontThatHasGoneLeavesNothingToTheNext) {
  RealNetd house;
  ASSERT_TRUE(house.want({right_of(kMori)}).ok);
  HandTcp mori(house.queue(), kMori, kEntrance);
  ASSERT_TRUE(mori.open());
  const auto peer = accept_entrance();
  ASSERT_EQ(send(peer.get(), "old", 3, 0), 3);
  house.netd->detach_front("internet");
  EXPECT_FALSE(take(house.queue())) << "what waited is gone";
  ASSERT_EQ(send(peer.get(), "lost", 4, 0), 4);
  EXPECT_FALSE(take(house.queue()));
  ASSERT_TRUE(inject(house.queue(), ping(kMori, kGate)));
  EXPECT_EQ(house.refused(), 1u) << "who still holds a copy is judged as ever";

  KeepingLink next;
  house.netd->attach_front("internet", next);
  ASSERT_EQ(next.sent.size(), 1u);
  EXPECT_FALSE(take(next.queue.get()));
  ASSERT_TRUE(inject(next.queue.get(), tcp(kMori, kGate, {40009})));
  const auto answer = take_answer(next.queue.get());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->flags, kSyn | kAck);
}

TEST_F(InNamespace, ARemovedDeviceEndsNetd) {
  RealNetd house;
  auto route = NetlinkSocket::open(NETLINK_ROUTE, "test");
  auto find = RouteSocket::open();
  ASSERT_TRUE(route && find);
  house.timers.advance(std::chrono::seconds(1));
  EXPECT_FALSE(house.broken);
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(*find->link_index("sekisho0"));
  ASSERT_TRUE(route->ask("removing", NetlinkRequest(RTM_DELLINK, 0, bytes_of(body))));
  house.timers.advance(std::chrono::seconds(1));
  EXPECT_TRUE(house.broken);
  EXPECT_TRUE(house.log.has("netd.device_gone"));
}

TEST_F(InNamespace, WithoutATableThereIsNoDevice) {
  RealNetd house;
  ASSERT_TRUE(house.kernel->run("flush ruleset\n"));
  // A table of this name that belongs to another program cannot be replaced.
  const auto thief = NftKernel::open(test_paths());
  ASSERT_TRUE(thief);
  ASSERT_TRUE((*thief)->run("table inet sekisho { flags owner; }\n"));
  house.netd->look();
  house.timers.settle();
  EXPECT_TRUE(house.broken);
  EXPECT_TRUE(house.log.has("netd.table_lost"));
  EXPECT_FALSE(inject(house.queue(), ping(kMori, kGate))) << "a front's copy is dead with the device";
}

TEST_F(InNamespace, ADetachedDeviceIsAlive) {
  RealNetd house;
  house.netd->detach_front("internet");
  house.timers.advance(std::chrono::seconds(2));
  EXPECT_FALSE(house.broken);
}

TEST_F(InNamespace, TheDeviceIsAsConfigured) {
  auto paths = test_paths();
  paths[0].mtu = 1280;
  RealNetd house(paths);
  const run::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strncpy(request.ifr_name, "sekisho0", IFNAMSIZ - 1);
  ASSERT_EQ(ioctl(socket.get(), SIOCGIFMTU, &request), 0);
  EXPECT_EQ(request.ifr_mtu, 1280);
  ASSERT_EQ(ioctl(socket.get(), SIOCGIFTXQLEN, &request), 0);
  EXPECT_EQ(request.ifr_qlen, 256);
  ASSERT_EQ(ioctl(socket.get(), SIOCGIFFLAGS, &request), 0);
  EXPECT_TRUE(request.ifr_flags & IFF_UP);
  ASSERT_EQ(ioctl(house.queue(), TUNGETIFF, &request), 0);
  const int wanted = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR;
  EXPECT_EQ(request.ifr_flags & wanted, wanted);
  int header = 0;
  ASSERT_EQ(ioctl(house.queue(), TUNGETVNETHDRSZ, &header), 0);
  EXPECT_EQ(header, 12);
  EXPECT_EQ(fcntl(house.queue(), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  std::string filter;
  std::ifstream("/proc/sys/net/ipv4/conf/sekisho0/rp_filter") >> filter;
  EXPECT_EQ(filter, "1");
  std::ifstream addresses("/proc/net/if_inet6");
  const std::string all((std::istreambuf_iterator<char>(addresses)), {});
  EXPECT_EQ(all.find("sekisho0"), std::string::npos) << "no IPv6 address of its own";
}

TEST_F(InNamespace, AnOlderAddressOfTheDeviceIsReplaced) {
  auto paths = test_paths();
  paths[0].gate_address = *parse_ipv4("10.202.0.77");
  auto first = std::make_unique<RealNetd>(paths);
  run::Fd keeps(first->front.queue.release());
  first.reset();
  RealNetd second;
  keeps.reset();
  ASSERT_TRUE(second.want({right_of(kMori)}).ok);
  HandTcp mori(second.queue(), kMori, kEntrance);
  EXPECT_TRUE(mori.open());
  const run::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto old = socket_address("10.202.0.77", 8000);
  EXPECT_NE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&old), sizeof(old)), 0) << "the old address is gone";
}

TEST_F(InNamespace, ADeviceThatIsNoTunOfOursIsRefused) {
  const auto other = make_plain_tun("sekisho0", "10.9.0.1");
  ASSERT_TRUE(other);
  auto nodes = TunDevices::open_nodes(1);
  ASSERT_TRUE(nodes);
  const auto made = TunDevices::make(test_paths(), std::move(*nodes));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "netd.tun");
  EXPECT_NE(made.error().detail.find("remove it"), std::string::npos) << made.error().detail;
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
