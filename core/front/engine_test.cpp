// A front without sockets: people, questions, tunnels, and the gatekeeper that comes and goes.
#include "front/engine.hpp"

#include "front/testing/engine_lab.hpp"
#include "net/datapath/segmenter.hpp"

#include <gtest/gtest.h>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

Bytes from_inside(std::size_t payload = 600, std::uint8_t flags = datapath::kTcpAck) {
  return make_packet({.source = "10.202.0.1",
                      .destination = "10.202.0.10",
                      .source_port = 5900,
                      .destination_port = 40'000,
                      .flags = flags,
                      .payload = datapath::text_payload(payload)});
}
const std::string kSession = view_of().session;
SessionEnded ended(std::string code = "session.ended_by_staff") {
  return {kSession, std::move(code), {"終了しました。", "It has ended."}};
}

// --- people
// -------------------------------------------------------------------------------------------------------------------

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
  EXPECT_EQ(arrival.certificate_fault, CertificateFault::none);
}

TEST(Engine, AForeignCertificateArrivesAsRejectedAndWithoutItsBytes) {
  EngineLab lab;
  auto& client = lab.connect("192.0.2.7", Keys::Who::hama);
  client.say("hello\n");
  EXPECT_EQ(client.heard, "hi\n");
  EXPECT_EQ(lab.path.notes.arrivals.at(0).certificate_fault, CertificateFault::untrusted);
  EXPECT_TRUE(lab.path.notes.arrivals.at(0).certificate_chain.empty());
}

TEST(Engine, ACrowdOfStrangersIsTurnedAwayAndSaidInOneLine) {
  EngineLab lab;
  for (int i = 0; i < 20; ++i) lab.connect("192.0.2.66", Keys::Who::nobody, false);
  auto& one_more = lab.connect("192.0.2.66", Keys::Who::nobody, false);
  EXPECT_TRUE(one_more.refused());
  EXPECT_TRUE(lab.connect("192.0.2.66", Keys::Who::nobody, false).refused());
  EXPECT_FALSE(lab.connect("192.0.2.7").refused());
  lab.advance(Seconds{10});
  EXPECT_EQ(std::count(lab.log.ids.begin(), lab.log.ids.end(), "front.turned_away"), 1);
  const auto line = std::find(lab.log.ids.begin(), lab.log.ids.end(), "front.turned_away") - lab.log.ids.begin();
  EXPECT_NE(lab.log.lines[static_cast<std::size_t>(line)].find("\"crowded_source\":2"), std::string::npos);
}

TEST(Engine, ThoseInsideDoNotCountAgainstNewcomersOfTheirAddress) {
  EngineLab lab;
  for (int i = 0; i < 30; ++i) {
    auto& client = lab.connect("192.0.2.7");
    ASSERT_FALSE(client.refused()) << i;
    client.say("login\n");
    ASSERT_EQ(client.heard, "granted\n");
  }
  EXPECT_EQ(lab.engine.unknown(), 0u);
  EXPECT_EQ(lab.engine.connections(), 30u);
}

TEST(Engine, ASourceOfFailedLoginsIsNotSpokenToButItsNeighbourWithACertificateIs) {
  EngineLab lab;
  lab.gate.answer = [](GateRequest&) { return Refused{{"R04", "password.wrong", {}, {}, {}}, true}; };
  auto& guesser = lab.connect("192.0.2.66", Keys::Who::nobody);
  for (int i = 0; i < 3; ++i) guesser.say("login\n");
  EXPECT_EQ(guesser.heard, "refused password.wrong\nrefused password.wrong\nrefused password.wrong\n");
  auto& again = lab.connect("192.0.2.66", Keys::Who::nobody);
  EXPECT_TRUE(again.ended);
  EXPECT_EQ(again.why, "the source is penalised");
  auto& owner = lab.connect("192.0.2.66", Keys::Who::mori);
  owner.say("hello\n");
  EXPECT_EQ(owner.heard, "hi\n");
  lab.advance(Seconds{60});
  auto& later = lab.connect("192.0.2.66", Keys::Who::nobody);
  later.say("hello\n");
  EXPECT_EQ(later.heard, "hi\n");
}

TEST(Engine, WrongPasswordsWithACertificateAreTheLoginMachinesBusinessAlone) {
  EngineLab lab;
  lab.gate.answer = [](GateRequest&) { return Refused{{"R04", "password.wrong", {}, {}, {}}, true}; };
  auto& client = lab.connect();
  for (int i = 0; i < 20; ++i) client.say("login\n");
  auto& stranger = lab.connect("192.0.2.7", Keys::Who::nobody);
  stranger.say("hello\n");
  EXPECT_EQ(stranger.heard, "hi\n");
}

// An agent of a session reports from the address where somebody else guesses passwords (behind one address translation,
// or at one terminal). With its certificate it is neither refused nor charged; nor does it prolong what others have
// earned.
TEST(Engine, ReportsWithACertificateAreHeardAndFreeWhileTheirSourceIsPenalised) {
  EngineLab lab;
  bool posture_is_refused = false;
  lab.gate.answer = [&](GateRequest& request) -> std::optional<GateReply> {
    if (std::holds_alternative<PostureRequest>(request) && !posture_is_refused) return PostureAnswer{409, "{}"};
    return Refused{{"R04", "password.wrong", {}, {}, {}}, true};
  };
  auto& guesser = lab.connect("192.0.2.66", Keys::Who::nobody);
  for (int i = 0; i < 4; ++i) guesser.say("login\n");                                      // 20 s
  ASSERT_EQ(lab.connect("192.0.2.66", Keys::Who::nobody).why, "the source is penalised");  // and one more
  for (int i = 0; i < 20; ++i) {
    posture_is_refused = i % 2 == 1;
    auto& agent = lab.connect("192.0.2.66", Keys::Who::mori);
    agent.say("report\n");
    EXPECT_EQ(agent.heard, posture_is_refused ? "refused password.wrong\n" : "judged 409\n") << i;
    agent.driver->on_transport_gone("done");
    lab.settle();
  }
  lab.advance(Seconds{22});
  auto& stranger = lab.connect("192.0.2.66", Keys::Who::nobody);
  stranger.say("hello\n");
  EXPECT_EQ(stranger.heard, "hi\n") << "the reports were charged";
}

// --- packets
// ------------------------------------------------------------------------------------------------------------------

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
  lab.inside(from_inside());
  const auto heard = unframe(client.heard);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0], from_inside());
}

TEST(Engine, SegmentsOfOneFlowGoInsideAsOneFrame) {
  EngineLab lab;
  auto& client = lab.tunnel();
  Bytes all;
  std::uint32_t sequence = 1;
  for (std::uint16_t i = 0; i < 8; ++i, sequence += 1000) {
    const Bytes one = framed(make_packet({.sequence = sequence, .id = i, .payload = datapath::text_payload(1000, i)}));
    all.insert(all.end(), one.begin(), one.end());
  }
  client.say(all);
  ASSERT_EQ(lab.tun.size(), 1u);
  const auto header = datapath::load_vnet_header(lab.tun[0]);
  EXPECT_EQ(header.gso_type, datapath::kGsoTcp4);
  EXPECT_EQ(header.gso_size, 1000);
}

TEST(Engine, ASuperPacketFromTheInsideIsCutToTheSessionsSize) {
  EngineLab lab;
  auto& client = lab.tunnel();
  Bytes super = from_inside(20'000);
  datapath::VnetHeader header;
  header.flags = datapath::kVnetNeedsChecksum;
  header.gso_type = datapath::kGsoTcp4;
  header.header_bytes = 40;
  header.gso_size = 1314;
  header.checksum_start = 20;
  header.checksum_offset = 16;
  datapath::store16(super, 36, datapath::fold(datapath::pseudo_header_sum(super, super.size() - 20)));
  lab.inside(super, header);
  const auto heard = unframe(client.heard);
  ASSERT_EQ(heard.size(), (20'000u + 1313) / 1314);
  for (const Bytes& packet : heard) {
    EXPECT_LE(packet.size(), 1354u);
    const auto info = datapath::inspect(packet);
    ASSERT_TRUE(info);
    EXPECT_TRUE(datapath::transport_checksum_ok(packet, *info));
  }
}

TEST(Engine, WhatIsTooBigIsAnsweredToItsSenderAndToNobodyElse) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.inside(from_inside(1400));
  EXPECT_TRUE(client.heard.empty());
  ASSERT_EQ(lab.to_inside().size(), 1u);
  const Bytes answer = lab.to_inside()[0];
  const auto info = datapath::inspect(answer);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->protocol, datapath::kIcmp);
  EXPECT_EQ(datapath::ipv4_text(info->destination), "10.202.0.1");
  EXPECT_EQ(datapath::load16(answer, 26), 1354) << "the size that would fit";
  lab.tun.clear();
  lab.inside(make_packet({.source = "10.203.0.7",
                          .destination = "10.202.0.10",
                          .source_port = 5900,
                          .destination_port = 40'000,
                          .payload = Bytes(1400)}));
  EXPECT_TRUE(lab.tun.empty()) << "a host that may not reach the session learns nothing";
}

TEST(Engine, TheSegmentSizeOfASynIsLoweredInBothDirections) {
  EngineLab lab;
  auto& client = lab.tunnel();
  const std::vector<std::uint8_t> mss1460{2, 4, 0x05, 0xb4};
  client.say(framed(make_packet({.flags = datapath::kTcpSyn, .tcp_options = mss1460})));
  ASSERT_EQ(lab.to_inside().size(), 1u);
  EXPECT_EQ(datapath::load16(lab.to_inside()[0], 42), 1314);
  lab.inside(make_packet({.source = "10.202.0.1",
                          .destination = "10.202.0.10",
                          .source_port = 5900,
                          .destination_port = 40'000,
                          .flags = datapath::kTcpSyn | datapath::kTcpAck,
                          .tcp_options = mss1460}));
  const auto heard = unframe(client.heard);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(datapath::load16(heard[0], 42), 1314);
}

TEST(Engine, FramesThatAreNoPacketsHarmNobody) {
  EngineLab lab;
  auto& client = lab.tunnel();
  for (std::size_t size = 0; size < 32; ++size) lab.engine.on_frame(Bytes(size, std::byte{0x45}));
  Bytes ipv6(60);
  ipv6[datapath::kVnetHeaderBytes] = std::byte{0x60};
  lab.engine.on_frame(ipv6);
  datapath::VnetHeader header;
  header.gso_type = datapath::kGsoTcp4;  // with a size of 0
  lab.inside(from_inside(), header);
  header.gso_type = 77;
  lab.inside(from_inside(), header);
  EXPECT_TRUE(client.heard.empty());
  EXPECT_EQ(lab.engine.counters().malformed, 35u);
}

// --- sessions
// -----------------------------------------------------------------------------------------------------------------

TEST(Engine, TheNewestConnectionOfASessionHasItsTunnel) {
  EngineLab lab;
  auto& older = lab.tunnel("192.0.2.7");
  auto& newer = lab.tunnel("192.0.2.8");
  EXPECT_EQ(lab.path.notes.replaced, 1);
  EXPECT_TRUE(older.ended);
  EXPECT_EQ(lab.engine.tunnels(), 1u);
  lab.inside(from_inside());
  EXPECT_EQ(unframe(newer.heard).size(), 1u);
  newer.say(framed(make_packet({})));
  EXPECT_EQ(lab.tun.size(), 1u);
  EXPECT_TRUE(lab.gate.noticed<TunnelDown>().empty()) << "the session's tunnel is up";
}

TEST(Engine, AnAddressThatComesToAnotherSessionLeavesTheOlderOne) {
  EngineLab lab;
  auto& older = lab.tunnel();
  lab.gate.answer = [](GateRequest&) { return Resumed{view_of(43)}; };
  auto& newer = lab.tunnel("192.0.2.8");
  EXPECT_TRUE(older.ended);
  EXPECT_EQ(lab.engine.tunnels(), 1u);
  lab.inside(from_inside());
  EXPECT_EQ(unframe(newer.heard).size(), 1u);
}

TEST(Engine, ALostConnectionTellsItsCounters) {
  EngineLab lab;
  auto& client = lab.tunnel();
  for (int i = 0; i < 3; ++i) client.say(framed(make_packet({.destination_port = 22})));
  client.driver->on_transport_gone("reset");
  lab.settle();
  const auto down = lab.gate.noticed<TunnelDown>();
  ASSERT_EQ(down.size(), 1u);
  EXPECT_EQ(down[0].session, kSession);
  EXPECT_EQ(down[0].dropped, 3u);
  std::uint64_t refused = 0;
  for (const auto& told : lab.gate.noticed<PacketsRefused>()) refused += told.count;
  EXPECT_EQ(refused, 3u) << "two of them would have been told a second later";
  EXPECT_EQ(lab.engine.tunnels(), 0u);
  lab.inside(from_inside());
  EXPECT_EQ(lab.engine.counters().to_nobody, 1u);
}

TEST(Engine, ASessionThatHasEndedIsCutAtOnce) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.gate.push(ended());
  lab.settle();
  ASSERT_EQ(lab.path.notes.pushes.size(), 1u);
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(lab.engine.tunnels(), 0u);
}

TEST(Engine, ASessionThatHasEndedIsCutEvenWhenItsPathDoesNotListen) {
  EngineLab lab;
  lab.path.notes.ignore_pushes = true;
  auto& client = lab.tunnel();
  lab.gate.push(ended());
  lab.settle();
  client.say(framed(make_packet({})));
  lab.inside(from_inside());
  EXPECT_TRUE(lab.tun.empty()) << "nothing passes from the first moment on";
  EXPECT_TRUE(client.heard.empty());
  lab.advance(std::chrono::milliseconds(1'799));
  EXPECT_FALSE(client.ended);
  lab.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(client.ended) << "within two seconds the connection is gone";
}

TEST(Engine, LessRightHoldsFromTheNextPacketOn) {
  EngineLab lab;
  auto& client = lab.tunnel();
  SessionView less = view_of();
  less.state = SessionState::quarantine;
  less.filter = {{"10.202.0.1", 443, 6}};
  lab.gate.push(SessionChanged{less});
  lab.settle();
  client.say(framed(make_packet({.destination_port = 5900})));
  EXPECT_TRUE(lab.tun.empty());
  lab.inside(from_inside());
  EXPECT_TRUE(client.heard.empty());
  ASSERT_EQ(lab.path.notes.pushes.size(), 1u) << "the path hears it as well";
}

TEST(Engine, AChangedAddressEndsTheSession) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.gate.push(SessionChanged{view_of(42, "10.202.0.11")});
  lab.settle();
  EXPECT_TRUE(client.ended);
}

TEST(Engine, PushesReachTheirOwnSessionAlone) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.gate.push(SessionEnded{"S20261122-1-000099", "x", {"", ""}});
  lab.gate.push(SessionChanged{view_of(99, "10.202.0.99")});
  lab.settle();
  EXPECT_TRUE(lab.path.notes.pushes.empty());
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(lab.engine.tunnels(), 1u);
}

TEST(Engine, TheRightsEndHoldsWithoutAWordOfTheGatekeeper) {
  EngineLab lab;
  lab.gate.answer = [](GateRequest&) {
    SessionView view = view_of();
    view.remaining_s = 30;
    return Resumed{view};
  };
  auto& client = lab.tunnel();
  lab.advance(Seconds{30});
  EXPECT_FALSE(client.ended);
  lab.lose_gate();
  lab.advance(Seconds{1});
  EXPECT_TRUE(client.ended);
  ASSERT_EQ(lab.path.notes.pushes.size(), 1u);
  EXPECT_EQ(std::get<SessionEnded>(lab.path.notes.pushes[0]).code, "session.right_ended");
}

TEST(Engine, ARightThatIsProlongedInTimeGoesOn) {
  EngineLab lab;
  lab.gate.answer = [](GateRequest&) {
    SessionView view = view_of();
    view.remaining_s = 30;
    return Resumed{view};
  };
  auto& client = lab.tunnel();
  lab.advance(Seconds{20});
  lab.gate.push(SessionChanged{view_of()});
  lab.advance(Seconds{100});
  EXPECT_FALSE(client.ended);
}

// --- the gatekeeper comes and goes
// --------------------------------------------------------------------------------------------

TEST(Engine, WithoutTheGatekeeperEveryQuestionIsRefusedAndSaysWhy) {
  EngineLab lab;
  auto& client = lab.connect();
  lab.lose_gate();
  client.say("login\n");
  EXPECT_EQ(client.heard, "refused gate.unavailable\n");
  EXPECT_TRUE(lab.log.has("front.gate_lost"));
  lab.connect_gate();
  client.heard.clear();
  client.say("login\n");
  EXPECT_EQ(client.heard, "granted\n");
}

TEST(Engine, WhatTheGatekeeperWasAskedWhenItWasLostIsRefusedOnce) {
  EngineLab lab;
  lab.gate.answer = nullptr;
  auto& client = lab.connect();
  client.say("login\n");
  EXPECT_EQ(lab.gate.requests, 1);
  EXPECT_TRUE(client.heard.empty());
  lab.lose_gate();
  EXPECT_EQ(client.heard, "refused gate.unavailable\n");
  lab.connect_gate();
  lab.gate.link->send(seam::Reply{1, Granted{Secret("x"), kSession, SessionState::admitted}});
  lab.settle();
  EXPECT_EQ(client.heard, "refused gate.unavailable\n") << "one question, one answer";
}

TEST(Engine, AGatekeeperThatDoesNotAnswerIsWaitedForNoLongerThanItsLimit) {
  EngineLab lab;
  lab.gate.answer = nullptr;
  auto& client = lab.connect();
  client.say("login\n");
  lab.advance(Seconds{24});
  EXPECT_TRUE(client.heard.empty());
  lab.advance(Seconds{1});
  EXPECT_EQ(client.heard, "refused gate.unavailable\n");
}

TEST(Engine, AnswersFindTheirConnectionAndAreLostWithIt) {
  EngineLab lab;
  std::vector<std::uint64_t> numbers;
  lab.gate.answer = nullptr;
  auto& first = lab.connect("192.0.2.7");
  auto& second = lab.connect("192.0.2.8");
  first.say("login\n");
  second.say("login\n");
  first.driver->on_transport_gone("reset");
  lab.settle();
  lab.gate.link->send(seam::Reply{1, Granted{Secret("x"), kSession, SessionState::admitted}});
  lab.gate.link->send(seam::Reply{2, Refused{{"R04", "password.wrong", {}, {}, {}}, true}});
  lab.gate.link->send(seam::Reply{77, Done{}});
  lab.settle();
  EXPECT_EQ(second.heard, "refused password.wrong\n");
  EXPECT_TRUE(first.heard.empty());
}

TEST(Engine, QuestionsThatWouldFloodTheLinkAreRefused) {
  FrontLimits limits;
  limits.asked_bytes = 10'000;
  EngineLab lab(limits);
  lab.gate.answer = nullptr;
  std::string refused;
  for (int i = 0; i < 15; ++i) {
    auto& client = lab.connect("192.0.2." + std::to_string(i + 1));
    client.say("login\n");
    refused += client.heard;
  }
  EXPECT_GE(lab.gate.requests, 5);
  EXPECT_LT(lab.gate.requests, 15);
  EXPECT_NE(refused.find("gate.unavailable"), std::string::npos);
}

TEST(Engine, TunnelsOutliveTheGatekeeperAndAreAnnouncedAgain) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.lose_gate();
  lab.advance(Seconds{119});
  client.say(framed(make_packet({})));
  EXPECT_EQ(lab.tun.size(), 1u);
  lab.gate.notices.clear();
  lab.connect_gate();
  ASSERT_EQ(lab.gate.noticed<TunnelUp>().size(), 1u);
  EXPECT_EQ(lab.gate.noticed<TunnelUp>()[0].session, kSession);
  lab.advance(Seconds{300});
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(lab.abandoned, 0);
  lab.gate.push(ended("session.right_ended"));  // what a gatekeeper says that does not know the session
  lab.settle();
  EXPECT_TRUE(client.ended);
}

TEST(Engine, WithoutTheGatekeeperForTwoMinutesEveryTunnelIsClosed) {
  EngineLab lab;
  auto& client = lab.tunnel();
  lab.lose_gate();
  lab.advance(Seconds{119});
  EXPECT_FALSE(client.ended);
  lab.advance(Seconds{1});
  EXPECT_TRUE(client.ended);
  EXPECT_EQ(lab.engine.tunnels(), 0u);
  EXPECT_EQ(lab.abandoned, 1);
  EXPECT_TRUE(lab.log.has("front.abandoned"));
  ASSERT_EQ(lab.path.notes.pushes.size(), 1u);
  EXPECT_EQ(std::get<SessionEnded>(lab.path.notes.pushes[0]).code, "gate.unavailable");
}

TEST(Engine, TwoShortAbsencesAreNotAddedUp) {
  EngineLab lab;
  auto& client = lab.tunnel();
  for (int i = 0; i < 3; ++i) {
    lab.lose_gate();
    lab.advance(Seconds{100});
    lab.connect_gate();
    lab.advance(Seconds{10});
  }
  EXPECT_FALSE(client.ended);
  EXPECT_EQ(lab.abandoned, 0);
}

TEST(Engine, ATunnelThatIsGoneIsNotAnnounced) {
  EngineLab lab;
  lab.tunnel();
  auto& down = lab.tunnel("192.0.2.8");
  down.driver->on_transport_gone("reset");
  lab.settle();
  lab.lose_gate();
  lab.gate.notices.clear();
  lab.connect_gate();
  EXPECT_TRUE(lab.gate.notices.empty());
}

}  // namespace
}  // namespace sekisho::front::testing
