#include "net/datapath/ipv4.hpp"

#include "net/datapath/icmp.hpp"
#include "net/datapath/mss_clamp.hpp"
#include "net/datapath/testing/packets.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace sekisho::datapath {
namespace {

TEST(Checksum, EqualsTheExampleOfRfc1071) {
  const std::array<std::uint8_t, 8> data{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(fold(partial_sum(std::as_bytes(std::span(data)))), 0xddf2);
}

TEST(Checksum, EqualsAPlainSumForEveryLength) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 700; ++size) {
    Bytes data(size);
    for (auto& byte : data) byte = static_cast<std::byte>(random());
    std::uint32_t plain = 0;
    for (std::size_t i = 0; i < size; ++i) plain += load8(data, i) * (i % 2 == 0 ? 256u : 1u);
    while (plain >> 16) plain = (plain & 0xffff) + (plain >> 16);
    EXPECT_EQ(fold(partial_sum(data)) % 0xffff, plain % 0xffff) << size;
  }
}

TEST(Checksum, LosesNoCarryOverTheLargestPacket) {
  const Bytes ones(65535, std::byte{0xff});
  EXPECT_EQ(fold(partial_sum(std::span(ones).first(65534))), 0xffff);
}

TEST(Inspect, ReadsTcpUdpAndIcmp) {
  const auto tcp = inspect(make_packet({.payload = text_payload(10)}));
  ASSERT_TRUE(tcp);
  EXPECT_EQ(ipv4_text(tcp->source), "10.202.0.10");
  EXPECT_EQ(ipv4_text(tcp->destination), "10.202.0.1");
  EXPECT_EQ(tcp->destination_port, 5900);
  EXPECT_EQ(tcp->payload_at, 40);
  const auto udp = inspect(make_packet({.protocol = kUdp, .destination_port = 53}));
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->destination_port, 53);
  EXPECT_EQ(udp->payload_at, 28);
  const auto icmp = inspect(make_packet({.protocol = kIcmp}));
  ASSERT_TRUE(icmp);
  EXPECT_EQ(icmp->destination_port, 0);
}

TEST(Inspect, NamesWhatIsWrong) {
  struct Row {
    const char* code;
    std::function<void(Bytes&)> bend;
    std::uint8_t protocol = kTcp;
  };
  const auto rehead = [](Bytes& p) {
    store16(p, 10, 0);
    store16(p, 10, checksum(partial_sum(std::span(p).first(20))));
  };
  const std::vector<Row> rows = {
      {"packet.short", [](Bytes& p) { p.resize(19); }},
      {"packet.short", [](Bytes& p) { p.clear(); }},
      {"packet.version", [](Bytes& p) { store8(p, 0, 0x65); }},
      {"packet.version", [](Bytes& p) { store8(p, 0, 0x05); }},
      {"packet.length", [](Bytes& p) { store8(p, 0, 0x44); }},
      {"packet.options",
       [&](Bytes& p) {
         store8(p, 0, 0x46);
         rehead(p);
       }},
      {"packet.options",
       [&](Bytes& p) {
         store8(p, 0, 0x4f);
         rehead(p);
       }},
      {"packet.length", [&](Bytes& p) { p.pop_back(); }},
      {"packet.length", [&](Bytes& p) { p.push_back(std::byte{0}); }},
      {"packet.checksum", [](Bytes& p) { store8(p, 8, 63); }},
      {"packet.flags",
       [&](Bytes& p) {
         store16(p, 6, 0x8000);
         rehead(p);
       }},
      {"packet.expired",
       [&](Bytes& p) {
         store8(p, 8, 0);
         rehead(p);
       }},
      {"packet.length",
       [](Bytes& p) {
         p.resize(39);
         refresh(p);
       }},
      {"packet.length",
       [](Bytes& p) {
         p.resize(20);
         refresh(p);
       }},
      {"packet.length",
       [](Bytes& p) {
         store8(p, 32, 0x40);
         refresh(p);
       }},
      {"packet.length",
       [](Bytes& p) {
         store8(p, 32, 0xf0);
         refresh(p);
       }},
      {"packet.length",
       [](Bytes& p) {
         p.resize(27);
         refresh(p);
       },
       kUdp},
      {"packet.length",
       [](Bytes& p) {
         store16(p, 24, 7);
         refresh(p);
       },
       kUdp},
      {"packet.length",
       [](Bytes& p) {
         store16(p, 24, 2000);
         refresh(p);
       },
       kUdp},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Bytes packet = make_packet({.protocol = rows[i].protocol, .payload = text_payload(8)});
    rows[i].bend(packet);
    const auto info = inspect(packet);
    ASSERT_FALSE(info) << "row " << i;
    EXPECT_EQ(info.error().code, rows[i].code) << "row " << i;
  }
}

TEST(Inspect, MarksFragmentsAndReadsNoPortsInThem) {
  for (const std::uint16_t fragment : {0x2000, 0x0001, 0x2001, 0x1fff}) {
    const auto info = inspect(make_packet({.fragment = fragment}));
    ASSERT_TRUE(info);
    EXPECT_TRUE(info->fragment);
    EXPECT_EQ(info->destination_port, 0);
  }
  EXPECT_FALSE(inspect(make_packet({.fragment = 0}))->fragment);
}

TEST(TransportChecksum, FindsEveryFlippedBit) {
  for (const std::uint8_t protocol : {kTcp, kUdp}) {
    Bytes packet = make_packet({.protocol = protocol, .payload = text_payload(33)});
    ASSERT_TRUE(transport_checksum_ok(packet, *inspect(packet)));
    for (std::size_t at = protocol == kTcp ? 40 : 28; at < packet.size(); ++at) {
      packet[at] ^= std::byte{0x10};
      EXPECT_FALSE(transport_checksum_ok(packet, *inspect(packet)));
      packet[at] ^= std::byte{0x10};
    }
  }
  Bytes without = make_packet({.protocol = kUdp});
  store16(without, 26, 0);
  EXPECT_TRUE(transport_checksum_ok(without, *inspect(without)));
}

std::vector<std::uint8_t> mss(std::uint16_t value) {
  return {2, 4, static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

TEST(ClampMss, LowersTheOptionOfASynAndKeepsTheChecksumRight) {
  for (const std::uint8_t flags : {kTcpSyn, static_cast<std::uint8_t>(kTcpSyn | kTcpAck)}) {
    Bytes packet = make_packet({.flags = flags, .tcp_options = mss(1460)});
    EXPECT_TRUE(clamp_mss(packet, *inspect(packet), 1354));
    EXPECT_EQ(load16(packet, 42), 1314);
    EXPECT_TRUE(transport_checksum_ok(packet, *inspect(packet)));
  }
  Bytes odd = make_packet({.flags = kTcpSyn, .tcp_options = {1, 2, 4, 5, 180, 1, 1, 0}});
  EXPECT_TRUE(clamp_mss(odd, *inspect(odd), 1354));
  EXPECT_EQ(load16(odd, 43), 1314);
  EXPECT_TRUE(transport_checksum_ok(odd, *inspect(odd)));
}

TEST(ClampMss, LeavesEverythingElseAlone) {
  const std::vector<PacketSpec> specs = {
      {.flags = kTcpAck, .tcp_options = mss(1460)},
      {.flags = kTcpSyn, .tcp_options = mss(1314)},
      {.flags = kTcpSyn, .tcp_options = mss(500)},
      {.flags = kTcpSyn},
      {.flags = kTcpSyn, .tcp_options = {0, 0, 0, 0, 2, 4, 5, 180}},  // behind the end of the list
      {.flags = kTcpSyn, .tcp_options = {2, 3, 5, 180}},              // wrong length
      {.flags = kTcpSyn, .tcp_options = {8, 0, 2, 4, 5, 180, 0, 0}},  // length 0 would loop
      {.flags = kTcpSyn, .tcp_options = {8, 1, 2, 4, 5, 180, 0, 0}},
      {.flags = kTcpSyn, .tcp_options = {1, 1, 1, 2}},   // cut off
      {.flags = kTcpSyn, .tcp_options = {3, 40, 2, 4}},  // runs out of the list
      {.protocol = kUdp, .flags = kTcpSyn},
  };
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Bytes packet = make_packet(specs[i]);
    const Bytes before = packet;
    EXPECT_FALSE(clamp_mss(packet, *inspect(packet), 1354)) << i;
    EXPECT_EQ(packet, before) << i;
  }
}

TEST(PacketTooBig, TellsTheSenderTheSizeThatFits) {
  const Bytes large = make_packet({.source = "10.10.0.5", .destination = "10.202.0.10", .payload = text_payload(1460)});
  const auto answer = make_packet_too_big(large, parse_ipv4("10.202.0.1").value(), 1354);
  ASSERT_TRUE(answer);
  const auto info = inspect(*answer);
  ASSERT_TRUE(info);
  EXPECT_EQ(ipv4_text(info->source), "10.202.0.1");
  EXPECT_EQ(ipv4_text(info->destination), "10.10.0.5");
  EXPECT_EQ(load16(*answer, 20), 0x0304);
  EXPECT_EQ(load16(*answer, 26), 1354);
  EXPECT_EQ(fold(partial_sum(std::span(*answer).subspan(20))), 0xffff);
  EXPECT_TRUE(std::equal(large.begin(), large.begin() + 28, answer->begin() + 28));
}

TEST(PacketTooBig, IsSilentWhereAnAnswerIsForbidden) {
  const std::uint32_t gate = parse_ipv4("10.202.0.1").value();
  EXPECT_FALSE(make_packet_too_big(make_packet({.source = "255.255.255.255"}), gate, 1354));
  EXPECT_FALSE(make_packet_too_big(make_packet({.source = "224.0.0.1"}), gate, 1354));
  EXPECT_FALSE(make_packet_too_big(make_packet({.source = "0.0.0.0"}), gate, 1354));
  EXPECT_FALSE(make_packet_too_big(make_packet({.source = "127.0.0.1"}), gate, 1354));
  EXPECT_FALSE(make_packet_too_big(make_packet({.source = "10.0.0.1", .fragment = 0x0001}), gate, 1354));
  Bytes error = make_packet({.source = "10.0.0.1", .protocol = kIcmp});
  store8(error, 20, 3);
  refresh(error);
  EXPECT_FALSE(make_packet_too_big(error, gate, 1354));
  EXPECT_FALSE(make_packet_too_big(std::span(error).first(27), gate, 1354));
}

}  // namespace
}  // namespace sekisho::datapath
