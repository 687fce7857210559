// One connection: its TLS, its deadlines, its output, its ends.
#include "front/connection_driver.hpp"

#include "front/testing/engine_lab.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

Bytes from_inside(std::uint16_t port = 5900, std::size_t payload = 600) {
  return make_packet({.source = "10.202.0.1",
                      .destination = "10.202.0.10",
                      .source_port = port,
                      .destination_port = 40'000,
                      .payload = datapath::text_payload(payload)});
}

TEST(ConnectionDriver, AHandshakeHasTenSeconds) {
  EngineLab lab;
  auto& silent = lab.connect("192.0.2.7", Keys::Who::nobody, false);
  lab.advance(std::chrono::milliseconds(9'999));
  EXPECT_FALSE(silent.ended);
  lab.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(silent.ended);
  EXPECT_EQ(silent.why, "no TLS handshake in time");
  EXPECT_TRUE(silent.abandoned);
  EXPECT_EQ(lab.path.notes.open, 0) << "the plugin never sees who does not finish TLS";
}

TEST(ConnectionDriver, AHandshakeThatDripsHasTenSecondsToo) {
  EngineLab lab;
  auto& drip = lab.connect("192.0.2.7", Keys::Who::nobody, false);
  drip.channel.start();
  const Bytes hello(drip.channel.output().begin(), drip.channel.output().end());
  drip.channel.consume_output(hello.size());
  for (int second = 0; second < 10 && drip.driver; ++second) {
    drip.driver->on_ciphertext(std::span(hello).subspan(static_cast<std::size_t>(second), 1));
    lab.advance(Seconds{1});
  }
  EXPECT_TRUE(drip.ended);
}

TEST(ConnectionDriver, ThePathMeetsNobodyBeforeTlsIsDone) {
  EngineLab lab;
  auto& early = lab.connect("192.0.2.7", Keys::Who::nobody, false);
  early.channel.start();
  const Bytes hello(early.channel.output().begin(), early.channel.output().end());
  early.channel.consume_output(hello.size());
  early.driver->on_ciphertext(std::span(hello).first(hello.size() / 2));
  EXPECT_TRUE(lab.path.notes.arrivals.empty());
  early.driver->on_ciphertext(std::span(hello).subspan(hello.size() / 2));
  EXPECT_TRUE(lab.path.notes.arrivals.empty()) << "the gate has not yet heard the client's end of the handshake";
  lab.settle();
  EXPECT_EQ(lab.path.notes.arrivals.size(), 1u);
  EXPECT_EQ(lab.path.notes.arrivals.at(0).tls_version, "TLSv1.3");
}

TEST(ConnectionDriver, GarbageIsAnsweredWithAnAlertAndEndsNothingElse) {
  EngineLab lab;
  auto& good = lab.connect();
  auto& bad = lab.connect("192.0.2.8", Keys::Who::nobody, false);
  const std::string request = "GET / HTTP/1.1\r\nHost: gate\r\n\r\n";
  bad.driver->on_ciphertext(bytes_of(request));
  lab.settle();
  EXPECT_TRUE(bad.ended);
  EXPECT_EQ(bad.why.substr(0, 13), "tls.handshake");
  good.say("hello\n");
  EXPECT_EQ(good.heard, "hi\n");
}

TEST(ConnectionDriver, WhatIsThrownInsideEndsItsConnectionAlone) {
  EngineLab lab;
  auto& other = lab.connect();
  auto& broken = lab.connect("192.0.2.8");
  broken.say("throw\n");
  EXPECT_TRUE(broken.ended);
  EXPECT_EQ(broken.why, "broke");
  EXPECT_EQ(lab.path.notes.gone, 0) << "a path that threw is not asked again";
  EXPECT_TRUE(lab.log.has("front.connection_broke"));
  other.say("hello\n");
  EXPECT_EQ(other.heard, "hi\n");
}

TEST(ConnectionDriver, ATunnelThatBreaksIsReportedDownAndItsPacketsGoNowhere) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.path.notes.throws_on_records = true;
  lab.inside(from_inside());
  EXPECT_TRUE(client.ended);
  ASSERT_FALSE(lab.gate.notices.empty());
  const auto* down = std::get_if<TunnelDown>(&lab.gate.notices.back());
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(down->session, view_of().session);
  EXPECT_EQ(lab.engine.tunnels(), 0u);
  lab.path.notes.throws_on_records = false;
  auto& again = lab.tunnel("192.0.2.9");
  lab.inside(from_inside());
  std::string heard = again.heard;
  EXPECT_EQ(unframe(heard).size(), 1u) << "the session goes on over a new connection";
}

TEST(ConnectionDriver, WhatWasWrittenBeforeCloseArrives) {
  EngineLab lab;
  auto& client = lab.connect();
  client.reads = false;
  client.say("bye\n");
  lab.advance(std::chrono::milliseconds(1'900));
  EXPECT_FALSE(client.ended);
  client.reads = true;
  lab.settle();
  EXPECT_EQ(client.heard, "bye\n");
  EXPECT_EQ(client.channel.state(), tls::ChannelState::closed) << "and TLS is closed in order";
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(lab.path.notes.gone, 1);
}

TEST(ConnectionDriver, CloseWaitsTwoSecondsForAPeerThatDoesNotRead) {
  EngineLab lab;
  auto& client = lab.connect();
  client.reads = false;
  client.say("bye\n");
  lab.advance(Seconds{2});
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(lab.path.notes.gone, 1);
  EXPECT_EQ(lab.engine.connections(), 0u);
}

TEST(ConnectionDriver, AfterCloseNoMoreBytesReachThePath) {
  EngineLab lab;
  auto& client = lab.connect();
  client.say("bye\nhello\nhello\n");
  EXPECT_EQ(client.heard, "bye\n");
}

TEST(ConnectionDriver, APeerThatDoesNotReadIsClosedBeforeItsOutputGrows) {
  EngineLab lab;
  auto& client = lab.connect();
  client.reads = false;
  client.say("say 100000\n");
  EXPECT_FALSE(client.ended) << "one answer may wait";
  client.say("say 100000\n");
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(client.why, "the peer does not read");
}

TEST(ConnectionDriver, OutputThatNobodyTakesForAMinuteEndsTheConnection) {
  EngineLab lab;
  auto& client = lab.connect();
  client.reads = false;
  client.say("hello\n");
  lab.advance(Seconds{59});
  EXPECT_FALSE(client.ended);
  lab.advance(Seconds{1});
  EXPECT_TRUE(client.ended);
}

TEST(ConnectionDriver, AStalledTunnelKeepsItsQueueBoundedAndGoesOnWhenThePeerReads) {
  EngineLab lab;
  auto& client = lab.tunnel();
  client.reads = false;
  for (int i = 0; i < 2000; ++i) lab.inside(from_inside(5900, 1200));
  EXPECT_GT(lab.engine.counters().no_room, 1000u) << "the rest was dropped before it was encrypted";
  EXPECT_TRUE(client.driver->output().empty()) << "nothing is encrypted ahead of the socket";
  client.reads = true;
  lab.settle();
  const auto heard = unframe(client.heard);
  EXPECT_GT(heard.size(), 150u);
  EXPECT_LT(heard.size(), 250u);
  lab.inside(from_inside());
  EXPECT_EQ(unframe(client.heard).size(), 1u);
}

TEST(ConnectionDriver, ManyPacketsShareARecord) {
  EngineLab lab;
  auto& client = lab.tunnel();
  client.reads = false;
  for (int i = 0; i < 100; ++i) lab.inside(from_inside(5900, 1200));
  lab.path.notes.records = 0;
  client.reads = true;
  lab.settle();
  EXPECT_EQ(unframe(client.heard).size(), 100u);
  EXPECT_LE(lab.path.notes.records, 9) << "100 packets of 1,240 bytes fit 8 records";
}

TEST(ConnectionDriver, ThePathsDeadlineComesWhenItIsDueAndNotBefore) {
  EngineLab lab;
  lab.path.notes.deadline_after = Seconds{30};
  auto& client = lab.connect();
  lab.advance(std::chrono::milliseconds(29'999));
  EXPECT_EQ(lab.path.notes.deadlines, 0);
  lab.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(lab.path.notes.deadlines, 1);
  EXPECT_TRUE(client.ended);
}

TEST(ConnectionDriver, APeersGoodbyeOrResetEndsItOnce) {
  EngineLab lab;
  auto& goodbye = lab.connect();
  goodbye.channel.close();
  lab.settle();
  EXPECT_TRUE(goodbye.ended);
  EXPECT_EQ(lab.path.notes.gone, 1);
  auto& reset = lab.connect();
  reset.driver->on_transport_gone("connection reset");
  reset.driver->on_transport_gone("connection reset");
  lab.settle();
  EXPECT_TRUE(reset.ended);
  EXPECT_EQ(lab.path.notes.gone, 2);
}

TEST(ConnectionDriver, LeavesNoTimerBehind) {
  EngineLab lab;
  const std::size_t before = lab.services.timers.waiting();
  for (int i = 0; i < 5; ++i) lab.connect().say("bye\n");
  EXPECT_EQ(lab.engine.connections(), 0u);
  EXPECT_EQ(lab.services.timers.waiting(), before);
}

}  // namespace
}  // namespace sekisho::front::testing
