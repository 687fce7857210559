// Every kind of packet that a client must not get through, delivered to a front whose session may reach two ports.
#include "front/testing/engine_lab.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::kIcmp;
using datapath::kTcp;
using datapath::kUdp;
using datapath::make_packet;
using datapath::PacketSpec;
using datapath::refresh;

struct Kind {
  const char* name;
  std::function<Bytes()> make;
};

Bytes bent(PacketSpec spec, const std::function<void(Bytes&)>& bend) {
  Bytes packet = make_packet(spec);
  bend(packet);
  return packet;
}
/// Bent after which length and checksums are made right again: only what was bent is wrong.
Bytes bent_well(PacketSpec spec, const std::function<void(Bytes&)>& bend) {
  return bent(std::move(spec), [&](Bytes& packet) {
    bend(packet);
    refresh(packet);
  });
}

// The session: 10.202.0.10, may reach 10.202.0.1 TCP 443 and 5900.
std::vector<Kind> bad_packets() {
  return {
      {"another session's source", [] { return make_packet({.source = "10.202.0.11"}); }},
      {"the gate's own address as source", [] { return make_packet({.source = "10.202.0.1"}); }},
      {"an Internet source", [] { return make_packet({.source = "203.0.113.5"}); }},
      {"loopback source", [] { return make_packet({.source = "127.0.0.1"}); }},
      {"source 0.0.0.0", [] { return make_packet({.source = "0.0.0.0"}); }},
      {"broadcast source", [] { return make_packet({.source = "255.255.255.255"}); }},
      {"multicast source", [] { return make_packet({.source = "224.0.0.1"}); }},
      {"to another session (client to client)", [] { return make_packet({.destination = "10.202.0.11"}); }},
      {"to itself", [] { return make_packet({.destination = "10.202.0.10"}); }},
      {"to a host behind the gate", [] { return make_packet({.destination = "10.203.0.7"}); }},
      {"to the gate's outer address", [] { return make_packet({.destination = "198.51.100.1"}); }},
      {"to loopback", [] { return make_packet({.destination = "127.0.0.1"}); }},
      {"to the limited broadcast", [] { return make_packet({.destination = "255.255.255.255"}); }},
      {"to the network's broadcast", [] { return make_packet({.destination = "10.202.0.255"}); }},
      {"to multicast", [] { return make_packet({.destination = "239.1.2.3"}); }},
      {"to SSH of the gate", [] { return make_packet({.destination_port = 22}); }},
      {"to RDP of the gate", [] { return make_packet({.destination_port = 3389}); }},
      {"to the port below an allowed one", [] { return make_packet({.destination_port = 5899}); }},
      {"to port 0", [] { return make_packet({.destination_port = 0}); }},
      {"from port 0", [] { return make_packet({.source_port = 0}); }},
      {"UDP to an allowed TCP port", [] { return make_packet({.protocol = kUdp, .payload = Bytes(20)}); }},
      {"an ICMP echo", [] { return make_packet({.protocol = kIcmp, .payload = Bytes(56)}); }},
      {"ICMP fragmentation needed",
       [] {
         return bent_well({.protocol = kIcmp, .payload = Bytes(28)},
                          [](Bytes& p) { datapath::store16(p, 20, 0x0304); });
       }},
      {"GRE",
       [] {
         return bent({.protocol = kIcmp}, [](Bytes& p) {
           datapath::store8(p, 9, 47);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"IPv4 in IPv4",
       [] {
         return bent({.protocol = kIcmp}, [](Bytes& p) {
           datapath::store8(p, 9, 4);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"IPv6 in IPv4",
       [] {
         return bent({.protocol = kIcmp}, [](Bytes& p) {
           datapath::store8(p, 9, 41);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"SCTP",
       [] {
         return bent({.protocol = kIcmp}, [](Bytes& p) {
           datapath::store8(p, 9, 132);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"UDP-Lite",
       [] {
         return bent({.protocol = kUdp}, [](Bytes& p) {
           datapath::store8(p, 9, 136);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"ESP",
       [] {
         return bent({.protocol = kIcmp}, [](Bytes& p) {
           datapath::store8(p, 9, 50);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"a first fragment", [] { return make_packet({.fragment = 0x2000, .payload = Bytes(64)}); }},
      {"a later fragment", [] { return make_packet({.fragment = 0x2001, .payload = Bytes(64)}); }},
      {"a last fragment", [] { return make_packet({.fragment = 0x0010, .payload = Bytes(64)}); }},
      {"a tiny fragment that hides the ports", [] { return make_packet({.fragment = 0x2000}); }},
      {"the reserved flag", [] { return make_packet({.fragment = 0x8000}); }},
      {"TTL 0", [] { return make_packet({.ttl = 0}); }},
      {"version 6", [] { return bent({}, [](Bytes& p) { datapath::store8(p, 0, 0x65); }); }},
      {"version 0", [] { return bent({}, [](Bytes& p) { datapath::store8(p, 0, 0x05); }); }},
      {"a header of 16 bytes",
       [] {
         return bent({}, [](Bytes& p) {
           datapath::store8(p, 0, 0x44);
           datapath::finish_ipv4_header(p);
         });
       }},
      {"IP options (loose source route)",
       [] {
         Bytes p = make_packet({});
         const std::array<std::byte, 8> route{std::byte{131}, std::byte{7}, std::byte{4}, std::byte{10},
                                              std::byte{203}, std::byte{0}, std::byte{7}, std::byte{0}};
         p.insert(p.begin() + 20, route.begin(), route.end());
         datapath::store8(p, 0, 0x47);
         datapath::finish_ipv4_header(p);
         return p;
       }},
      {"a wrong header checksum",
       [] { return bent({}, [](Bytes& p) { datapath::store8(p, 10, datapath::load8(p, 10) ^ 1); }); }},
      {"a wrong TCP checksum",
       [] { return bent({}, [](Bytes& p) { datapath::store8(p, 37, datapath::load8(p, 37) ^ 1); }); }},
      {"a total length beyond the packet", [] { return bent({}, [](Bytes& p) { datapath::store16(p, 2, 1500); }); }},
      {"a total length below the packet",
       [] { return bent({.payload = Bytes(100)}, [](Bytes& p) { datapath::store16(p, 2, 60); }); }},
      {"a total length of 0", [] { return bent({}, [](Bytes& p) { datapath::store16(p, 2, 0); }); }},
      {"a TCP header offset beyond the packet",
       [] { return bent_well({}, [](Bytes& p) { datapath::store8(p, 32, 0xf0); }); }},
      {"a TCP header of 16 bytes", [] { return bent_well({}, [](Bytes& p) { datapath::store8(p, 32, 0x40); }); }},
      {"a TCP header that is cut off",
       [] {
         Bytes p = make_packet({});
         p.resize(36);
         datapath::finish_ipv4_header(p);
         return p;
       }},
      {"a UDP length that lies",
       [] { return bent({.protocol = kUdp, .destination_port = 443}, [](Bytes& p) { datapath::store16(p, 24, 9); }); }},
      {"19 bytes", [] { return Bytes(19, std::byte{0x45}); }},
      {"one byte", [] { return Bytes(1, std::byte{0x45}); }},
      {"zeros", [] { return Bytes(60); }},
  };
}

TEST(PacketFilter, NoneOfTheBadPacketsComesThroughAndEachIsCounted) {
  EngineLab lab;
  auto& client = lab.tunnel();
  const auto kinds = bad_packets();
  ASSERT_GE(kinds.size(), 25u);
  std::uint64_t before = 0;
  for (const Kind& kind : kinds) {
    client.say(framed(kind.make()));
    EXPECT_TRUE(lab.tun.empty()) << kind.name << " came through";
    lab.tun.clear();
    EXPECT_EQ(lab.engine.counters().refused_in, ++before) << kind.name << " was not counted";
  }
  // The same packet with nothing bent passes: the session was alive all the time.
  client.say(framed(make_packet({})));
  EXPECT_EQ(lab.tun.size(), 1u);
}

TEST(PacketFilter, TheInsideReachesASessionOnlyFromItsDestinations) {
  EngineLab lab;
  auto& client = lab.tunnel();
  const PacketSpec good{
      .source = "10.202.0.1", .destination = "10.202.0.10", .source_port = 5900, .destination_port = 40'000};
  const auto with = [&good](const std::function<void(PacketSpec&)>& bend) {
    PacketSpec spec = good;
    bend(spec);
    return make_packet(spec);
  };
  const std::vector<Bytes> bad{
      with([](PacketSpec& s) { s.source_port = 22; }),
      with([](PacketSpec& s) { s.source = "10.203.0.7"; }),
      with([](PacketSpec& s) { s.source = "10.202.0.11"; }),
      with([](PacketSpec& s) { s.protocol = kUdp; }),
      with([](PacketSpec& s) { s.protocol = kIcmp; }),
      with([](PacketSpec& s) {
        s.fragment = 0x2000;
        s.payload = Bytes(64);
      }),
      with([](PacketSpec& s) { s.destination_port = 0; }),
      with([](PacketSpec& s) { s.destination = "10.202.0.12"; }),
  };
  for (const Bytes& packet : bad) lab.inside(packet);
  EXPECT_TRUE(client.heard.empty());
  EXPECT_EQ(lab.engine.counters().refused_out, 7u);
  EXPECT_EQ(lab.engine.counters().to_nobody, 1u);
  lab.inside(make_packet(good));
  EXPECT_EQ(unframe(client.heard).size(), 1u);
}

TEST(PacketFilter, RulesThatCannotBeReadGiveNothing) {
  SessionView view = view_of();
  view.filter = {{"10.202.0.1", 0, 6},       {"10.202.0.1", 443, 1},  {"10.202.0.1", 443, 0}, {"0.0.0.0", 443, 6},
                 {"255.255.255.255", 1, 17}, {"239.1.2.3", 443, 17},  {"", 443, 6},           {"any", 443, 6},
                 {"10.202.0.1/24", 443, 6},  {"010.202.0.1", 443, 6}, {"10.202.0.10", 443, 6}};
  EXPECT_TRUE(rights_of(view).allowed.empty());
  view.filter = {{"10.202.0.1", 443, 6}};
  EXPECT_EQ(rights_of(view).allowed.size(), 1u);
  view.state = SessionState::ended;
  EXPECT_TRUE(rights_of(view).allowed.empty());
  view.state = SessionState::asking;
  EXPECT_TRUE(rights_of(view).allowed.empty());
  view.state = SessionState::admitted;
  view.address = "10.202.0.999";
  EXPECT_EQ(rights_of(view).address, 0u);
  EXPECT_TRUE(rights_of(view).allowed.empty());
}

TEST(PacketFilter, QuarantineReachesThePosturePageAlone) {
  EngineLab lab;
  lab.gate.answer = [](GateRequest&) -> std::optional<GateReply> {
    SessionView view = view_of();
    view.state = SessionState::quarantine;
    view.filter = {{"10.202.0.1", 443, 6}};
    return Resumed{view};
  };
  auto& client = lab.tunnel();
  client.say(framed(make_packet({.destination_port = 5900})));
  EXPECT_TRUE(lab.tun.empty());
  client.say(framed(make_packet({.destination_port = 443})));
  EXPECT_EQ(lab.tun.size(), 1u);
  lab.gate.push(SessionChanged{view_of()});
  lab.settle();
  client.say(framed(make_packet({.destination_port = 5900})));
  EXPECT_EQ(lab.tun.size(), 2u);
}

TEST(PacketFilter, WhatIsRefusedIsToldAtMostOnceASecond) {
  EngineLab lab;
  auto& client = lab.tunnel();
  for (int i = 0; i < 50; ++i) client.say(framed(make_packet({.destination_port = 22})));
  ASSERT_EQ(lab.gate.noticed<PacketsRefused>().size(), 1u);
  EXPECT_EQ(lab.gate.noticed<PacketsRefused>()[0].count, 1u);
  EXPECT_EQ(lab.gate.noticed<PacketsRefused>()[0].last, (FilterRule{"10.202.0.1", 22, 6}));
  lab.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(lab.gate.noticed<PacketsRefused>().size(), 1u);
  client.say(framed(make_packet({.destination = "10.203.0.7", .destination_port = 3389})));
  lab.advance(std::chrono::milliseconds(1));
  const auto told = lab.gate.noticed<PacketsRefused>();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].count, 50u);
  EXPECT_EQ(told[1].last, (FilterRule{"10.203.0.7", 3389, 6}));
  lab.advance(Seconds{5});
  EXPECT_EQ(lab.gate.noticed<PacketsRefused>().size(), 2u) << "nothing was refused since";
}

}  // namespace
}  // namespace sekisho::front::testing
