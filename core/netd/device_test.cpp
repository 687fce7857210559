// The real devices and the table's life: made, taken over, changed by others, gone.
#include "netd/testing/real_netd.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace sekisho::netd {

using namespace testing;

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
    EXPECT_FALSE(drain(*watch)) << "its own changes of rights are no news";
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

TEST_F(InNamespace, ASiteWithoutPacketsHasATableAndNoDevice) {
  RealNetd house{std::vector<NetPath>()};
  EXPECT_EQ(house.queue(), -1);
  EXPECT_TRUE(house.kernel->shape());
  house.timers.advance(std::chrono::seconds(2));
  EXPECT_FALSE(house.broken);
  EXPECT_FALSE(house.log.has("netd.table_restored"));
}

}  // namespace sekisho::netd
