#include "net/datapath/coalescer.hpp"
#include "net/datapath/mss_clamp.hpp"
#include "net/datapath/segmenter.hpp"
#include "net/datapath/testing/packets.hpp"

#include <gtest/gtest.h>

#include <random>

namespace sekisho::datapath {
namespace {

constexpr std::uint16_t kMtu = 1354;

Bytes frame_of(const VnetHeader& header, const Bytes& packet) {
  Bytes frame(kVnetHeaderBytes + packet.size());
  store_vnet_header(frame, header);
  std::copy(packet.begin(), packet.end(), frame.begin() + kVnetHeaderBytes);
  return frame;
}
/// A super-packet as the kernel hands it over: transport checksum holds the pseudo header's sum only.
Bytes super_frame(PacketSpec spec, std::uint16_t gso_size) {
  Bytes packet = make_packet(spec);
  const bool tcp = spec.protocol == kTcp;
  VnetHeader header;
  header.flags = kVnetNeedsChecksum;
  header.gso_type = tcp ? kGsoTcp4 : kGsoUdpDatagrams;
  header.header_bytes = inspect(packet)->payload_at;
  header.gso_size = gso_size;
  header.checksum_start = kIpv4HeaderBytes;
  header.checksum_offset = tcp ? 16 : 6;
  store16(packet, kIpv4HeaderBytes + header.checksum_offset,
          fold(pseudo_header_sum(packet, packet.size() - kIpv4HeaderBytes)));
  return frame_of(header, packet);
}
std::vector<Bytes> cut(const Bytes& frame, std::uint16_t mtu = kMtu) {
  auto segmenter = Segmenter::open(frame, mtu);
  EXPECT_TRUE(segmenter) << segmenter.error().code;
  std::vector<Bytes> out;
  Bytes room(mtu);
  while (const std::size_t size = segmenter->next(room))
    out.emplace_back(room.begin(), room.begin() + static_cast<long>(size));
  EXPECT_TRUE(segmenter->done());
  return out;
}
std::vector<Bytes> glue(const std::vector<Bytes>& packets) {
  std::vector<Bytes> frames;
  Coalescer coalescer([&](std::span<const std::byte> frame) { frames.emplace_back(frame.begin(), frame.end()); });
  for (const Bytes& packet : packets) coalescer.push(packet, *inspect(packet));
  coalescer.flush();
  return frames;
}
void expect_sound(const std::vector<Bytes>& packets, std::uint16_t mtu = kMtu) {
  for (const Bytes& packet : packets) {
    const auto info = inspect(packet);
    ASSERT_TRUE(info) << info.error().code;
    EXPECT_TRUE(transport_checksum_ok(packet, *info));
    EXPECT_LE(packet.size(), mtu);
  }
}
Bytes payload_of(const std::vector<Bytes>& packets) {
  Bytes out;
  for (const Bytes& packet : packets) out.insert(out.end(), packet.begin() + inspect(packet)->payload_at, packet.end());
  return out;
}

TEST(Segmenter, CutsATcpSuperPacketIntoSoundSegments) {
  const Bytes payload = text_payload(60000);
  const auto flags = static_cast<std::uint8_t>(kTcpAck | kTcpPsh | kTcpFin | kTcpCwr);
  const auto packets =
      cut(super_frame({.sequence = 0xfffff000, .flags = flags, .id = 0xfffe, .payload = payload}, 1314));
  expect_sound(packets);
  ASSERT_EQ(packets.size(), 46u);
  EXPECT_EQ(payload_of(packets), payload);
  std::uint32_t sequence = 0xfffff000;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(load32(packets[i], 24), sequence);
    EXPECT_EQ(load16(packets[i], 4), static_cast<std::uint16_t>(0xfffe + i));
    sequence += static_cast<std::uint32_t>(packets[i].size() - 40);
    const auto got = inspect(packets[i])->tcp_flags;
    EXPECT_EQ((got & kTcpCwr) != 0, i == 0);
    EXPECT_EQ((got & (kTcpPsh | kTcpFin)) != 0, i + 1 == packets.size());
  }
}

TEST(Segmenter, CutsSmallerThanAskedWhereTheTunnelIsNarrow) {
  const auto packets = cut(super_frame({.payload = text_payload(5000)}, 1460));
  expect_sound(packets);
  EXPECT_EQ(packets.front().size(), kMtu);
  EXPECT_EQ(payload_of(packets), text_payload(5000));
}

TEST(Segmenter, CutsIntoPacketsOfSeveralWholeSegmentsWhereTheClientTakesThem) {
  const Bytes payload = text_payload(60000);
  const Bytes frame = super_frame({.sequence = 0xfffff000, .flags = kTcpAck | kTcpPsh, .payload = payload}, 1314);
  auto segmenter = Segmenter::open(frame, kMtu, 16000);
  ASSERT_TRUE(segmenter);
  std::vector<Bytes> packets;
  while (const std::size_t size = segmenter->next_size()) {
    Bytes room(size);
    ASSERT_EQ(segmenter->next(room), size);
    packets.push_back(std::move(room));
  }
  EXPECT_TRUE(segmenter->done());
  expect_sound(packets, 16000);
  ASSERT_EQ(packets.size(), 4u);
  EXPECT_EQ(packets[0].size(), 40u + 12 * 1314) << "whole segments";
  EXPECT_EQ(payload_of(packets), payload);
  EXPECT_EQ(load32(packets[1], 24), 0xfffff000 + 12 * 1314);
}

TEST(Segmenter, NeverMakesLargePacketsOfAnythingElse) {
  EXPECT_EQ(cut(super_frame({.protocol = kUdp, .payload = text_payload(3001)}, 1000), 1354).size(), 4u);
  auto udp = Segmenter::open(super_frame({.protocol = kUdp, .payload = text_payload(3001)}, 1000), kMtu, 16000);
  EXPECT_EQ(udp->next_size(), 1028u);
  const Bytes plain = frame_of({}, make_packet({.payload = text_payload(1315)}));
  EXPECT_EQ(Segmenter::open(plain, kMtu, 16000).error().code, "packet.too_big");
  const Bytes narrow = super_frame({.payload = text_payload(4000)}, 1300);
  EXPECT_EQ(Segmenter::open(narrow, kMtu, 2000)->next_size(), 1340u) << "less than two segments";
}

TEST(Segmenter, CutsUdpAtItsOwnSize) {
  const auto packets = cut(super_frame({.protocol = kUdp, .payload = text_payload(3001)}, 1000));
  expect_sound(packets);
  ASSERT_EQ(packets.size(), 4u);
  EXPECT_EQ(packets.back().size(), 29u);
  EXPECT_EQ(payload_of(packets), text_payload(3001));
}

TEST(Segmenter, CompletesTheChecksumOfAPlainPacket) {
  Bytes packet = make_packet({.protocol = kUdp, .payload = text_payload(99)});
  const Bytes whole = packet;
  store16(packet, 26, fold(pseudo_header_sum(packet, packet.size() - 20)));
  VnetHeader header;
  header.flags = kVnetNeedsChecksum;
  header.checksum_start = 20;
  header.checksum_offset = 6;
  EXPECT_EQ(cut(frame_of(header, packet)), std::vector<Bytes>{whole});
}

TEST(Segmenter, ClampsTheMssOfASynFromInside) {
  const auto packets = cut(frame_of({}, make_packet({.flags = kTcpSyn, .tcp_options = {2, 4, 5, 180}})));
  ASSERT_EQ(packets.size(), 1u);
  EXPECT_EQ(load16(packets[0], 42), 1314);
  expect_sound(packets);
}

TEST(Segmenter, RefusesWhatDoesNotFit) {
  const auto code = [](const Bytes& frame) {
    auto segmenter = Segmenter::open(frame, kMtu);
    return segmenter ? std::string("opened") : segmenter.error().code;
  };
  EXPECT_EQ(code(Bytes(11)), "packet.short");
  EXPECT_EQ(code(Bytes(12)), "packet.short");
  EXPECT_EQ(code(frame_of({}, make_packet({.payload = text_payload(1315)}))), "packet.too_big");
  EXPECT_EQ(code(frame_of({}, make_packet({.payload = text_payload(1314)}))), "opened");
  EXPECT_EQ(code(super_frame({.protocol = kUdp, .payload = text_payload(4000)}, 1327)), "packet.too_big");
  EXPECT_EQ(code(super_frame({.payload = text_payload(4000)}, 0)), "packet.offload");
  Bytes wrong_type = super_frame({.payload = text_payload(4000)}, 1000);
  wrong_type[1] = std::byte{kGsoUdpDatagrams};
  EXPECT_EQ(code(wrong_type), "packet.offload");
  wrong_type[1] = std::byte{3};
  EXPECT_EQ(code(wrong_type), "packet.offload");
  VnetHeader outside;
  outside.flags = kVnetNeedsChecksum;
  outside.checksum_start = 20;
  outside.checksum_offset = 65535;
  EXPECT_EQ(code(frame_of(outside, make_packet({}))), "packet.offload");
  outside.checksum_start = 0;
  outside.checksum_offset = 10;
  EXPECT_EQ(code(frame_of(outside, make_packet({}))), "packet.offload");
}

TEST(Segmenter, TakesNoChecksumIntoAnotherFieldOfItsHeaders) {
  const auto opens = [](std::uint8_t protocol, std::size_t start, std::size_t offset) {
    VnetHeader header;
    header.flags = kVnetNeedsChecksum;
    header.checksum_start = static_cast<std::uint16_t>(start);
    header.checksum_offset = static_cast<std::uint16_t>(offset);
    const Bytes frame = frame_of(header, make_packet({.protocol = protocol, .payload = text_payload(40)}));
    return Segmenter::open(frame, kMtu).has_value();
  };
  EXPECT_TRUE(opens(kTcp, 20, 16));
  EXPECT_TRUE(opens(kUdp, 20, 6));
  EXPECT_FALSE(opens(kTcp, 20, 12)) << "the header's length";
  EXPECT_FALSE(opens(kTcp, 31, 5)) << "the right field, of a sum that begins elsewhere";
  EXPECT_FALSE(opens(kTcp, 31, 0));
  EXPECT_FALSE(opens(kUdp, 20, 4));
  EXPECT_FALSE(opens(kUdp, 20, 16 - 9));
  EXPECT_TRUE(opens(kUdp, 28, 16)) << "of a packet that this one carries";
}

TEST(Coalescer, GluesConsecutiveSegmentsAndTheKernelGetsThemBack) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const std::uint16_t piece = static_cast<std::uint16_t>(128 + random() % 1180);
    const std::size_t total = piece + random() % (65000 - piece);
    std::uint8_t flags = kTcpAck;
    if (random() % 2) flags |= kTcpPsh;
    std::vector<std::uint8_t> options;
    if (random() % 2) options = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    const auto segments = cut(super_frame({.sequence = static_cast<std::uint32_t>(random()),
                                           .flags = flags,
                                           .id = static_cast<std::uint16_t>(random()),
                                           .tcp_options = options,
                                           .payload = text_payload(total)},
                                          piece));
    expect_sound(segments);
    const auto frames = glue(segments);
    if (segments.size() > 1) {
      ASSERT_LT(frames.size(), segments.size());
    }
    std::vector<Bytes> again;
    for (const Bytes& frame : frames)
      for (Bytes& packet : cut(frame)) again.push_back(std::move(packet));
    ASSERT_EQ(again, segments) << round;
  }
}

TEST(Coalescer, KeepsOrderAndBytesOfAnyMixture) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<Bytes> packets;
    std::uint32_t sequence[3] = {1, 100000, 0xffffff00};
    std::uint16_t id[3] = {1, 1000, 65530};
    for (int i = 0; i < 60; ++i) {
      const unsigned flow = random() % 3;
      PacketSpec spec;
      spec.source_port = static_cast<std::uint16_t>(1000 + flow);
      spec.fragment = random() % 8 ? 0x0000 : 0x2000;
      spec.protocol = random() % 6 ? kTcp : kUdp;
      spec.sequence = sequence[flow];
      spec.id = id[flow]++;
      if (random() % 10 == 0) spec.flags = static_cast<std::uint8_t>(random());
      if (random() % 10 == 0) spec.acknowledgement++;
      if (random() % 12 == 0) spec.ttl = 63;
      if (random() % 12 == 0) spec.id++;
      spec.flags &= static_cast<std::uint8_t>(~kTcpSyn);
      spec.payload = text_payload(random() % 3 ? 600 : random() % 1000, static_cast<unsigned>(i));
      sequence[flow] += static_cast<std::uint32_t>(spec.payload.size());
      packets.push_back(make_packet(spec));
    }
    std::vector<Bytes> again;
    for (const Bytes& frame : glue(packets))
      for (Bytes& packet : cut(frame)) again.push_back(std::move(packet));
    ASSERT_EQ(again, packets) << round;
  }
}

TEST(Coalescer, NeverGluesCrumbs) {
  std::vector<Bytes> crumbs;
  for (std::uint16_t i = 0; i < 50; ++i)
    crumbs.push_back(make_packet({.sequence = i, .id = i, .payload = text_payload(1)}));
  EXPECT_EQ(glue(crumbs).size(), 50u);
}

TEST(Coalescer, StaysWithinOnePacket) {
  std::vector<Bytes> packets;
  for (std::uint16_t i = 0; i < 100; ++i)
    packets.push_back(make_packet({.sequence = i * 1300u, .id = i, .payload = text_payload(1300)}));
  const auto frames = glue(packets);
  EXPECT_EQ(frames.size(), 2u + (100u % 50u ? 1u : 0u));
  for (const Bytes& frame : frames) EXPECT_LE(frame.size(), kVnetHeaderBytes + 65535);
}

// --- acknowledgements

const std::vector<std::uint8_t> kStamps = {1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 5};

Bytes acknowledgement(std::uint32_t of, const std::vector<std::uint8_t>& options = kStamps) {
  return make_packet({.acknowledgement = of, .id = static_cast<std::uint16_t>(of), .tcp_options = options});
}

std::vector<std::uint32_t> acknowledged_by(const std::vector<Bytes>& packets) {
  std::vector<std::uint32_t> out;
  for (const Bytes& frame : glue(packets)) out.push_back(load32(frame, kVnetHeaderBytes + 28));
  return out;
}

TEST(Coalescer, TheLastOfPureAcknowledgementsStandsForAll) {
  const Bytes last = acknowledgement(8000);
  const auto frames = glue({acknowledgement(2000), acknowledgement(5000), last});
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0], frame_of({}, last));
  const auto bare = glue({acknowledgement(2000, {}), acknowledgement(5000, {})});
  EXPECT_EQ(bare.size(), 1u);
  EXPECT_EQ(acknowledged_by({acknowledgement(0xfffffc00), acknowledgement(0x00000300)}).size(), 1u);
}

TEST(Coalescer, AnAcknowledgementStandsForNoMoreThanASuperPacket) {
  EXPECT_EQ(acknowledged_by({acknowledgement(1000), acknowledgement(40'000), acknowledgement(66'535),
                             acknowledgement(66'536), acknowledgement(70'000)}),
            (std::vector<std::uint32_t>{66'535, 70'000}));
}

TEST(Coalescer, ARepeatedAcknowledgementIsNewsWhateverFollowsIt) {
  EXPECT_EQ(acknowledged_by({acknowledgement(2000), acknowledgement(2000), acknowledgement(2000), acknowledgement(9000),
                             acknowledgement(9500)}),
            (std::vector<std::uint32_t>{2000, 2000, 2000, 9500}));
  EXPECT_EQ(
      acknowledged_by({acknowledgement(1000), acknowledgement(2000), acknowledgement(2000), acknowledgement(3000)}),
      (std::vector<std::uint32_t>{2000, 2000, 3000}));
}

TEST(Coalescer, AcknowledgementsThatSayMorePassEachByItself) {
  const Bytes first = acknowledgement(2000);
  const auto both = [&](const PacketSpec& spec) { return glue({first, make_packet(spec)}).size() == 2; };
  PacketSpec good;
  good.acknowledgement = 4000, good.tcp_options = kStamps;
  ASSERT_FALSE(both(good));
  auto changed = [&](auto change) {
    PacketSpec spec = good;
    change(spec);
    return both(spec);
  };
  EXPECT_TRUE(changed([](PacketSpec& s) { s.acknowledgement = 2000; })) << "repeated: something was lost";
  EXPECT_TRUE(changed([](PacketSpec& s) { s.acknowledgement = 1000; })) << "older";
  EXPECT_TRUE(changed([](PacketSpec& s) { s.source_port = 40001; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.destination_port = 1; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.source = "10.202.0.11"; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.destination = "10.202.0.2"; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.sequence++; })) << "data lay between them";
  EXPECT_TRUE(changed([](PacketSpec& s) { s.ttl = 63; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.payload = text_payload(1); }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.flags = kTcpAck | kTcpEce; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.flags = kTcpAck | kTcpFin; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.tcp_options = {}; }));
  EXPECT_TRUE(changed([](PacketSpec& s) { s.tcp_options = {1, 1, 8, 10, 0, 0, 0, 8, 0, 0, 0, 5}; })) << "earlier";
  EXPECT_TRUE(changed([](PacketSpec& s) { s.tcp_options = {1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 5}; })) << "SACK";
  const std::vector<std::uint8_t> sack = {1, 1, 5, 10, 0, 0, 16, 0, 0, 0, 32, 0};
  EXPECT_EQ(glue({acknowledgement(2000, sack), acknowledgement(4000, sack)}).size(), 2u);
  Bytes ecn = acknowledgement(4000);
  store8(ecn, 1, 3);
  refresh(ecn);
  EXPECT_EQ(glue({first, ecn}).size(), 2u) << "congestion experienced";
}

TEST(Coalescer, AnAcknowledgementKeepsItsPlaceAmongData) {
  const Bytes data = make_packet({.sequence = 1000, .acknowledgement = 2000, .id = 7, .payload = text_payload(600)});
  const Bytes other = make_packet({.protocol = kUdp, .payload = text_payload(10)});
  const std::vector<Bytes> packets{acknowledgement(2000, {}), data, acknowledgement(3000, {}), other,
                                   acknowledgement(4000, {})};
  std::vector<Bytes> again;
  for (const Bytes& frame : glue(packets)) again.push_back(Bytes(frame.begin() + kVnetHeaderBytes, frame.end()));
  EXPECT_EQ(again, packets);
}

// --- large packets from a client
std::vector<Bytes> glue_large(const std::vector<Bytes>& packets, std::size_t piece) {
  std::vector<Bytes> frames;
  Coalescer coalescer([&](std::span<const std::byte> frame) { frames.emplace_back(frame.begin(), frame.end()); });
  for (const Bytes& packet : packets) {
    const auto info = inspect(packet);
    if (packet.size() - info->payload_at > piece) {
      coalescer.push_large(packet, *info, piece);
    } else {
      coalescer.push(packet, *info);
    }
  }
  coalescer.flush();
  return frames;
}
Bytes large(std::uint32_t sequence, std::size_t bytes, std::uint8_t flags = kTcpAck) {
  return make_packet({.sequence = sequence, .flags = flags, .payload = text_payload(bytes)});
}

TEST(Coalescer, LeavesTheKernelToCutALargePacketAtTheUsualSize) {
  const auto frames = glue_large({large(1, 6 * 1314, kTcpAck | kTcpPsh | kTcpFin)}, 1314);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(load_vnet_header(frames[0]).gso_size, 1314);
  const auto pieces = cut(frames[0]);
  expect_sound(pieces);
  EXPECT_EQ(pieces.size(), 6u);
  EXPECT_EQ(payload_of(pieces), text_payload(6 * 1314));
  EXPECT_NE(inspect(pieces.back())->tcp_flags & kTcpFin, 0);
  EXPECT_EQ(inspect(pieces.front())->tcp_flags & kTcpFin, 0);
}

TEST(Coalescer, GluesLargePacketsOfWholePiecesAndNothingAfterARest) {
  const std::uint32_t whole = 6 * 1314;
  EXPECT_EQ(glue_large({large(1, whole), large(1 + whole, whole), large(1 + 2 * whole, 700)}, 1314).size(), 1u);
  EXPECT_EQ(glue_large({large(1, whole + 1), large(2 + whole, whole)}, 1314).size(), 2u) << "a piece would begin amiss";
  EXPECT_EQ(glue_large({large(1, whole, kTcpAck | kTcpPsh), large(1 + whole, whole)}, 1314).size(), 2u);
}

TEST(Coalescer, TakesOnlyDataAsLarge) {
  EXPECT_TRUE(is_large_data(*inspect(large(1, 5000))));
  for (const int flags : {kTcpAck | kTcpSyn, kTcpAck | kTcpRst, kTcpAck | 0x20, int{kTcpPsh}}) {
    EXPECT_FALSE(is_large_data(*inspect(large(1, 5000, static_cast<std::uint8_t>(flags))))) << flags;
  }
  EXPECT_FALSE(is_large_data(*inspect(make_packet({.protocol = kUdp, .payload = text_payload(5000)}))));
}

// --- the MSS of hosts behind the gate
Bytes syn_ack(std::uint16_t mss, bool timestamps, std::uint8_t flags = kTcpSyn | kTcpAck) {
  std::vector<std::uint8_t> options{2, 4, static_cast<std::uint8_t>(mss >> 8), static_cast<std::uint8_t>(mss)};
  if (timestamps) options.insert(options.end(), {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2});
  return make_packet({.flags = flags, .tcp_options = options});
}
std::uint16_t raised(Bytes packet, std::uint16_t large) {
  const bool changed = raise_mss(packet, *inspect(packet), kMtu, large);
  EXPECT_TRUE(transport_checksum_ok(packet, *inspect(packet)));
  const std::uint16_t mss = *mss_of(packet, *inspect(packet));
  EXPECT_EQ(changed, mss > kMtu - 40);
  return mss;
}

TEST(Mss, IsRaisedToAsManyWholeSegmentsAsALargePacketHolds) {
  EXPECT_EQ(raised(syn_ack(1314, false), 8000), 6 * 1314);
  EXPECT_EQ(raised(syn_ack(1314, true), 8000), 6 * 1302 + 12) << "each segment has its timestamps, the packet once";
  EXPECT_EQ(raised(syn_ack(1314, false), 2000), 1314) << "less than two";
  EXPECT_EQ(raised(syn_ack(1314, false), 1354), 1314);
}

TEST(Mss, IsLeftAloneWhereAHostTakesLessOrItIsNoAnswer) {
  EXPECT_EQ(raised(syn_ack(1000, false), 8000), 1000);
  EXPECT_EQ(raised(syn_ack(1314, false, kTcpSyn), 8000), 1314);
  Bytes broken = make_packet({.flags = kTcpSyn | kTcpAck, .tcp_options = {2, 4, 0x05, 0x22, 8, 0, 0, 0}});
  const Bytes before = broken;
  EXPECT_FALSE(raise_mss(broken, *inspect(broken), kMtu, 8000));
  EXPECT_EQ(broken, before);
}

}  // namespace
}  // namespace sekisho::datapath
