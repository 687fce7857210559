// Large packets to a client: only what was agreed, only for flows whose end there takes them, only on a quick line.
#include "front/line_rate.hpp"
#include "front/testing/engine_lab.hpp"
#include "net/datapath/mss_clamp.hpp"
#include "net/datapath/vnet_header.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

constexpr std::chrono::milliseconds kTick{20};

datapath::VnetHeader super_header() {
  return {.flags = datapath::kVnetNeedsChecksum,
          .gso_type = datapath::kGsoTcp4,
          .header_bytes = 40,
          .gso_size = 1314,
          .checksum_start = 20,
          .checksum_offset = 16};
}
Bytes super_packet(std::size_t segments, std::uint32_t sequence = 1) {
  return make_packet({.source = "10.202.0.1",
                      .destination = "10.202.0.10",
                      .source_port = 5900,
                      .destination_port = 40'000,
                      .sequence = sequence,
                      .payload = datapath::text_payload(segments * 1314)});
}
Bytes syn_from_client(std::uint16_t mss) {
  return make_packet({.flags = datapath::kTcpSyn,
                      .tcp_options = {2, 4, static_cast<std::uint8_t>(mss >> 8), static_cast<std::uint8_t>(mss)}});
}

struct Lab : EngineLab {
  /// Largest packet that one super-packet from the inside becomes.
  std::size_t largest() {
    client->heard.clear();
    inside(super_packet(12), super_header());
    std::size_t out = 0;
    std::string heard = client->heard;
    for (const Bytes& packet : unframe(heard)) out = std::max(out, packet.size());
    return out;
  }
  /// Half a megabyte in each 20 ms: far above what a large packet needs.
  void make_quick() {
    for (int i = 0; i < 3; ++i) {
      for (int n = 0; n < 32; ++n) inside(super_packet(12), super_header());
      advance(kTick);
    }
  }
  void agree(std::uint16_t bytes) { path.notes.large(bytes); }
  Client* client = &tunnel();
};

TEST(LargePackets, GoToAClientThatHasAgreedAndWhoseSynTakesThem) {
  Lab lab;
  lab.agree(16'000);
  lab.client->say(framed(syn_from_client(15'960)));
  lab.make_quick();
  EXPECT_EQ(lab.largest(), 40u + 12 * 1314);
}

TEST(LargePackets, AreNeverLargerThanAgreedNorThanTheSynSays) {
  Lab lab;
  lab.agree(8000);
  lab.client->say(framed(syn_from_client(15'960)));
  lab.make_quick();
  EXPECT_EQ(lab.largest(), 40u + 6 * 1314);
  lab.client->say(framed(syn_from_client(4000)));
  EXPECT_EQ(lab.largest(), 40u + 3 * 1314);
  lab.client->say(framed(syn_from_client(1314)));
  EXPECT_EQ(lab.largest(), 1354u);
  lab.client->say(framed(syn_from_client(15'960)));
  EXPECT_EQ(lab.largest(), 1354u) << "one flow that is narrow narrows them all";
}

TEST(LargePackets, NeedBothTheAgreementAndASyn) {
  Lab lab;
  lab.client->say(framed(syn_from_client(15'960)));
  lab.make_quick();
  EXPECT_EQ(lab.largest(), 1354u) << "nothing was agreed";
  lab.agree(16'000);
  EXPECT_EQ(lab.largest(), 1354u) << "no flow has begun since";
  lab.client->say(framed(syn_from_client(15'960)));
  EXPECT_GT(lab.largest(), 1354u);
  lab.agree(0);
  EXPECT_EQ(lab.largest(), 1354u) << "taken back";
}

TEST(LargePackets, AreNotCarriedOverToAnotherConnection) {
  Lab lab;
  lab.agree(16'000);
  lab.client->say(framed(syn_from_client(15'960)));
  lab.make_quick();
  ASSERT_GT(lab.largest(), 1354u);
  lab.client = &lab.tunnel("192.0.2.8");
  lab.make_quick();
  EXPECT_EQ(lab.largest(), 1354u);
}

TEST(LargePackets, WaitUntilTheLineHasShownThatItIsQuick) {
  Lab lab;
  lab.agree(16'000);
  lab.client->say(framed(syn_from_client(15'960)));
  EXPECT_EQ(lab.largest(), 1354u);
  for (int i = 0; i < 5; ++i) {
    lab.inside(super_packet(2), super_header());  // 1 Mbit/s
    lab.advance(kTick);
  }
  EXPECT_EQ(lab.largest(), 1354u);
  lab.make_quick();
  EXPECT_GT(lab.largest(), 1354u);
}

TEST(LargePackets, AClientsOwnLargePacketsGoNowhere) {
  Lab lab;
  lab.agree(16'000);
  lab.client->say(framed(make_packet({.payload = datapath::text_payload(1315)})));
  EXPECT_TRUE(lab.tun.empty());
  lab.client->say(framed(make_packet({.payload = datapath::text_payload(1314)})));
  EXPECT_EQ(lab.tun.size(), 1u);
}

struct UploadLab : Lab {
  UploadLab() {
    path.notes.large_uploads = true;
    agree(8000);
    client->say(framed(syn_from_client(7960)));
  }
  std::uint16_t mss_at_client(std::uint16_t mss) {
    client->heard.clear();
    inside(make_packet({.source = "10.202.0.1",
                        .destination = "10.202.0.10",
                        .source_port = 5900,
                        .destination_port = 40'000,
                        .flags = datapath::kTcpSyn | datapath::kTcpAck,
                        .tcp_options = {2, 4, static_cast<std::uint8_t>(mss >> 8), static_cast<std::uint8_t>(mss)}}),
           {});
    std::string heard = client->heard;
    const auto packets = unframe(heard);
    return packets.empty() ? std::uint16_t{0} : datapath::mss_of(packets[0], *datapath::inspect(packets[0])).value();
  }
};

TEST(LargeUploads, AHostsSynAckAllowsThemAndTheyLeaveInUsualPieces) {
  UploadLab lab;
  EXPECT_EQ(lab.mss_at_client(1460), 6 * 1314);
  lab.tun.clear();
  lab.client->say(framed(make_packet({.payload = datapath::text_payload(6 * 1314)})));
  ASSERT_EQ(lab.tun.size(), 1u);
  EXPECT_EQ(datapath::load_vnet_header(lab.tun[0]).gso_size, 1314);
  EXPECT_EQ(lab.tun[0].size(), datapath::kVnetHeaderBytes + 40 + 6 * 1314);
}

TEST(LargeUploads, AHostThatTakesLessIsNotOverruled) {
  UploadLab lab;
  EXPECT_EQ(lab.mss_at_client(536), 536);
}

TEST(LargeUploads, NeedTheClientsSynAndTheAgreement) {
  UploadLab lab;
  lab.client->say(framed(syn_from_client(1314)));
  EXPECT_EQ(lab.mss_at_client(1460), 1314) << "one flow that is narrow narrows them all";
  lab.agree(0);
  lab.client->say(framed(syn_from_client(7960)));
  EXPECT_EQ(lab.mss_at_client(1460), 1314);
  lab.tun.clear();
  lab.client->say(framed(make_packet({.payload = datapath::text_payload(2000)})));
  EXPECT_TRUE(lab.tun.empty());
}

TEST(LargeUploads, WhatIsNoDataOrLargerThanAgreedGoesNowhere) {
  UploadLab lab;
  lab.tun.clear();
  for (const Bytes& packet :
       {make_packet({.flags = datapath::kTcpSyn, .payload = datapath::text_payload(2000)}),
        make_packet({.flags = datapath::kTcpAck | 0x20, .payload = datapath::text_payload(2000)}),
        make_packet({.protocol = datapath::kUdp, .destination_port = 443, .payload = datapath::text_payload(2000)}),
        make_packet({.payload = datapath::text_payload(7961)})}) {
    lab.client->say(framed(packet));
  }
  EXPECT_TRUE(lab.tun.empty());
  lab.client->say(framed(make_packet({.destination = "10.99.0.1", .payload = datapath::text_payload(2000)})));
  EXPECT_TRUE(lab.tun.empty()) << "the filter comes first";
}

TEST(LineRate, CountsWhatPassedAndForgetsAfterASilence) {
  const Instant start{std::chrono::seconds(1'800'000'000)};
  LineRate rate;
  rate.look(start);
  rate.count(100'000);
  rate.look(start + std::chrono::milliseconds(10));
  EXPECT_EQ(rate.in_a_moment(), 0u) << "too early to say";
  rate.look(start + std::chrono::milliseconds(20));
  EXPECT_EQ(rate.in_a_moment(), 20'000u) << "4 of 20 ms";
  rate.count(1000);
  rate.look(start + std::chrono::milliseconds(120));
  EXPECT_EQ(rate.in_a_moment(), 40u);
  rate.count(10'000'000);
  rate.look(start + std::chrono::seconds(10));
  EXPECT_EQ(rate.in_a_moment(), 0u);
}

}  // namespace
}  // namespace sekisho::front::testing
