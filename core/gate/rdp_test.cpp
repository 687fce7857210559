// RDP as the gate gives it and takes it back: with sessions and consoles, the journal first, the kernel at once (R13).
#include "gate/testing/console_bench.hpp"

#include <set>
#include <string>

namespace sekisho::gate::testing {
namespace {

using registry::Registry;
using registry::Server;
using registry::ServerKind;

struct RdpTest : ConsoleTest {
  /// Two servers with consoles, an iron, and one of somebody else's.
  void SetUp() override {
    change([](Registry next) -> Result<Registry> {
      next.servers.at("web-01").address = "10.30.1.1";
      next.servers["web-02"] = {
          "web-02",   "web", ServerKind::virtual_machine, "manager-01", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a02",
          "10.30.2.1"};
      next.servers["dmz-01"] = {
          "dmz-01",   "dmz", ServerKind::virtual_machine, "manager-01", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a03",
          "10.31.1.1"};
      return next;
    });
    hyperd.boxes["0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a02"] = {"manager-01", {}, MachineState::running, true};
    ConsoleTest::SetUp();
    ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  }
  /// "source>destination" of what netd was told last.
  std::set<std::string> ways() const {
    std::set<std::string> out;
    const auto* desired = netd.last<seam::DesiredRdp>();
    if (desired == nullptr) return {"nothing was told"};
    for (const seam::RdpRight& right : desired->rights) out.insert(right.source + ">" + right.destination);
    return out;
  }
  void close(const seam::ScreenRight& screen) {
    gate->on_message(relay_id,
                     seam::ConsoleNotice{screen.console, seam::ScreenClosed{"console.viewer_gone", {}, 1, 2}});
    settle();
  }
  void tried(const char* from, const char* to, std::uint8_t protocol = 6, std::uint32_t tries = 1) {
    gate->on_message(netd_id, seam::RdpRefused{{{from, to, protocol, tries, tries}}});
    settle();
  }
};

const std::set<std::string> kNothing{}, kIron{"10.20.0.11>10.30.9.1"},
    kConsole{"10.20.0.11>10.30.9.1", "10.30.1.1>10.30.2.1", "10.30.1.1>10.30.9.1"};

TEST_F(RdpTest, TheAdmittedReachThePhysicalServerOfTheirContractAndNothingElse) {
  EXPECT_EQ(ways(), kIron);
  const auto* entry = last_entry("rdp.granted");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->rule, "R13");
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->from, kDesktop);
  EXPECT_EQ(entry->detail["exception"], "desktop_to_physical");
  EXPECT_EQ(entry->detail["to"], nlohmann::json::array({"phys-01"}));
}

TEST_F(RdpTest, EveryRightHasATimeAndNeverOneBeyondTheSessions) {
  for (const seam::RdpRight& right : netd.last<seam::DesiredRdp>()->rights) EXPECT_EQ(right.ttl_s, 120u);
  change([](Registry next) -> Result<Registry> {
    next.applications.at("a-mori").period.until = registry::testing::kNow + Seconds{45};
    return next;
  });
  for (const seam::RdpRight& right : netd.last<seam::DesiredRdp>()->rights) EXPECT_EQ(right.ttl_s, 45u);
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, AnOpenConsoleOpensTheWayToTheOtherServersAndItsEndClosesIt) {
  const auto screen = open_screen("web-01");
  ASSERT_NE(screen.console, 0u);
  EXPECT_EQ(ways(), kConsole);
  const auto* entry = last_entry("rdp.granted");
  EXPECT_EQ(entry->detail["exception"], "console_to_server");
  EXPECT_EQ(entry->detail["source"], "web-01");
  EXPECT_EQ(entry->from, "10.30.1.1");
  close(screen);
  EXPECT_EQ(ways(), kIron);
  entry = last_entry("rdp.removed");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->rule, "R13");
  EXPECT_EQ(entry->detail["why"], "console.closed");
  EXPECT_EQ(entry->detail["source"], "web-01");
}

TEST_F(RdpTest, TheSecondConsoleOfAServerKeepsTheWayOfTheFirst) {
  const auto first = open_screen("web-01"), second = open_screen("web-01");
  close(first);
  EXPECT_EQ(ways(), kConsole);
  close(second);
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, TheDesktopsOwnScreenIsNoConsole) {
  ASSERT_NE(open_screen().console, 0u);
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, TheSessionsEndTakesEveryWayAtOnce) {
  open_screen("web-01");
  ASSERT_EQ(ways(), kConsole);
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  settle();
  EXPECT_EQ(ways(), kNothing);
  EXPECT_EQ(journal.count("rdp.removed"), 2u) << "the desktop's and the server's";
  EXPECT_EQ(last_entry("rdp.removed")->person, "mori");
  EXPECT_EQ(last_entry("rdp.removed")->detail["why"], "session.ended");
}

TEST_F(RdpTest, TheEmergencyStopTakesEveryWay) {
  open_screen("web-01");
  registry::Stop stop;
  stop.scope = "all";
  stop.by = "yama";
  gate->stop(stop, [](Result<std::size_t>) {});
  settle();
  EXPECT_EQ(ways(), kNothing);
}

TEST_F(RdpTest, QuarantineTakesEveryWay) {
  open_screen("web-01");
  fake.timers.advance(Seconds{121});  // the agent is silent
  EXPECT_EQ(ways(), kNothing);
  EXPECT_EQ(last_entry("rdp.removed")->detail["why"], "posture.quarantine");
}

TEST_F(RdpTest, ARelayThatIsGoneTakesItsConsolesWays) {
  open_screen("web-01");
  ASSERT_EQ(ways(), kConsole);
  gate->detach(relay_id);
  settle();
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, AServerThatLeavesTheContractTakesItsWays) {
  open_screen("web-01");
  change([](Registry next) -> Result<Registry> {
    next.servers.erase("web-02");
    return next;
  });
  EXPECT_EQ(ways(), (std::set<std::string>{"10.20.0.11>10.30.9.1", "10.30.1.1>10.30.9.1"}));
}

TEST_F(RdpTest, ADesktopOfAPoolHasItsWayFromWhereItStandsOnceItIsReady) {
  desktops::Pool pool;
  pool.name = "win11", pool.manager = "desks", pool.model = "win11", pool.account = "maint";
  pool.seats = {{"vdi-01", "52:54:00:00:00:11", "10.20.0.111", 0}};
  pool.spare = 0;
  hypervisors = {{registry::Zone::internet_business, {pool}}};
  hyperd.boots = false;
  start();
  ConsoleTest::SetUp();
  EXPECT_EQ(ways(), kNothing);
  for (auto& [uuid, box] : hyperd.boxes) box.answers = true;
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(ways(), std::set<std::string>{"10.20.0.111>10.30.9.1"});
}

TEST_F(RdpTest, NothingIsOpenedBeforeItsEntryIsOnDisk) {
  const std::string ticket = ticket_for("web-01");
  const auto* reply = at_console(seam::OpenScreen{Secret(ticket)});
  ASSERT_NE(in<seam::ScreenRight>(reply), nullptr);
  ASSERT_EQ(ways(), kConsole);
  close(*in<seam::ScreenRight>(reply));

  const std::string next = ticket_for("web-02");
  journal.held = true;
  at_console(seam::OpenScreen{Secret(next)});
  ASSERT_EQ(journal.waiting.size(), 1u) << "console.opened";
  journal.waiting[0](std::uint64_t{1});
  settle();
  ASSERT_EQ(journal.waiting.size(), 2u) << "rdp.granted";
  EXPECT_EQ(ways(), kIron);
  journal.waiting[1](std::uint64_t{2});
  settle();
  EXPECT_TRUE(ways().contains("10.30.2.1>10.30.1.1"));
}

TEST_F(RdpTest, AnEntryThatCannotBeWrittenOpensNothingUntilItCan) {
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  at_console(seam::OpenScreen{Secret(ticket)});
  journal.waiting.at(0)(std::uint64_t{1});
  settle();
  journal.waiting.at(1)(fail("audit.unwritable"));
  journal.held = false;
  settle();
  EXPECT_EQ(ways(), kIron);
  fake.timers.advance(Seconds{30});
  EXPECT_EQ(ways(), kConsole) << "tried again with the next renewal";
}

TEST_F(RdpTest, RightsAreRenewedWithTheOthersAndANewNetdIsToldAll) {
  const auto before = netd.count<seam::DesiredRdp>();
  fake.timers.advance(Seconds{30});
  EXPECT_EQ(netd.count<seam::DesiredRdp>(), before + 1);
  netd_id = gate->attach("netd", "netd", netd);
  settle();
  EXPECT_EQ(netd.count<seam::DesiredRdp>(), before + 2);
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, ANetdThatFailedIsToldAgainAfterASecond) {
  const auto before = netd.count<seam::DesiredRdp>();
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredRdp>()->number, false, "netd.nft: busy"});
  fake.timers.advance(Seconds{1});
  EXPECT_EQ(netd.count<seam::DesiredRdp>(), before + 1);
  EXPECT_EQ(journal.count("rdp.not_applied", "netd.nft"), 1u);
  gate->on_message(netd_id, seam::NetApplied{netd.last<seam::DesiredRdp>()->number, false, "netd.refused: x"});
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(netd.count<seam::DesiredRdp>(), before + 1) << "what breaks netd's rules is not asked on and on";
}

TEST_F(RdpTest, TheNextGateKeepsWhatHangsOnSessionsAndForgetsConsoles) {
  open_screen("web-01");
  ASSERT_EQ(ways(), kConsole);
  netd.sent.clear();
  start();
  EXPECT_EQ(ways(), kIron);
}

TEST_F(RdpTest, ARefusedTryIsAnEntryWithSessionAndPersonAndAFinding) {
  EXPECT_EQ(gate->health().at("rdp").at("refused").size(), 0u);
  tried(kDesktop, "10.30.1.1");
  const auto* entry = last_entry("rdp.refused");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->rule, "R13");
  EXPECT_EQ(entry->code, "rdp.closed");
  EXPECT_EQ(entry->result, "refused");
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->from, kDesktop);
  EXPECT_EQ(entry->detail["source"], "vdi-01");
  EXPECT_EQ(entry->detail["to"], "web-01");
  EXPECT_EQ(entry->detail["protocol"], "tcp");
  const auto health = gate->health();
  EXPECT_EQ(health.at("rdp").at("refused").at(0).at("to"), "web-01");
  EXPECT_EQ(health.at("rdp").at("rights"), 1u);
  const auto& conditions = health.at("conditions");
  EXPECT_NE(std::find(conditions.begin(), conditions.end(), "rdp.refused"), conditions.end());
}

TEST_F(RdpTest, ATryFromAServerBelongsToWhoHasItsConsoleOpen) {
  tried("10.30.2.1", "10.30.1.1");
  EXPECT_EQ(last_entry("rdp.refused")->session, "") << "nobody has";
  EXPECT_EQ(last_entry("rdp.refused")->detail["source"], "web-02");
  open_screen("web-01");
  tried("10.30.1.1", "10.31.1.1", 17);
  EXPECT_EQ(last_entry("rdp.refused")->session, session);
  EXPECT_EQ(last_entry("rdp.refused")->detail["protocol"], "udp");
  EXPECT_EQ(last_entry("rdp.refused")->detail["to"], "dmz-01");
}

TEST_F(RdpTest, TriesOnAndOnAreAnEntryEveryFiveSecondsWithTheirSum) {
  tried(kDesktop, "10.30.1.1");
  for (int i = 0; i < 40; ++i) tried(kDesktop, "10.30.1.1");
  tried(kDesktop, "10.30.2.1");
  EXPECT_EQ(journal.count("rdp.refused"), 2u) << "another pair is another entry";
  fake.timers.advance(Seconds{5});
  EXPECT_EQ(journal.count("rdp.refused"), 3u) << "nothing is left untold";
  EXPECT_EQ(last_entry("rdp.refused")->detail["tries"], 40u);
  fake.timers.advance(Seconds{60});
  EXPECT_EQ(journal.count("rdp.refused"), 3u);
}

TEST_F(RdpTest, PacketsThatAreSentAgainAreNoNewTry) {
  tried(kDesktop, "10.30.1.1");
  gate->on_message(netd_id, seam::RdpRefused{{{kDesktop, "10.30.1.1", 6, 0, 3}}});
  fake.timers.advance(Seconds{60});
  EXPECT_EQ(journal.count("rdp.refused"), 1u);
}

TEST_F(RdpTest, WhoGoesOnFromOnePortIsToldOfAgain) {
  tried(kDesktop, "10.30.1.1");
  gate->on_message(netd_id, seam::RdpRefused{{{kDesktop, "10.30.1.1", 6, 0, 20}}});
  fake.timers.advance(Seconds{6});
  settle();
  EXPECT_EQ(journal.count("rdp.refused"), 2u);
  EXPECT_EQ(last_entry("rdp.refused")->detail["packets"], 20);
}

TEST_F(RdpTest, ASweepOfTheNetworkIsNamedAndDoesNotFillTheJournal) {
  seam::RdpRefused sweep;
  for (int i = 1; i <= 250; ++i) sweep.tries.push_back({kDesktop, "10.30.7." + std::to_string(i), 6, 1, 1});
  gate->on_message(netd_id, sweep);
  settle();
  EXPECT_LE(journal.count("rdp.refused"), 17u);
  fake.timers.advance(Seconds{6});
  settle();
  EXPECT_LE(journal.count("rdp.refused"), 18u);
  std::uint64_t told = 0;
  for (const auto& entry : journal.entries) {
    if (entry.event == "rdp.refused") told += entry.detail["tries"].get<std::uint64_t>();
    if (entry.event == "rdp.refused") {
      EXPECT_EQ(entry.person, "mori");
    }
  }
  EXPECT_EQ(told, 250u) << "nothing is left untold";
}

TEST_F(RdpTest, ASweepOfAnHourAgoDoesNotHideASingleTry) {
  seam::RdpRefused sweep;
  for (int i = 1; i <= 250; ++i) sweep.tries.push_back({kDesktop, "10.30.7." + std::to_string(i), 6, 1, 1});
  gate->on_message(netd_id, sweep);
  settle();
  fake.timers.advance(std::chrono::hours{1});
  settle();
  tried(kDesktop, "10.30.2.1");
  EXPECT_EQ(last_entry("rdp.refused")->detail["address"], "10.30.2.1");
  EXPECT_EQ(last_entry("rdp.refused")->detail["to"], "web-02");
}

TEST_F(RdpTest, HoweverMuchChangesTheKernelIsToldOneState) {
  open_screen("web-01");
  open_screen("web-02");
  const auto before = netd.count<seam::DesiredRdp>();
  change([](Registry next) -> Result<Registry> {
    next.servers.at("web-01").address = "10.30.1.2";
    next.servers.at("web-02").address = "10.30.2.2";
    return next;
  });
  EXPECT_TRUE(ways().contains("10.30.1.2>10.30.2.2")) << ::testing::PrintToString(ways());
  EXPECT_LE(netd.count<seam::DesiredRdp>() - before, 2) << "what ended, and what is on the disk";
}

TEST_F(RdpTest, AServerWithoutAnAddressOfThisNetworkHasNoWay) {
  open_screen("web-01");
  change([](Registry next) -> Result<Registry> {
    next.servers.at("web-02").address = "web-02.local";
    return next;
  });
  for (const std::string& way : ways()) EXPECT_EQ(way.find("local"), std::string::npos) << way;
  EXPECT_FALSE(ways().contains("10.30.1.1>10.30.2.1"));
}

TEST_F(RdpTest, OnlyNetdSaysWhatWasRefused) {
  gate->on_message(front_id, seam::RdpRefused{{{kDesktop, "10.30.1.1", 6, 1, 1}}});
  gate->on_message(relay_id, seam::RdpRefused{{{kDesktop, "10.30.1.1", 6, 1, 1}}});
  settle();
  EXPECT_EQ(journal.count("rdp.refused"), 0u);
}

}  // namespace
}  // namespace sekisho::gate::testing
