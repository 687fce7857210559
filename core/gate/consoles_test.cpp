// Who stands at the desktop page and at the console page, what he may open there, and when it ends (R11, R12, T-60).
#include "admission/console_tickets.hpp"
#include "gate/testing/console_bench.hpp"

namespace sekisho::gate::testing {
namespace {

using registry::Registry;

TEST_F(ConsoleTest, TheDesktopPageShowsAPersonHisOwnDesktop) {
  const auto* view = in<seam::DesktopView>(at_desktop(seam::ViewDesktop{}));
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->session, session);
  EXPECT_EQ(view->person, "森 一郎");
  EXPECT_EQ(view->desktop, "vdi-01");
  EXPECT_EQ(view->state, "ready");
  EXPECT_EQ(view->zone, "internet_business");
  EXPECT_GT(view->left_s, 0U);
  EXPECT_TRUE(view->watermark);
  EXPECT_TRUE(view->recorded);
}

TEST_F(ConsoleTest, TheKernelLetsTheAdmittedReachTheDesktopPageAndNobodyInQuarantine) {
  desktop_page = {"10.202.0.1", 8080, 6};
  start();
  SetUp();
  const auto reaches = [&] {
    const auto* desired = netd.last<seam::DesiredNet>();
    for (const seam::KernelRight& right : desired->rights) {
      if (right.address != inner) continue;
      return std::ranges::find(right.filter, desktop_page) != right.filter.end();
    }
    return false;
  };
  EXPECT_TRUE(reaches());
  fake.timers.advance(Seconds{121});  // the agent is silent
  EXPECT_FALSE(reaches());
}

TEST_F(ConsoleTest, TheDesktopPageIsClosedToAStrangersAddressAndToAnotherPath) {
  EXPECT_EQ(refused(ask_page(seam::Place::desktop, "10.202.0.77", seam::ViewDesktop{})), "session.unknown_cookie");
  FakeLink other;
  const auto id = gate->attach("relay", "closed", other);
  gate->on_message(id, seam::ConsoleRequest{1, seam::Place::desktop, inner, "", seam::ViewDesktop{}});
  settle();
  EXPECT_EQ(refused(other.last<seam::ConsoleReply>()), "session.unknown_cookie");
}

TEST_F(ConsoleTest, OnlyARelayIsAnswered) {
  gate->on_message(front_id, seam::ConsoleRequest{1, seam::Place::desktop, inner, "", seam::ViewDesktop{}});
  settle();
  EXPECT_EQ(front.last<seam::ConsoleReply>(), nullptr);
}

TEST_F(ConsoleTest, QuarantineClosesBothPages) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  fake.timers.advance(Seconds{121});  // the agent is silent
  EXPECT_EQ(refused(at_desktop(seam::ViewDesktop{})), "posture.quarantine");
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_a_desktop");
}

TEST_F(ConsoleTest, AnOldBrowserIsToldSoAtTheDesktopPage) {
  checks = {{"browser", admission::CheckMode::enforce}};
  browser.results = {};  // no result: unknown is deny
  start();
  SetUp();
  const std::string code = refused(at_desktop(seam::ViewDesktop{}));
  EXPECT_FALSE(code.empty());
}

TEST_F(ConsoleTest, ThePersonEndsHisSessionFromTheDesktopPage) {
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr);
  EXPECT_EQ(gate->sessions().size(), 1U) << "his way to the page must outlive the answer";
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr) << "his side has it";
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.logged_out"), 1U);
  EXPECT_EQ(relay.last<seam::EntranceEnd>()->session, session);
  EXPECT_EQ(refused(at_desktop(seam::ViewDesktop{})), "session.unknown_cookie");
}

TEST_F(ConsoleTest, ThePersonsEndWaitsASecondAtMostForItsAnswerToArrive) {
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr);
  fake.timers.advance(std::chrono::milliseconds{999});
  EXPECT_EQ(gate->sessions().size(), 1U);
  fake.timers.advance(std::chrono::milliseconds{2});
  EXPECT_TRUE(gate->sessions().empty()) << "whatever became of the relay";
  EXPECT_EQ(journal.count("session.ended", "session.logged_out"), 1U);
  session = pass();
  inner = address_of(session);
  gate->on_message(front_id, seam::Notice{TunnelUp{session, "tls"}});
  settle();
  EXPECT_NE(in<seam::DesktopView>(at_desktop(seam::ViewDesktop{})), nullptr) << "the next session is another one";
}

TEST_F(ConsoleTest, ThePersonsEndHoldsThoughTheGatekeeperDiesBeforeItComes) {
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr);
  EXPECT_EQ(gate->sessions().size(), 1U);
  gate.reset();
  fake.timers.advance(Seconds{2});
  start();
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.right_ended"), 1U);
}

TEST_F(ConsoleTest, ThePersonsEndNeedsNoStore) {
  store->fail_next(fail("store.unavailable", "full"));
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr);
  fake.timers.advance(std::chrono::milliseconds{1001});
  EXPECT_TRUE(gate->sessions().empty());
  EXPECT_EQ(journal.count("session.ended", "session.logged_out"), 1U);
}

TEST_F(ConsoleTest, ThePersonsEndIsOneThoughAnotherEndOvertakesIt) {
  EXPECT_NE(in<seam::ConsoleDone>(at_desktop(seam::EndByPerson{})), nullptr);
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  settle();
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(journal.count("session.ended"), 1U);
  EXPECT_EQ(journal.count("session.ended", "session.ended_by_staff"), 1U);
}

TEST_F(ConsoleTest, TheConsolePageOpensOnlyFromTheDesktopOfALiveSession) {
  EXPECT_EQ(refused(ask_page(seam::Place::console, "10.20.0.12", seam::ConsoleLogin{"mori", Secret("x")})),
            "console.not_a_desktop");
  EXPECT_EQ(refused(ask_page(seam::Place::console, inner, seam::ConsoleLogin{"mori", Secret("x")})),
            "console.not_a_desktop")
      << "not from the tunnel either";
  EXPECT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  settle();
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_a_desktop");
}

TEST_F(ConsoleTest, BeforeTheLoginNothingIsShown) {
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in");
  EXPECT_EQ(refused(at_console(seam::WantTicket{"web-01"})), "console.not_logged_in");
  EXPECT_EQ(refused(at_console(seam::WantThumbnail{"web-01"})), "console.not_logged_in");
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(std::string(43, 'a'))})), "console.not_logged_in");
}

TEST_F(ConsoleTest, AWrongPasswordIsRefusedByThePasswordFactorItself) {
  password.becomes([](AuthRequest request) {
    AuthStep step = admission::testing::kept(request, Verdict::no);
    step.refusal = admission::testing::no("password.locked");
    return step;
  });
  EXPECT_EQ(refused(log_in()), "password.locked");
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in");
  EXPECT_EQ(journal.count("console.login_refused", "password.locked"), 1U);
}

TEST_F(ConsoleTest, AHashThatDoesNotMatchIsRefused) {
  const auto before = password.seen.size();
  password.becomes([](AuthRequest request) {
    if (!request.effect) {
      AuthStep step = admission::testing::kept(request, Verdict::wait);
      step.effects.emplace_back(VerifyPassword{"hash", Secret("not the candidate")});
      return step;
    }
    if (request.effect->matched) return admission::testing::kept(request, Verdict::yes);
    AuthStep step = admission::testing::kept(request, Verdict::no);
    step.refusal = admission::testing::no("password.wrong");
    return step;
  });
  EXPECT_EQ(refused(log_in()), "password.wrong");
  EXPECT_EQ(password.seen.size(), before + 2) << "asked, hashed, judged";
}

TEST_F(ConsoleTest, SomebodyElsesPasswordIsOfNoUse) {
  EXPECT_EQ(refused(log_in("tani")), "console.other_person");
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in");
}

TEST_F(ConsoleTest, APasswordThatTheStoreCannotJudgeLetsNobodyIn) {
  store->fail_next(Error{"store.unavailable", {}, {}});
  const auto* reply = log_in();
  EXPECT_EQ(refused(reply), "gate.unavailable");
  EXPECT_TRUE(in<seam::ConsoleRefused>(reply)->unavailable) << "the gate's trouble, not his";
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in");
  EXPECT_EQ(journal.count("console.login"), 0U);
}

TEST_F(ConsoleTest, WhoseSessionEndsWhileHisPasswordIsJudgedIsNotLoggedIn) {
  gate->on_message(relay_id, seam::ConsoleRequest{++number, seam::Place::console, kDesktop, "Mozilla/5.0",
                                                  seam::ConsoleLogin{"mori", Secret("x")}});
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  settle();
  EXPECT_EQ(refused(console_reply()), "session.right_ended");
  EXPECT_EQ(journal.count("console.login_refused", "session.right_ended"), 1U);
  EXPECT_EQ(journal.count("console.login"), 0U);
}

TEST_F(ConsoleTest, WhatBelongsToTheOtherPageIsRefusedAsAStrangers) {
  EXPECT_EQ(refused(at_desktop(seam::ConsoleLogin{"mori", Secret("x")})), "console.not_a_desktop");
  EXPECT_EQ(refused(at_desktop(seam::ListServers{})), "console.not_a_desktop");
  EXPECT_EQ(refused(at_console(seam::ViewDesktop{})), "session.unknown_cookie");
  EXPECT_EQ(refused(at_console(seam::EndByPerson{})), "session.unknown_cookie");
  EXPECT_EQ(gate->sessions().size(), 1U) << "and ends nothing";
}

TEST_F(ConsoleTest, WhereTicketsAreWantedWithoutEndNoneIsGivenAnyMore) {
  with_second_path = true;
  start();
  SetUp();
  ASSERT_FALSE(ticket_for("").empty()) << "it stays open, and what comes after it is kept in mind";
  const auto of_second = [&](GateRequest request) {
    gate->on_message(second_front_id, seam::Request{++number, std::move(request)});
    settle();
    return second_front.last<seam::Reply>();
  };
  const auto* asked =
      as<LoginAsked>(*of_second(BeginLogin{arrival(), evidence({{"login", "mori"}, {"password", "x"}})}));
  ASSERT_NE(asked, nullptr);
  const auto* granted =
      as<Granted>(*of_second(AnswerLogin{asked->handle, arrival(), evidence({{"login", "mori"}, {"code", "right"}})}));
  ASSERT_NE(granted, nullptr);
  const std::string peer = address_of(granted->session);
  FakeLink pages;
  const auto id = gate->attach("relay", "second", pages);
  const auto want = [&] {
    pages.sent.clear();
    gate->on_message(id, seam::ConsoleRequest{++number, seam::Place::desktop, peer, "Mozilla/5.0", seam::WantTicket{}});
    return refused(pages.last<seam::ConsoleReply>());
  };
  std::string last;
  for (std::size_t i = 0; i <= 4 * admission::ConsoleTickets::kInAll && last.empty(); ++i) last = want();
  EXPECT_EQ(last, "gate.unavailable");
  fake.timers.advance(admission::ConsoleTickets::kLife);
  EXPECT_EQ(want(), "") << "until those have passed";
}

TEST_F(ConsoleTest, AFailedLoginEndsTheOneBefore) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  ASSERT_NE(in<seam::ServerList>(at_console(seam::ListServers{})), nullptr);
  EXPECT_EQ(refused(log_in("tani")), "console.other_person");
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in");
}

TEST_F(ConsoleTest, OnlyTheServersOfTheContractAreListed) {
  change([](Registry next) -> Result<Registry> {
    next.servers["dmz-01"] = {
        "dmz-01", "dmz", registry::ServerKind::virtual_machine, "manager-01", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a02",
        ""};
    return next;
  });
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const auto* list = in<seam::ServerList>(at_console(seam::ListServers{}));
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->servers.size(), 2U);
  const seam::ServerView &physical = list->servers[0], &machine = list->servers[1];
  EXPECT_EQ(physical.id, "phys-01");
  EXPECT_EQ(physical.kind, "physical");
  EXPECT_FALSE(physical.may_open);
  EXPECT_EQ(physical.why_not.code, "console.physical");
  EXPECT_EQ(machine.id, "web-01");
  EXPECT_EQ(machine.kind, "vm");
  EXPECT_TRUE(machine.may_open);
  EXPECT_EQ(refused(at_console(seam::WantTicket{"dmz-01"})), "console.no_such_server");
  EXPECT_EQ(refused(at_console(seam::WantThumbnail{"dmz-01"})), "console.no_such_server");
  EXPECT_EQ(refused(at_console(seam::WantTicket{"phys-01"})), "console.physical");
  const auto* right = in<seam::ThumbnailRight>(at_console(seam::WantThumbnail{"web-01"}));
  ASSERT_NE(right, nullptr);
  EXPECT_EQ(right->machine, "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01");
}

TEST_F(ConsoleTest, ATicketOpensOneScreenOnce) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  const auto* right = in<seam::ScreenRight>(at_console(seam::OpenScreen{Secret(ticket)}));
  ASSERT_NE(right, nullptr);
  EXPECT_EQ(right->session, session);
  EXPECT_EQ(right->person, "mori");
  EXPECT_EQ(right->target, "web-01");
  EXPECT_EQ(right->machine, "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a01");
  EXPECT_EQ(right->driver, "manager-01");
  EXPECT_TRUE(right->recorded);
  const auto* entry = last_entry("console.opened");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->rule, "R12");
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "ticket.bad");
}

TEST_F(ConsoleTest, ATicketDiesAfterThirtySeconds) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  fake.timers.advance(Seconds{30});
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "ticket.bad");
}

TEST_F(ConsoleTest, ATicketOfOnePageOpensNothingAtTheOther) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  EXPECT_EQ(refused(at_desktop(seam::OpenScreen{Secret(ticket_for("web-01"))})), "ticket.bad");
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket_for(""))})), "console.no_such_server");
}

TEST_F(ConsoleTest, TheDesktopsScreenIsWhereTheRegistrySays) {
  const auto right = open_screen();
  EXPECT_NE(right.console, 0U);
  EXPECT_EQ(right.target, "vdi-01");
  EXPECT_EQ(right.address, kDesktop);
  EXPECT_EQ(right.port, 5900);
  EXPECT_TRUE(right.driver.empty());
  EXPECT_EQ(journal.count("desktop.opened"), 1U);
}

TEST_F(ConsoleTest, ASessionHasSoManyScreensAndNoMore) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  std::uint64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    last = open_screen("web-01").console;
    ASSERT_NE(last, 0U) << i;
  }
  const std::string ticket = ticket_for("web-01");
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "console.too_many");
  EXPECT_NE(open_screen().console, 0U) << "the desktop's own are counted apart";
  gate->on_message(relay_id, seam::ConsoleNotice{last, seam::ScreenClosed{"console.viewer_gone", {}, 1, 2}});
  EXPECT_NE(open_screen("web-01").console, 0U);
}

TEST_F(ConsoleTest, NoScreenWithoutItsEntry) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  journal.broken = true;
  const auto* reply = at_console(seam::OpenScreen{Secret(ticket)});
  EXPECT_EQ(refused(reply), "gate.unavailable");
  EXPECT_TRUE(in<seam::ConsoleRefused>(reply)->unavailable);
}

TEST_F(ConsoleTest, ASessionThatEndsWhileTheEntryIsWrittenOpensNothing) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  EXPECT_EQ(at_console(seam::OpenScreen{Secret(ticket)}), nullptr);
  const auto asked = number;
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  journal.waiting[0](std::uint64_t{1});
  settle();
  number = asked;
  EXPECT_EQ(refused(console_reply()), "session.right_ended");
}

TEST_F(ConsoleTest, TheEndOfASessionVoidsItsTicketsAndItsLogin) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  settle();
  EXPECT_EQ(relay.last<seam::EntranceEnd>()->session, session);
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "console.not_a_desktop");
  session = pass();
  inner = address_of(session);
  EXPECT_EQ(refused(at_console(seam::ListServers{})), "console.not_logged_in") << "the next session begins anew";
}

TEST_F(ConsoleTest, AServerThatLeavesTheRightTakesItsScreensAlong) {
  change([](Registry next) -> Result<Registry> {
    next.servers["web-02"] = {
        "web-02", "web", registry::ServerKind::virtual_machine, "manager-01", "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9a03",
        ""};
    return next;
  });
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const auto kept = open_screen("web-01"), lost = open_screen("web-02");
  ASSERT_NE(kept.console, 0U);
  ASSERT_NE(lost.console, 0U);
  change([](Registry next) -> Result<Registry> {
    next.servers.erase("web-02");
    return next;
  });
  ASSERT_EQ(relay.count<seam::ScreenEnd>(), 1);
  EXPECT_EQ(relay.last<seam::ScreenEnd>()->console, lost.console);
  EXPECT_EQ(relay.last<seam::ScreenEnd>()->code, "console.no_such_server");
}

TEST_F(ConsoleTest, AMachineThatWasMadeAnewIsNotWhatTheTicketWasFor) {
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::string ticket = ticket_for("web-01");
  change([](Registry next) -> Result<Registry> {
    next.servers.at("web-01").machine = "0b4a1d5e-6f6a-4a55-9a63-2f0f4d3f9aff";
    return next;
  });
  EXPECT_EQ(refused(at_console(seam::OpenScreen{Secret(ticket)})), "console.no_such_server");
}

TEST_F(ConsoleTest, APageThatAsksOnAndOnIsOneEntryAMinute) {
  for (int i = 0; i < 50; ++i) static_cast<void>(ask_page(seam::Place::desktop, "10.202.0.77", seam::ViewDesktop{}));
  EXPECT_EQ(journal.count("desktop.refused"), 1U);
  fake.timers.advance(Seconds{60});
  static_cast<void>(ask_page(seam::Place::desktop, "10.202.0.77", seam::ViewDesktop{}));
  EXPECT_EQ(journal.count("desktop.refused"), 2U);
  for (int i = 0; i < 3; ++i) static_cast<void>(ask_page(seam::Place::desktop, "10.202.0.77", seam::WantTicket{}));
  EXPECT_EQ(journal.count("desktop.refused"), 5U) << "what acts is always an entry";
}

class IdlePage : public ConsoleTest {
 protected:
  void SetUp() override {
    idle_limit = Seconds{40};  // all of it is over before the agent's silence counts
    start();
    ConsoleTest::SetUp();
  }
  /// Ten seconds with a page that asks and the traffic of that.
  void poll(int times) {
    for (int i = 0; i < times; ++i) {
      fake.timers.advance(Seconds{10});
      if (!lives()) return;
      at_desktop(seam::ViewDesktop{});
      traffic();
    }
  }
  void traffic() {
    gate->on_message(front_id, seam::Notice{TunnelActivity{session, 1000, 1000}});
    settle();
  }
  [[nodiscard]] bool lives() const { return journal.count("session.ended") == 0; }
};

TEST_F(IdlePage, APageThatOnlyAsksKeepsNoSessionAlive) {
  at_desktop(seam::ViewDesktop{});
  poll(5);
  EXPECT_EQ(journal.count("session.ended", "session.idle"), 1U);
}

TEST_F(IdlePage, WhatThePersonDoesKeepsIt) {
  const std::uint64_t console = open_screen().console;
  for (int i = 0; i < 2; ++i) {
    poll(3);
    gate->on_message(relay_id, seam::ConsoleNotice{console, seam::ScreenUsed{}});
    settle();
  }
  poll(2);
  EXPECT_NE(in<seam::TicketGiven>(at_desktop(seam::WantTicket{})), nullptr) << "a wish of the page is a person's";
  poll(3);
  EXPECT_TRUE(lives());
  poll(2);
  EXPECT_EQ(journal.count("session.ended", "session.idle"), 1U);
}

TEST_F(IdlePage, WithoutAnOpenPageTrafficCountsAsBefore) {
  for (int i = 0; i < 10; ++i) {
    fake.timers.advance(Seconds{10});
    traffic();
  }
  EXPECT_TRUE(lives());
}

TEST_F(IdlePage, APlainViewerIsTrafficThatCounts) {
  gate->on_message(relay_id, seam::EntranceAsk{1, inner});
  settle();
  poll(6);
  EXPECT_TRUE(lives());
  gate->on_message(relay_id, seam::EntranceClosed{session, 1, 1});
  settle();
  poll(5);
  EXPECT_FALSE(lives());
}

TEST_F(IdlePage, AViewerWhoseRelayIsGoneCountsNoMore) {
  gate->on_message(relay_id, seam::EntranceAsk{1, inner});
  settle();
  poll(6);
  EXPECT_TRUE(lives());
  relay_id = gate->attach("relay", "internet", relay);
  poll(5);
  EXPECT_FALSE(lives());
}

}  // namespace
}  // namespace sekisho::gate::testing
