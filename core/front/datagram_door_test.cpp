// DTLS at one front: who gets in, who is kept, what a change of address means, what a flood costs.
#include "front/datagram_door.hpp"

#include "front/testing/datagram_lab.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

Bytes packet_up() {
  return make_packet({});
}
Bytes packet_down(std::size_t payload = 600) {
  return make_packet({.source = "10.202.0.1",
                      .destination = "10.202.0.10",
                      .source_port = 5900,
                      .destination_port = 40'000,
                      .payload = datapath::text_payload(payload)});
}

TEST(DatagramDoor, ACookieACertificateAndThenThePath) {
  DatagramLab lab;
  auto& client = lab.connect();
  ASSERT_TRUE(client.open());
  client.say("hello\n");
  EXPECT_EQ(client.heard, "hi\n");
  EXPECT_EQ(lab.lab.path.notes.datagrams, 1);
  ASSERT_EQ(lab.lab.path.notes.arrivals.size(), 1u);
  const Arrival& arrival = lab.lab.path.notes.arrivals[0];
  EXPECT_EQ(arrival.tls_version, "DTLSv1.2");
  EXPECT_EQ(arrival.peer_address, "192.0.2.7");
  EXPECT_EQ(arrival.peer_port, 40'000);
  EXPECT_FALSE(arrival.certificate_chain.empty());
}

TEST(DatagramDoor, NothingIsKeptOfStrangersWithoutACookie) {
  DatagramLab lab;
  DatagramLab::Client client(lab, datagram_peer(7), Keys::Who::mori);
  client.channel.start();
  const Bytes hello(client.channel.output().begin(), client.channel.output().end());
  for (unsigned i = 0; i < 200; ++i) {
    lab.raw(datagram_peer(static_cast<std::uint8_t>(i), static_cast<std::uint16_t>(i)), hello);
  }
  EXPECT_EQ(lab.door.guests(), 0u);
  EXPECT_EQ(lab.lab.engine.unknown(), 0u);
  EXPECT_EQ(lab.door.counters().hellos, 200u);
}

TEST(DatagramDoor, ASpoofedSourceOpensNothing) {
  DatagramLab lab;
  lab.lose_down = true;  // the answers go to him whose address was used
  lab.connect(datagram_peer(9));
  lab.advance(Seconds{9});
  EXPECT_EQ(lab.door.guests(), 0u);
  EXPECT_EQ(lab.lab.engine.connections(), 0u);
}

TEST(DatagramDoor, WhoShowsNoGoodCertificateIsGoneAtOnce) {
  for (const auto who : {Keys::Who::nobody, Keys::Who::hama}) {
    DatagramLab lab;
    auto& client = lab.connect(datagram_peer(7), who);
    EXPECT_FALSE(client.open());
    EXPECT_EQ(lab.lab.path.notes.open, 0) << "the plugin never sees him";
    EXPECT_EQ(lab.door.guests(), 0u);
    EXPECT_EQ(lab.lab.engine.connections(), 0u);
  }
}

TEST(DatagramDoor, GarbageFromStrangersIsCountedAndNotAnswered) {
  DatagramLab lab;
  const int before = lab.sends;
  for (std::size_t size = 0; size < 200; ++size) lab.raw(datagram_peer(8), Bytes(size, std::byte{23}));
  EXPECT_EQ(lab.sends, before);
  EXPECT_EQ(lab.door.counters().dropped, 200u);
}

TEST(DatagramDoor, AHalfOpenHandshakeHasTenSecondsAndRepeatsItself) {
  DatagramLab lab;
  auto& stops =
      *lab.clients.emplace_back(std::make_unique<DatagramLab::Client>(lab, datagram_peer(7), Keys::Who::mori));
  stops.channel.start();
  Bytes first(stops.channel.output().begin(), stops.channel.output().end());
  stops.channel.consume_output(first.size());
  lab.lose_up = true;
  lab.raw(stops.peer, first);
  ASSERT_FALSE(lab.last_up.empty()) << "the hello with the cookie";
  const Bytes shown = lab.last_up;
  lab.clients.clear();
  lab.raw(datagram_peer(7), shown);
  EXPECT_EQ(lab.door.guests(), 1u);
  EXPECT_EQ(lab.lab.engine.unknown(), 1u);
  const int sent = lab.sends;
  lab.advance(Seconds{9});
  EXPECT_EQ(lab.sends - sent, 3) << "after 1, 3 and 7 s";
  lab.advance(Seconds{1});
  EXPECT_EQ(lab.door.guests(), 0u);
  EXPECT_EQ(lab.lab.engine.unknown(), 0u);
}

TEST(DatagramDoor, OneSourceHasTwentyUnknownAssociations) {
  DatagramLab lab;
  for (std::uint16_t port = 1; port <= 25; ++port) lab.connect(datagram_peer(7, port));
  EXPECT_EQ(lab.door.guests(), 20u);
  EXPECT_EQ(lab.lab.engine.unknown(), 20u);
  auto& other = lab.connect(datagram_peer(8));
  EXPECT_TRUE(other.open()) << "another source is not concerned";
  lab.advance(Seconds{11});
  EXPECT_TRUE(lab.lab.log.has("front.turned_away"));
}

TEST(DatagramDoor, AFloodOfHellosIsCappedAndTold) {
  FrontLimits limits;
  limits.hellos_per_second = 50;
  DatagramLab lab(limits);
  auto& inside = lab.tunnel();
  lab.advance(Seconds{2});
  DatagramLab::Client client(lab, datagram_peer(7), Keys::Who::mori);
  client.channel.start();
  const Bytes hello(client.channel.output().begin(), client.channel.output().end());
  for (std::uint16_t i = 0; i < 500; ++i) lab.raw(datagram_peer(99, i), hello);
  EXPECT_EQ(lab.door.counters().flooded, 450u);
  inside.say(framed(packet_up()));
  EXPECT_EQ(lab.lab.to_inside().size(), 1u) << "those inside go on";
  lab.advance(Seconds{11});
  EXPECT_TRUE(lab.lab.log.has("front.hello_flood"));
  EXPECT_TRUE(lab.connect(datagram_peer(12)).open()) << "and newcomers are served again";
}

TEST(DatagramDoor, PacketsPassBothWays) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  client.say(framed(packet_up()));
  ASSERT_EQ(lab.lab.to_inside().size(), 1u);
  EXPECT_EQ(lab.lab.to_inside()[0], packet_up());
  for (int i = 0; i < 5; ++i) lab.lab.inside(packet_down());
  std::string heard = client.heard;
  EXPECT_EQ(unframe(heard).size(), 5u);
}

TEST(DatagramDoor, APeerThatTakesLessGetsNoLargerPacket) {
  DatagramLab lab;
  lab.lab.path.notes.largest = 1000;
  auto& client = lab.tunnel();
  lab.lab.inside(packet_down(1100));
  EXPECT_TRUE(client.heard.empty());
  EXPECT_EQ(lab.lab.engine.counters().too_big, 1u) << "the sender is told";
  lab.lab.inside(packet_down(900));
  std::string heard = client.heard;
  EXPECT_EQ(unframe(heard).size(), 1u);
}

TEST(DatagramDoor, AReplayedPacketPassesOnce) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  client.say(framed(packet_up()));
  const Bytes datagram = lab.last_up;
  for (int i = 0; i < 3; ++i) lab.raw(client.peer, datagram);
  EXPECT_EQ(lab.lab.to_inside().size(), 1u);
}

TEST(DatagramDoor, AnInsidersDatagramFromAnotherAddressIsNobodys) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  client.say(framed(packet_up()));
  lab.lab.tun.clear();
  lab.lose_up = true;
  client.say(framed(packet_up()));
  lab.raw(datagram_peer(66), lab.last_up);
  EXPECT_TRUE(lab.lab.to_inside().empty());
  EXPECT_EQ(lab.door.counters().dropped, 1u);
}

TEST(DatagramDoor, AClientWhoseAddressChangesTakesItsTunnelAlong) {
  DatagramLab lab;
  auto& before = lab.tunnel(datagram_peer(7));
  auto& after = lab.tunnel(datagram_peer(8, 50'000));
  EXPECT_EQ(lab.lab.path.notes.replaced, 1);
  before.heard.clear();
  lab.lab.inside(packet_down());
  std::string heard = after.heard;
  EXPECT_EQ(unframe(heard).size(), 1u);
  EXPECT_TRUE(before.heard.empty());
  EXPECT_EQ(lab.lab.engine.tunnels(), 1u);
  EXPECT_EQ(lab.door.guests(), 1u) << "the older association is gone";
}

TEST(DatagramDoor, FromTlsToDatagramsAndBack) {
  DatagramLab lab;
  auto& over_tls = lab.lab.tunnel();
  auto& over_dtls = lab.tunnel();
  EXPECT_TRUE(over_tls.ended);
  lab.lab.inside(packet_down());
  std::string heard = over_dtls.heard;
  EXPECT_EQ(unframe(heard).size(), 1u);
  auto& again = lab.lab.tunnel();
  EXPECT_EQ(lab.door.guests(), 0u);
  lab.lab.inside(packet_down());
  heard = again.heard;
  EXPECT_EQ(unframe(heard).size(), 1u);
  EXPECT_EQ(lab.lab.path.notes.replaced, 2);
}

TEST(DatagramDoor, AClientThatBeginsAnewFromTheSamePortReplacesItself) {
  DatagramLab lab;
  lab.tunnel();
  lab.clients.clear();  // it was killed, nothing was said
  auto& again = lab.tunnel();
  EXPECT_TRUE(again.open());
  EXPECT_EQ(lab.door.guests(), 1u);
  lab.lab.inside(packet_down());
  std::string heard = again.heard;
  EXPECT_EQ(unframe(heard).size(), 1u);
}

TEST(DatagramDoor, AForeignHelloWithoutItsCookieDisturbsNoGuest) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  DatagramLab::Client forger(lab, client.peer, Keys::Who::nobody);
  forger.channel.start();
  for (int i = 0; i < 10; ++i) lab.raw(client.peer, forger.channel.output());
  client.say(framed(packet_up()));
  EXPECT_EQ(lab.lab.to_inside().size(), 1u);
  EXPECT_EQ(lab.door.guests(), 1u);
}

TEST(DatagramDoor, GoodbyeEndsAnAssociation) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  client.channel.close();
  lab.settle();
  EXPECT_EQ(lab.door.guests(), 0u);
  EXPECT_EQ(lab.lab.path.notes.gone, 1);
  lab.raw(client.peer, Bytes(40, std::byte{23}));
  EXPECT_EQ(lab.door.counters().dropped, 1u) << "he is a stranger again";
}

TEST(DatagramDoor, ADeadlineThatADatagramSetIsKept) {
  DatagramLab lab;
  lab.lab.path.notes.deadline_after = Seconds{0};
  lab.connect();
  lab.advance(std::chrono::milliseconds(200));  // before any timer of the handshake
  EXPECT_EQ(lab.lab.path.notes.deadlines, 1);
}

TEST(DatagramDoor, WhatThePathClosesHasSaidItsWordsFirst) {
  DatagramLab lab;
  auto& client = lab.connect();
  client.say("bye\n");
  EXPECT_EQ(client.heard, "bye\n");
  EXPECT_EQ(client.channel.state(), tls::ChannelState::closed);
  EXPECT_EQ(lab.door.guests(), 0u);
}

TEST(DatagramDoor, AFullSocketLosesNothingThatWaits) {
  DatagramLab lab;
  auto& client = lab.tunnel();
  lab.room = 2;
  for (int i = 0; i < 6; ++i) lab.lab.inside(packet_down());
  std::string heard = client.heard;
  EXPECT_EQ(unframe(heard).size(), 2u);
  lab.room = 100;
  lab.door.writable();
  lab.settle();
  heard = client.heard;
  EXPECT_EQ(unframe(heard).size(), 6u);
}

TEST(DatagramDoor, ABurstLeavesInOneCall) {
  DatagramLab lab;
  lab.tunnel();
  const int before = lab.sends;
  Bytes burst;
  const auto packet = packet_down(1314);
  for (int i = 0; i < 20; ++i) {
    Bytes frame(datapath::kVnetHeaderBytes);
    frame.insert(frame.end(), packet.begin(), packet.end());
    lab.lab.engine.on_frame(frame);
  }
  lab.settle();
  EXPECT_EQ(lab.sends - before, 1);
}

TEST(DatagramDoor, AfterTheGatekeepersReturnTheTunnelIsAnnouncedAsItWas) {
  DatagramLab lab;
  lab.tunnel();
  lab.lab.lose_gate();
  lab.lab.gate.notices.clear();
  lab.lab.connect_gate();
  const auto ups = lab.lab.gate.noticed<TunnelUp>();
  ASSERT_EQ(ups.size(), 1u);
  EXPECT_EQ(ups[0].transport, lab.lab.path.notes.transport);
}

TEST(DatagramDoor, EndsWithPeopleInside) {
  auto lab = std::make_unique<DatagramLab>();
  for (std::uint8_t i = 1; i < 6; ++i) lab->connect(datagram_peer(i));
  lab.reset();
}

}  // namespace
}  // namespace sekisho::front::testing
