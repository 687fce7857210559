// Whole journeys: the client machine in both manners against the access path, with a scripted gatekeeper between.
#include "testing/lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sekisho::fortinet {
namespace {

using namespace std::chrono_literals;
using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Lab;
using ::testing::Not;
using testing::ScriptedGate;

ClientOptions person(ClientManner manner) {
  ClientOptions options;
  options.manner = manner;
  options.user = "taro";
  options.password = Secret("p&ss w0rd, long");
  return options;
}
constexpr ClientManner kBoth[] = {ClientManner::openconnect, ClientManner::openfortivpn};

Bytes packet(std::size_t size, unsigned fill = 0) {
  Bytes out(size, static_cast<std::byte>(fill));
  out[0] = std::byte{0x45};
  return out;
}

TEST(Journey, PassesTheGateMovesPacketsAndLogsOut) {
  for (const ClientManner manner : kBoth) {
    Lab lab(person(manner));
    lab.codes = {"873519"};
    lab.begin();
    ASSERT_EQ(lab.ups.size(), 1U);
    EXPECT_EQ(lab.ups[0].address, "10.202.0.10");
    EXPECT_EQ(lab.ups[0].route, "10.202.0.1");
    EXPECT_EQ(lab.ups[0].mask, "255.255.255.255");
    EXPECT_EQ(lab.ups[0].mru, 1354);
    EXPECT_THAT(lab.prompts, ElementsAre("Enter the code; please"));
    ASSERT_EQ(lab.noticed<TunnelUp>().size(), 1U);
    EXPECT_EQ(lab.noticed<TunnelUp>()[0].session, "S20261122-1-000041");

    EXPECT_TRUE(lab.client.send_packet(packet(100, 1)));
    EXPECT_TRUE(lab.client.send_packet(packet(1354, 2)));
    EXPECT_FALSE(lab.client.send_packet(packet(1355, 3)));
    lab.run();
    ASSERT_EQ(lab.delivered.size(), 2U);
    EXPECT_EQ(lab.delivered[1], packet(1354, 2));
    lab.send_inside({packet(60, 4), packet(1354, 5)});
    lab.run();
    ASSERT_EQ(lab.received.size(), 2U);
    EXPECT_EQ(lab.received[1], packet(1354, 5));

    lab.client.stop(lab.now);
    lab.run(5s);
    ASSERT_EQ(lab.ends.size(), 1U);
    EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::by_person);
    EXPECT_EQ(lab.gate.asked.back(), "logout");
    EXPECT_TRUE(lab.gate.ended);
    const auto downs = lab.noticed<TunnelDown>();
    ASSERT_EQ(downs.size(), 1U);
    EXPECT_FALSE(downs[0].ended_by_person);
    EXPECT_EQ(downs[0].bytes_in, 1454U);
    EXPECT_EQ(downs[0].bytes_out, 1414U);
    EXPECT_FALSE(lab.owner);
  }
}

TEST(Journey, AsksTheGatekeeperInTheOrderOfEachClient) {
  Lab oc(person(ClientManner::openconnect));
  oc.codes = {"873519"};
  oc.begin();
  EXPECT_THAT(oc.gate.asked, ElementsAre("begin", "answer", "resume", "tunnel"));
  EXPECT_EQ(oc.connections, 1);
  Lab of(person(ClientManner::openfortivpn));
  of.codes = {"873519"};
  of.begin();
  EXPECT_THAT(of.gate.asked, ElementsAre("begin", "answer", "resume", "resume", "resume", "tunnel"));
  EXPECT_EQ(of.connections, 2);
  // Its tunnel request names no user agent; the earlier one of that connection stands.
  EXPECT_EQ(of.gate.last_arrival.user_agent, "Mozilla/5.0 SV1");
}

TEST(Journey, AsksOpenconnectAgainAfterAWrongPasswordAndRefusesAtTheFourth) {
  auto options = person(ClientManner::openconnect);
  options.password = Secret("wrong 0");
  Lab lab(std::move(options));
  lab.passwords = {"wrong 1", "wrong 2", "wrong 3"};
  lab.begin();
  EXPECT_EQ(lab.passwords_wanted, 3);
  ASSERT_EQ(lab.ends.size(), 1U);
  EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::login_refused);
  EXPECT_EQ(lab.ends[0].status, 403);
  EXPECT_THAT(lab.ends[0].text, HasSubstr("[R04 password.wrong]"));
  EXPECT_THAT(lab.ends[0].text, HasSubstr("運用担当へご連絡ください。"));
  EXPECT_THAT(lab.ends[0].text, HasSubstr("Call the operator."));
  EXPECT_THAT(lab.wire, Not(HasSubstr("Set-Cookie")));
}

TEST(Journey, LetsOpenconnectInWhenTheSecondPasswordIsRight) {
  auto options = person(ClientManner::openconnect);
  options.password = Secret("wrong 0");
  Lab lab(std::move(options));
  lab.passwords = {"p&ss w0rd, long"};
  lab.codes = {"873519"};
  lab.begin();
  EXPECT_EQ(lab.ups.size(), 1U);
}

TEST(Journey, StopsOpenfortivpnAtTheFirstWrongPasswordHarmlessly) {
  auto options = person(ClientManner::openfortivpn);
  options.password = Secret("wrong");
  Lab lab(std::move(options));
  lab.begin();
  ASSERT_EQ(lab.ends.size(), 1U);
  EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::login_refused);
  EXPECT_EQ(lab.connections, 2);                      // the logout without cookie
  EXPECT_THAT(lab.gate.asked, ElementsAre("begin"));  // of which the gatekeeper hears nothing
}

TEST(Journey, RefusesAtOnceWhenThePasswordMayNotBeTriedAgain) {
  auto options = person(ClientManner::openconnect);
  options.password = Secret("wrong");
  Lab lab(std::move(options));
  lab.gate.retry_password = false;
  lab.begin();
  EXPECT_EQ(lab.passwords_wanted, 0);
  ASSERT_EQ(lab.ends.size(), 1U);
  EXPECT_EQ(lab.ends[0].status, 403);
}

TEST(Journey, AsksForTheCodeAgainWithAFreshHandle) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"111111", "222222", "873519"};
  lab.begin();
  EXPECT_EQ(lab.prompts.size(), 3U);
  EXPECT_EQ(lab.prompts[1], "Wrong code. Enter the code");
  EXPECT_EQ(lab.ups.size(), 1U);
  for (const char* handle : {"reqid=Handle-1,", "reqid=Handle-2,", "reqid=Handle-3,"}) {
    EXPECT_THAT(lab.wire, HasSubstr(handle));
  }
}

TEST(Journey, NeverAnswersAWrongCodeWithRetZero) {
  for (const ClientManner manner : kBoth) {
    Lab lab(person(manner));
    lab.codes = {"1", "2", "3", "4", "5", "6"};
    lab.begin();
    ASSERT_EQ(lab.ends.size(), 1U);
    EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::login_refused);
    EXPECT_THAT(lab.wire, Not(HasSubstr("ret=0")));
    EXPECT_THAT(lab.wire, Not(HasSubstr("ret=1")));
    EXPECT_TRUE(lab.ups.empty());
  }
}

TEST(Journey, TakesACodeThatComesMinutesLaterOnANewConnection) {
  for (const ClientManner manner : kBoth) {
    Lab lab(person(manner));
    lab.begin();
    lab.run(240s);  // the server closed the silent connection after a minute
    EXPECT_THAT(lab.closes, ElementsAre("no request"));
    lab.client.give_code(Secret("873519"), lab.now);
    lab.run();
    EXPECT_EQ(lab.ups.size(), 1U);
  }
}

TEST(Journey, RefusesAfterTheFactorsWithAReason) {
  for (const ClientManner manner : kBoth) {
    Lab lab(person(manner));
    lab.codes = {"873519"};
    lab.gate.refuse_after_factors = Refusal{
        "R07", "antivirus.off", {"接続", "Connection"}, {"無効", "Antivirus <off>"}, {"有効化", "Switch it on"}};
    lab.begin();
    ASSERT_EQ(lab.ends.size(), 1U);
    EXPECT_EQ(lab.ends[0].status, 403);
    EXPECT_THAT(lab.ends[0].text, HasSubstr("[R07 antivirus.off]"));
    EXPECT_THAT(lab.ends[0].text, Not(HasSubstr("<")));
    EXPECT_THAT(lab.wire, Not(HasSubstr("SVPNCOOKIE=C")));
  }
}

TEST(Journey, ComesBackWithTheSameCookieAfterABrokenTransport) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  lab.cut();
  lab.run();
  EXPECT_EQ(lab.ups.size(), 2U);
  EXPECT_EQ(lab.ups[1].address, lab.ups[0].address);
  EXPECT_EQ(lab.prompts.size(), 1U);
  ASSERT_EQ(lab.noticed<TunnelDown>().size(), 1U);
  EXPECT_EQ(lab.noticed<TunnelDown>()[0].why, "the connection was lost");
  EXPECT_EQ(lab.noticed<TunnelUp>().size(), 2U);
}

TEST(Journey, KeepsTryingWhileNoConnectionIsMade) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  lab.refuse_connections = true;
  lab.cut();
  lab.run(20s);
  EXPECT_GT(lab.connections, 10);
  lab.refuse_connections = false;
  lab.run(20s);
  EXPECT_EQ(lab.ups.size(), 2U);
}

TEST(Journey, TellsARevokedSessionThatItIsOver) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  lab.gate.revoked = true;
  lab.cut();
  lab.run(5s);
  ASSERT_EQ(lab.ends.size(), 1U);
  EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::session_refused);
  EXPECT_EQ(lab.ends[0].status, 403);
}

TEST(Journey, EndsWithTheGatesReasonWithinASecond) {
  for (const ClientManner manner : kBoth) {
    Lab lab(person(manner));
    lab.codes = {"873519"};
    lab.begin();
    const Instant pushed = lab.now;
    lab.push(SessionEnded{"S20261122-1-000041", "contract.ended", {"契約が終了しました", "The contract has ended"}});
    lab.run();
    EXPECT_EQ(lab.now, pushed);
    EXPECT_FALSE(lab.client.up());
    ASSERT_EQ(lab.ends.size(), 1U);
    EXPECT_EQ(lab.ends[0].why, ClientEnd::Why::by_gate);
    EXPECT_EQ(lab.ends[0].text, "The contract has ended");
    ASSERT_EQ(lab.noticed<TunnelDown>().size(), 1U);
    EXPECT_EQ(lab.noticed<TunnelDown>()[0].why, "contract.ended");
    EXPECT_FALSE(lab.owner);
  }
}

TEST(Journey, IgnoresTheEndOfAnotherSession) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  lab.push(SessionEnded{"S20261122-1-000099", "contract.ended", {"x", "x"}});
  lab.run();
  EXPECT_TRUE(lab.client.up());
}

TEST(Journey, EndsEvenIfThePersonsClientNeverAcks) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  const auto client_closed = lab.closes.size();
  lab.black_hole();
  lab.push(SessionEnded{"S20261122-1-000041", "emergency.stop", {"緊急停止", "Emergency stop"}});
  const Instant pushed = lab.now;
  lab.run(2s);
  ASSERT_GT(lab.closes.size(), client_closed);
  EXPECT_EQ(lab.closes.back(), "Emergency stop");
  EXPECT_LE(lab.closed_at - pushed, 1s);
}

TEST(Journey, LeavesTheCloseToAPeerThatEndsItAndDoesItThreeSecondsLater) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  const auto before = lab.closes.size();
  lab.write(testing::hex("00 0c 50 50 00 06 c0 21 05 02 00 04"));  // what openconnect says; it then waits
  lab.run();
  EXPECT_FALSE(lab.owner);
  ASSERT_EQ(lab.noticed<TunnelDown>().size(), 1U);
  EXPECT_EQ(lab.closes.size(), before);
  lab.run(4s);
  ASSERT_GT(lab.closes.size(), before);
  EXPECT_EQ(lab.closes[before], "ended by the peer: ");
}

TEST(Journey, GivesTheTunnelToTheNewerConnectionWithoutEndingTheSession) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  const auto first = lab.owner;
  lab.black_hole();
  lab.replace_connection();
  lab.run();
  EXPECT_NE(lab.owner, first);
  EXPECT_EQ(lab.noticed<TunnelDown>().size(), 0U);
  EXPECT_EQ(lab.noticed<TunnelUp>().size(), 2U);
  lab.run(3s);
  EXPECT_EQ(lab.closes.back(), "replaced by a newer connection");
  EXPECT_NE(lab.owner, std::nullopt);
  EXPECT_TRUE(lab.client.up());
}

TEST(Journey, EndsASilentTunnelAfterFortySeconds) {
  Lab lab(person(ClientManner::openfortivpn));
  lab.codes = {"873519"};
  lab.begin();
  lab.black_hole();
  lab.run(45s);
  ASSERT_EQ(lab.noticed<TunnelDown>().size(), 1U);
  EXPECT_EQ(lab.noticed<TunnelDown>()[0].why, "the peer is silent");
}

TEST(Journey, KeepsAnIdleTunnelForHoursWithoutCallingItTraffic) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  lab.run(std::chrono::hours(2));
  EXPECT_TRUE(lab.client.up());
  EXPECT_TRUE(lab.noticed<TunnelActivity>().empty());
}

TEST(Journey, ReportsTrafficAtMostEveryTenSecondsAndTheLastOfItToo) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  for (int i = 0; i < 300; ++i) {  // 30 s of traffic
    EXPECT_TRUE(lab.client.send_packet(packet(40)));
    lab.run(Seconds{0});
    lab.now += 100ms;
  }
  lab.run(20s);
  const auto activity = lab.noticed<TunnelActivity>();
  ASSERT_GE(activity.size(), 3U);
  EXPECT_LE(activity.size(), 4U);
  EXPECT_EQ(activity.back().bytes_in, 12000U);
}

TEST(Journey, FillsRecordsWithWholeFramesAndStopsWhenFull) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.begin();
  std::vector<Bytes> packets;
  for (unsigned i = 0; i < 100; ++i) packets.push_back(packet(1354, i));
  packets.push_back(packet(1355));  // larger than the MRU: dropped, never cut
  packets.push_back(packet(20, 7));
  lab.send_inside(packets);
  lab.run();
  EXPECT_EQ(lab.left_waiting, 0U);
  EXPECT_EQ(lab.records, 9);  // twelve frames of 1,362 bytes fit into one record, and the last is short
  ASSERT_EQ(lab.received.size(), 101U);
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(lab.received[i], packets[i]);
  EXPECT_EQ(lab.received[100], packets[101]);
}

TEST(Journey, OffersLargePacketsToOpenconnectAlone) {
  FortinetConfig config;
  config.large_mru = 16000;
  Lab oc(person(ClientManner::openconnect), config);
  oc.codes = {"873519"};
  oc.begin();
  EXPECT_THAT(oc.large, ElementsAre(16000));
  oc.send_inside({packet(16000, 1), packet(16001, 2), packet(60, 3)});
  oc.run();
  ASSERT_EQ(oc.received.size(), 2U);
  EXPECT_EQ(oc.received[0], packet(16000, 1));
  EXPECT_EQ(oc.received[1], packet(60, 3));

  Lab of(person(ClientManner::openfortivpn), config);
  of.codes = {"873519"};
  of.begin();
  ASSERT_EQ(of.ups.size(), 1U);
  EXPECT_EQ(of.ups[0].mru, 1354);
  EXPECT_THAT(of.large, ElementsAre(0));
  of.send_inside({packet(1355, 1), packet(60, 2)});
  of.run();
  EXPECT_EQ(of.received.size(), 1U);

  Lab unasked(person(ClientManner::openconnect));
  unasked.codes = {"873519"};
  unasked.begin();
  EXPECT_THAT(unasked.large, ElementsAre(0));
}

TEST(Journey, PassesNoPacketBeforeTheTunnelIsNegotiated) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.black_hole_when_attached = true;
  lab.begin();
  ASSERT_TRUE(lab.owner);
  EXPECT_TRUE(lab.ups.empty());
  lab.send_inside({packet(60)});
  EXPECT_EQ(lab.records, 0);
  EXPECT_EQ(lab.left_waiting, 0U);
  EXPECT_TRUE(lab.delivered.empty());
}

TEST(Journey, ClosesATunnelThatIsNotNegotiatedInTime) {
  Lab lab(person(ClientManner::openconnect));
  lab.codes = {"873519"};
  lab.black_hole_when_attached = true;
  lab.begin();
  lab.run(40s);
  EXPECT_EQ(lab.closes.back(), "the tunnel was not negotiated in time");
  EXPECT_TRUE(lab.noticed<TunnelUp>().empty());
  EXPECT_EQ(lab.noticed<TunnelDown>().size(), 1U);
}

TEST(Journey, TakesAFinishedCookieFromElsewhere) {
  for (const ClientManner manner : kBoth) {
    Lab first(person(manner));
    first.codes = {"873519"};
    first.begin();
    auto options = person(manner);
    options.cookie = Secret(std::string(first.client.cookie_for_test()));
    Lab second(std::move(options));
    second.gate = first.gate;
    second.gate.asked.clear();
    second.begin();
    EXPECT_EQ(second.ups.size(), 1U);
    EXPECT_TRUE(second.prompts.empty());
  }
}

TEST(Journey, ForwardsTheUnsignedClaimUntouched) {
  auto options = person(ClientManner::openfortivpn);
  options.hostcheck = "1000,10.0.19045";
  options.check_virtual_desktop = "01:02:03:04:05:06|0a:0b:0c:0d:0e:0f";
  FortinetConfig config;
  config.ask_hostcheck = true;
  Lab lab(std::move(options), config);
  lab.codes = {"873519"};
  lab.begin();
  EXPECT_EQ(lab.gate.claim, "hostcheck=1000,10.0.19045&check_virtual_desktop=01:02:03:04:05:06|0a:0b:0c:0d:0e:0f");
  EXPECT_EQ(lab.ups.size(), 1U);
}

TEST(Journey, GoesThroughTheConfiguredRealm) {
  for (const ClientManner manner : kBoth) {
    auto options = person(manner);
    options.realm = "contractors";
    FortinetConfig config;
    config.realm = "contractors";
    Lab lab(std::move(options), config);
    lab.codes = {"873519"};
    lab.begin();
    EXPECT_EQ(lab.ups.size(), 1U);
    auto wrong = person(manner);
    wrong.realm = "others";
    Lab refused(std::move(wrong), config);
    refused.begin();
    ASSERT_EQ(refused.ends.size(), 1U);
    EXPECT_EQ(refused.ends[0].status, 404);
    EXPECT_TRUE(refused.gate.asked.empty());
  }
}

TEST(Journey, AnswersWhenTheGatekeeperIsSilent) {
  Lab lab(person(ClientManner::openconnect));
  lab.gate.silent = true;
  lab.begin();
  lab.run(31s);
  ASSERT_EQ(lab.ends.size(), 1U);
  EXPECT_EQ(lab.ends[0].status, 503);
}

}  // namespace
}  // namespace sekisho::fortinet
