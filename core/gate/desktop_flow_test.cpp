// A session's desktop: prepared when it begins, shown while it lives, destroyed with it; and who speaks for a zone's
// hypervisors (R11, R12, R15, R01).
#include "gate/testing/console_bench.hpp"

namespace sekisho::gate::testing {
namespace {

using registry::Registry;
using registry::Zone;

struct DesktopFlowTest : ConsoleTest {
  static constexpr const char* kSeat = "10.20.0.111";  ///< of vdi-01; the registry's own address is another
  static desktops::Pool pool() {
    desktops::Pool out;
    out.name = "win11", out.manager = "desks", out.model = "win11", out.account = "maint";
    out.desktops = {"vdi-09"};
    out.seats = {{"vdi-01", "52:54:00:00:00:11", kSeat, 0}, {"", "52:54:00:00:00:21", "10.20.0.121", 0}};
    out.spare = 0;
    return out;
  }
  void SetUp() override {
    hypervisors = {{Zone::internet_business, {pool()}}};
    start();
    ConsoleTest::SetUp();
  }
  /// A person inside, as a new process finds the world before he came.
  void again() {
    hyperd.boxes.clear();
    hyperd.withdrawn.clear();
    journal.entries.clear();
    SetUp();
  }
  const seam::DesktopView* look() { return in<seam::DesktopView>(at_desktop(seam::ViewDesktop{})); }
  std::string state() {
    const auto* view = look();
    return view != nullptr ? view->state : "nothing";
  }
  [[nodiscard]] std::vector<std::string> machines() const {
    std::vector<std::string> out;
    for (const auto& [uuid, box] : hyperd.boxes) {
      if (box.manager == "desks") out.push_back(uuid);
    }
    return out;
  }
  const seam::ConsoleReply* log_in_from(std::string address) {
    return ask_page(seam::Place::console, std::move(address), seam::ConsoleLogin{"mori", Secret("x")});
  }
  void saw(const std::string& machine, MachineState state) {
    gate->on_message(hyperd_id, seam::HyperSaw{hyperd.zone, "desks", machine, state, false});
    settle();
  }
  [[nodiscard]] bool condition(const std::string& wanted) const {
    const auto health = gate->health();
    const auto& all = health.at("conditions");
    return std::find(all.begin(), all.end(), nlohmann::json(wanted)) != all.end();
  }
};

TEST_F(DesktopFlowTest, AGrantPreparesItAndThePageShowsItsLogin) {
  const auto* view = look();
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->state, "ready");
  EXPECT_EQ(view->progress, 100);
  EXPECT_EQ(view->account, "maint");
  ASSERT_EQ(machines().size(), 1U);
  EXPECT_EQ(hyperd.boxes.at(machines()[0]).login, "maint:" + std::string(view->password.reveal()));
  const auto* entry = last_entry("desktop.ready");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->rule, "R11");
  EXPECT_EQ(entry->detail.at("machine"), machines()[0]);
  EXPECT_EQ(entry->detail.at("address"), kSeat);
  EXPECT_EQ(entry->detail.dump().find(view->password.reveal()), std::string::npos);
  EXPECT_NE(std::ranges::find(told, "desktop.ready"), told.end());
}

TEST_F(DesktopFlowTest, WhileItStartsItIsShownAndNeitherOpenedNorAPlaceToComeFrom) {
  hyperd.boots = false;
  again();
  const auto* view = look();
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->state, "starting");
  EXPECT_LT(view->progress, 100);
  EXPECT_GT(view->expected_s, 0U);
  EXPECT_TRUE(view->account.empty());
  EXPECT_TRUE(view->password.empty());
  EXPECT_EQ(refused(at_desktop(seam::WantTicket{})), "desktop.not_ready");
  EXPECT_EQ(refused(log_in_from(kSeat)), "console.not_a_desktop");
  EXPECT_EQ(refused(log_in_from("")), "console.not_a_desktop") << "nowhere is no address";
  hyperd.boxes.at(machines()[0]).answers = true;
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(state(), "ready");
}

TEST_F(DesktopFlowTest, ItsScreenIsHyperdsAndHasNoAddress) {
  const auto right = open_screen();
  ASSERT_NE(right.console, 0U);
  EXPECT_EQ(right.machine, machines()[0]);
  EXPECT_EQ(right.driver, "desks");
  EXPECT_EQ(right.zone, "internet_business");
  EXPECT_TRUE(right.address.empty());
  EXPECT_EQ(right.port, 0);
  ASSERT_EQ(hyperd.allowed().size(), 1U);
  EXPECT_EQ(hyperd.allowed()[0]->ticket.reveal(), right.ticket.reveal());
  EXPECT_EQ(hyperd.allowed()[0]->uuid, machines()[0]);
}

TEST_F(DesktopFlowTest, ATicketOpensTheDesktopThatItWasGivenForAndNoFreshOne) {
  const std::string ticket = ticket_for("");
  saw(machines()[0], MachineState::stopped);
  EXPECT_EQ(refused(at_desktop(seam::OpenScreen{Secret(ticket)})), "desktop.not_ready");
}

TEST_F(DesktopFlowTest, ADesktopThatStopsWhileHyperdIsAskedIsNotOpened) {
  const std::string ticket = ticket_for("");
  hyperd.silent = true;
  ask_only(seam::Place::desktop, inner, seam::OpenScreen{Secret(ticket)});
  const std::uint64_t asked = hyperd.link.last<seam::HyperAsk>()->number;
  saw(machines()[0], MachineState::crashed);
  gate->on_message(hyperd_id, seam::HyperAnswer{asked, hyperd.zone, seam::HyperDone{}});
  settle();
  EXPECT_EQ(refused(console_reply()), "desktop.not_ready");
  EXPECT_EQ(journal.count("desktop.opened"), 0U);
}

TEST_F(DesktopFlowTest, TheConsolePageKnowsADesktopByItsSeat) {
  EXPECT_EQ(refused(log_in_from(kDesktop)), "console.not_a_desktop") << "what the registry says is not where it is";
  EXPECT_EQ(refused(log_in_from("10.20.0.121")), "console.not_a_desktop") << "a seat that is not his";
  EXPECT_NE(in<seam::ConsoleDone>(log_in_from(kSeat)), nullptr);
}

TEST_F(DesktopFlowTest, EveryEndOfASessionTakesItsDesktopAlong) {
  const std::vector<std::pair<const char*, std::function<void()>>> ways = {
      {"staff", [&] { gate->end_session(session, "yama", "", [](Result<void>) {}); }},
      {"the page",
       [&] {
         for (int i = 0; i < 2; ++i)
           static_cast<void>(at_desktop(seam::EndByPerson{}));  // the second: he has his answer
       }},
      {"logout",
       [&] {
         static_cast<void>(ask(LogoutSession{Secret(cookie), arrival()}));
       }},
      {"the client",
       [&] {
         TunnelDown down;
         down.session = session;
         down.ended_by_person = true;
         gate->on_message(front_id, seam::Notice{down});
       }},
      {"a lost tunnel",
       [&] {
         TunnelDown down;
         down.session = session;
         gate->on_message(front_id, seam::Notice{down});
         fake.timers.advance(Seconds{121});
       }},
      {"the agent's silence", [&] { fake.timers.advance(Seconds{301}); }},
      {"a revoked certificate",
       [&] {
         change([](Registry next) -> Result<Registry> {
           next.certificates.begin()->second.revoked_at = registry::testing::kNow;
           return next;
         });
       }},
      {"the application's end",
       [&] {
         change([](Registry next) -> Result<Registry> {
           for (auto& [id, application] : next.applications) application.state = registry::ApplicationState::ended;
           return next;
         });
       }},
      {"the emergency stop",
       [&] {
         gate->stop({"person", "mori", {}, "yama", "試験"}, [](Result<std::size_t>) {});
       }},
  };
  for (const auto& [name, end] : ways) {
    const Registry before = *gate->registry();
    ASSERT_EQ(machines().size(), 1U) << name;
    end();
    settle();
    EXPECT_TRUE(gate->sessions().empty()) << name;
    EXPECT_TRUE(machines().empty()) << name;
    EXPECT_EQ(journal.count("desktop.destroyed"), 1U) << name;
    ASSERT_NE(last_entry("desktop.destroyed"), nullptr) << name;
    EXPECT_EQ(last_entry("desktop.destroyed")->session, session) << name;
    EXPECT_NE(std::ranges::find(hyperd.withdrawn, session), hyperd.withdrawn.end()) << name;
    EXPECT_TRUE(store->transact([&](store::Tx& tx) { tx.replace_registry(before); }));
    again();
  }
}

TEST_F(DesktopFlowTest, ANewerSessionOfThePersonHasAFreshDesktop) {
  const std::string old = machines()[0];
  const std::string next = pass();
  ASSERT_NE(next, session);
  fake.timers.advance(Seconds{2});
  ASSERT_EQ(machines().size(), 1U);
  EXPECT_NE(machines()[0], old);
  EXPECT_EQ(journal.count("desktop.destroyed"), 1U);
}

TEST_F(DesktopFlowTest, QuarantineVoidsTicketsAndKeepsTheDesktop) {
  fake.timers.advance(Seconds{121});  // the agent is silent
  EXPECT_EQ(refused(at_desktop(seam::ViewDesktop{})), "posture.quarantine");
  EXPECT_NE(std::ranges::find(hyperd.withdrawn, session), hyperd.withdrawn.end());
  EXPECT_EQ(machines().size(), 1U);
}

TEST_F(DesktopFlowTest, OneThatWasShutDownIsShownSoAndMadeAnewForWhoLooksAgain) {
  const std::string old = machines()[0];
  saw(old, MachineState::stopped);
  EXPECT_EQ(state(), "ended");
  EXPECT_EQ(journal.count("desktop.stopped", "desktop.shut_down"), 1U);
  EXPECT_EQ(last_entry("desktop.stopped")->person, "mori");
  fake.timers.advance(Seconds{9});
  EXPECT_EQ(state(), "ended") << "long enough to be seen";
  EXPECT_TRUE(machines().empty());
  fake.timers.advance(Seconds{1});
  static_cast<void>(look());
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(state(), "ready");
  EXPECT_NE(machines().at(0), old);
}

TEST_F(DesktopFlowTest, AGateThatStartsAnewLeavesPeopleTheirDesktops) {
  const std::string machine = machines()[0];
  const std::string password(look()->password.reveal());
  given[session] = {machine, kSeat};
  start();
  EXPECT_EQ(machines(), std::vector<std::string>{machine});
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  settle();
  const auto* view = look();
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->state, "ready");
  EXPECT_NE(view->password.reveal(), password);
  EXPECT_EQ(hyperd.boxes.at(machine).login, "maint:" + std::string(view->password.reveal()));
}

TEST_F(DesktopFlowTest, WhatTheJournalDoesNotGiveToAnybodyIsDestroyedAtTheStart) {
  const std::string machine = machines()[0];
  start();
  fake.timers.advance(Seconds{2});
  ASSERT_EQ(machines().size(), 1U) << "he has a fresh one";
  EXPECT_NE(machines()[0], machine);
  const auto* entry = last_entry("desktop.stray");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->detail.at("machine"), machine);
}

TEST_F(DesktopFlowTest, ASessionThatIsOverAtTheStartKeepsNothing) {
  given[session] = {machines()[0], kSeat};
  gate.reset();
  fake.timers.advance(std::chrono::hours{13});
  start();
  settle();
  EXPECT_TRUE(machines().empty());
}

TEST_F(DesktopFlowTest, AnotherDesktopInTheRegistryIsAnotherDesktop) {
  const std::string old = machines()[0];
  change([](Registry next) -> Result<Registry> {
    next.desktops.erase("vdi-01");
    next.desktops["vdi-09"] = {"vdi-09", "mori", Zone::internet_business, "10.20.0.19", 5900};
    return next;
  });
  fake.timers.advance(Seconds{2});
  ASSERT_EQ(machines().size(), 1U);
  EXPECT_NE(machines()[0], old);
  EXPECT_EQ(state(), "ready");
  EXPECT_NE(in<seam::ConsoleDone>(log_in_from("10.20.0.121")), nullptr) << "any seat of the pool serves it";
}

TEST_F(DesktopFlowTest, ThereIsNoWayToItThatIsNotRecorded) {
  const auto* grant = enter(session);
  ASSERT_NE(grant, nullptr);
  EXPECT_FALSE(grant->ok);
  EXPECT_EQ(grant->refusal.code, "desktop.page_only");
  EXPECT_EQ(journal.count("desktop.refused", "desktop.page_only"), 1U);
}

TEST_F(DesktopFlowTest, AHyperdOfAZoneThatIsNotConfiguredIsRefused) {
  FakeLink other;
  EXPECT_EQ(gate->attach("hyperd", "my_number", other), 0U);
  EXPECT_EQ(gate->attach("hyperd", "nowhere", other), 0U);
  EXPECT_TRUE(other.sent.empty()) << "it is told nothing";
  ASSERT_EQ(journal.count("link.refused", "hyper.not_expected"), 2U);
  EXPECT_EQ(last_entry("link.refused")->rule, "R01");
}

TEST_F(DesktopFlowTest, ASecondHyperdOfAZoneIsRefusedAndTheFirstGoesOn) {
  FakeLink other;
  EXPECT_EQ(gate->attach("hyperd", hyperd.zone, other), 0U);
  EXPECT_TRUE(other.sent.empty());
  EXPECT_NE(open_screen().console, 0U);
  gate->detach(hyperd_id);
  EXPECT_NE(gate->attach("hyperd", hyperd.zone, other), 0U) << "once the first has gone";
  EXPECT_GT(other.count<seam::HyperAsk>(), 0) << "and is asked what is there";
}

TEST_F(DesktopFlowTest, OnlyAHyperdAnswersForOne) {
  hyperd.silent = true;
  const std::string ticket = ticket_for("");
  ask_only(seam::Place::desktop, inner, seam::OpenScreen{Secret(ticket)});
  const std::uint64_t asked = hyperd.link.last<seam::HyperAsk>()->number;
  FakeLink other;  // of a path that is called as the zone is
  const auto as_relay = gate->attach("relay", hyperd.zone, other), as_front = gate->attach("front", hyperd.zone, other);
  for (const auto id : {relay_id, front_id, as_relay, as_front}) {
    gate->on_message(id, seam::HyperAnswer{asked, hyperd.zone, seam::HyperDone{}});
    gate->on_message(id, seam::HyperSaw{hyperd.zone, "desks", machines()[0], MachineState::stopped, false});
  }
  settle();
  EXPECT_EQ(console_reply(), nullptr);
  EXPECT_EQ(state(), "ready");
}

TEST_F(DesktopFlowTest, HealthSaysWhichHyperdIsMissingAndWhatNobodyCanUse) {
  EXPECT_FALSE(condition("link.hyperd_missing:internet_business"));
  EXPECT_TRUE(condition("desktop.not_registered:vdi-09"));
  EXPECT_FALSE(condition("desktop.not_registered:vdi-01"));
  gate->detach(hyperd_id);
  EXPECT_TRUE(condition("link.hyperd_missing:internet_business"));
}

}  // namespace
}  // namespace sekisho::gate::testing
