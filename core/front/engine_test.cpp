#include "front/engine.hpp"

#include "front/testing/engine_lab.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

TEST(Engine, ACertifiedPersonSpeaksToThePathAndArrivesComplete) {
  EngineLab lab;
  auto& client = lab.connect("192.0.2.7");
  client.say("hello\n");
  EXPECT_EQ(client.heard, "hi\n");
  ASSERT_EQ(lab.path.notes.arrivals.size(), 1u);
  const Arrival& arrival = lab.path.notes.arrivals[0];
  EXPECT_EQ(arrival.path, "internet");
  EXPECT_EQ(arrival.peer_address, "192.0.2.7");
  EXPECT_EQ(arrival.peer_port, 40'000);
  EXPECT_EQ(arrival.tls_version, "TLSv1.3");
  EXPECT_FALSE(arrival.tls_cipher.empty());
  EXPECT_GE(arrival.certificate_chain.size(), 1u);
  EXPECT_FALSE(arrival.certificate_rejected);
}

TEST(Engine, AForeignCertificateArrivesAsRejectedAndWithoutItsBytes) {
  EngineLab lab;
  auto& client = lab.connect("192.0.2.7", Keys::Who::hama);
  client.say("hello\n");
  EXPECT_EQ(client.heard, "hi\n");
  EXPECT_TRUE(lab.path.notes.arrivals.at(0).certificate_rejected);
  EXPECT_TRUE(lab.path.notes.arrivals.at(0).certificate_chain.empty());
}

TEST(Engine, PacketsPassBothWaysOnceATunnelStands) {
  EngineLab lab;
  auto& client = lab.tunnel();
  ASSERT_EQ(lab.engine.tunnels(), 1u);
  EXPECT_TRUE(client.tunnel);
  ASSERT_EQ(lab.gate.noticed<TunnelUp>().size(), 1u);
  const Bytes up = make_packet({.payload = datapath::text_payload(500)});
  client.say(framed(up));
  ASSERT_EQ(lab.to_inside().size(), 1u);
  EXPECT_EQ(lab.to_inside()[0], up);
  const Bytes down = make_packet({.source = "10.202.0.1",
                                  .destination = "10.202.0.10",
                                  .source_port = 5900,
                                  .destination_port = 40'000,
                                  .payload = datapath::text_payload(600)});
  lab.inside(down);
  const auto heard = unframe(client.heard);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0], down);
}

}  // namespace
}  // namespace sekisho::front::testing
