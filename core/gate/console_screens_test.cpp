// Screens, thumbnails and states of machines with the hyperd that holds them: it knows first, and what it does not
// answer opens nothing (R12, T-60).
#include "gate/testing/console_bench.hpp"

namespace sekisho::gate::testing {
namespace {

using registry::Registry;

struct ConsoleScreensTest : ConsoleTest {
  void SetUp() override {
    ConsoleTest::SetUp();
    ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  }
  seam::ConsoleQuestion opening() { return seam::OpenScreen{Secret(ticket_for("web-01"))}; }
  const seam::ServerView* machine_in(const seam::ConsoleReply* reply) {
    const auto* list = in<seam::ServerList>(reply);
    if (list == nullptr) return nullptr;
    const auto found = std::ranges::find(list->servers, "web-01", &seam::ServerView::id);
    return found == list->servers.end() ? nullptr : &*found;
  }
  void without_web_01() {
    change([](Registry next) -> Result<Registry> {
      next.servers.erase("web-01");
      return next;
    });
  }
};

TEST_F(ConsoleScreensTest, AScreenHoldsTheTicketThatHyperdWasTold) {
  const auto first = open_screen("web-01"), second = open_screen("web-01");
  ASSERT_EQ(hyperd.allowed().size(), 2U);
  const seam::HyperAllow& told = *hyperd.allowed().back();
  EXPECT_EQ(second.ticket.reveal(), told.ticket.reveal());
  EXPECT_EQ(told.ticket.size(), 64U);
  EXPECT_NE(first.ticket.reveal(), second.ticket.reveal());
  EXPECT_EQ(second.zone, "internet_business");
  EXPECT_EQ(second.driver, "manager-01");
  EXPECT_EQ(told.uuid, kWeb01);
  EXPECT_EQ(told.session, session);
  EXPECT_EQ(told.relay, "internet");
  EXPECT_EQ(told.kind, seam::ScreenKind::screen);
  EXPECT_LE(told.life_s, 30);
  EXPECT_EQ(hyperd.link.last<seam::HyperAsk>()->manager, "manager-01");
}

TEST_F(ConsoleScreensTest, WithoutHyperdNothingOpensAndThePersonIsToldWhy) {
  auto question = opening();
  gate->detach(hyperd_id);
  const auto* reply = at_console(std::move(question));
  ASSERT_EQ(refused(reply), "console.no_hypervisor");
  const auto& said = *in<seam::ConsoleRefused>(reply);
  EXPECT_TRUE(said.unavailable) << "not the person's fault, asked again";
  EXPECT_FALSE(said.refusal.why.ja.empty());
  EXPECT_FALSE(said.refusal.remedy.en.empty());
  EXPECT_EQ(refused(at_console(seam::WantThumbnail{"web-01"})), "console.no_hypervisor");
  EXPECT_EQ(journal.count("console.opened"), 0U);
  EXPECT_EQ(journal.count("console.refused", "console.no_hypervisor"), 2U);
  hyperd_id = gate->attach("hyperd", hyperd.zone, hyperd.link);
  for (int i = 0; i < 4; ++i) EXPECT_NE(open_screen("web-01").console, 0U) << "what was refused holds no place";
}

TEST_F(ConsoleScreensTest, WhatHyperdRefusesDoesNotOpen) {
  hyperd.fails["allow"] = "hyper.busy";
  EXPECT_EQ(refused(at_console(opening())), "console.unreachable");
  EXPECT_EQ(refused(at_console(seam::WantThumbnail{"web-01"})), "console.unreachable");
  EXPECT_EQ(journal.count("console.opened"), 0U);
}

TEST_F(ConsoleScreensTest, AHyperdThatIsSilentIsNotWaitedForLongerThanTheRelayWaits) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, opening());
  EXPECT_EQ(console_reply(), nullptr) << "nothing before hyperd knows the ticket";
  fake.timers.advance(Seconds{4});
  EXPECT_EQ(refused(console_reply()), "console.unreachable");
  hyperd_says_yes();
  EXPECT_EQ(refused(console_reply()), "console.unreachable");
  EXPECT_EQ(journal.count("console.opened"), 0U);
}

TEST_F(ConsoleScreensTest, WhatTheJournalTakesTooLongForIsNotGivenToARelayThatWaitsNoMore) {
  auto question = opening();
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, std::move(question));
  fake.timers.advance(Seconds{4});
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_EQ(refused(console_reply()), "console.unreachable");
  journal.held = false;
  for (int i = 0; i < 4; ++i) EXPECT_NE(open_screen("web-01").console, 0U) << "and holds no place";
}

TEST_F(ConsoleScreensTest, WhatIsLostWhileHyperdIsAskedOpensNothing) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, opening());
  without_web_01();
  hyperd_says_yes();
  EXPECT_EQ(refused(console_reply()), "console.no_such_server");
  EXPECT_EQ(journal.count("console.opened"), 0U) << "and is not written down as opened";
}

TEST_F(ConsoleScreensTest, ASessionThatEndsWhileHyperdIsAskedOpensNothing) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, opening());
  const std::uint64_t asked = hyperd.link.last<seam::HyperAsk>()->number;
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  gate->on_message(hyperd_id, seam::HyperAnswer{asked, hyperd.zone, seam::HyperDone{}});
  settle();
  EXPECT_EQ(refused(console_reply()), "session.right_ended");
  EXPECT_EQ(journal.count("console.opened"), 0U);
}

TEST_F(ConsoleScreensTest, AScreenWhoseRelayDiesWhileHyperdIsAskedIsNotOpened) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, opening());
  gate->detach(relay_id);
  hyperd_says_yes();
  EXPECT_EQ(journal.count("console.opened"), 0U);
  EXPECT_EQ(journal.count("console.refused", "ticket.bad"), 1U);
}

TEST_F(ConsoleScreensTest, ASessionThatEndsMeanwhileSeesNeitherPictureNorList) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, seam::ListServers{});
  const std::uint64_t list = hyperd.link.last<seam::HyperAsk>()->number, listed = number;
  ask_only(seam::Place::console, kDesktop, seam::WantThumbnail{"web-01"});
  const std::uint64_t picture = hyperd.link.last<seam::HyperAsk>()->number;
  gate->end_session(session, "yama", "試験", [](Result<void>) {});
  gate->on_message(hyperd_id, seam::HyperAnswer{picture, hyperd.zone, seam::HyperDone{}});
  settle();
  EXPECT_EQ(refused(console_reply()), "session.right_ended");
  number = listed;
  gate->on_message(hyperd_id, seam::HyperAnswer{list, hyperd.zone, seam::HyperMachines{}});
  settle();
  EXPECT_EQ(refused(console_reply()), "session.right_ended");
}

TEST_F(ConsoleScreensTest, WhatIsLostWhileTheEntryIsWrittenOpensNothing) {
  auto question = opening();
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, std::move(question));
  const auto asked = number;
  journal.held = false;
  without_web_01();
  journal.waiting[0](std::uint64_t{1});
  settle();
  number = asked;
  EXPECT_EQ(refused(console_reply()), "console.no_such_server");
}

TEST_F(ConsoleScreensTest, AThumbnailHasATicketOfItsOwnKind) {
  const auto* right = in<seam::ThumbnailRight>(at_console(seam::WantThumbnail{"web-01"}));
  ASSERT_NE(right, nullptr);
  ASSERT_EQ(hyperd.allowed().size(), 1U);
  EXPECT_EQ(hyperd.allowed()[0]->kind, seam::ScreenKind::picture);
  EXPECT_EQ(hyperd.allowed()[0]->ticket.reveal(), right->ticket.reveal());
  EXPECT_EQ(right->machine, kWeb01);
  EXPECT_EQ(right->session, session);
  EXPECT_EQ(right->zone, "internet_business");
}

TEST_F(ConsoleScreensTest, AThumbnailOfWhatIsNoLongerHisIsNotGiven) {
  hyperd.silent = true;
  ask_only(seam::Place::console, kDesktop, seam::WantThumbnail{"web-01"});
  without_web_01();
  hyperd_says_yes();
  EXPECT_EQ(refused(console_reply()), "console.no_such_server");
}

TEST_F(ConsoleScreensTest, TheListSaysWhatMachinesAreDoing) {
  const auto* view = machine_in(at_console(seam::ListServers{}));
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->state, "on");
  EXPECT_TRUE(view->may_open);
  hyperd.boxes[kWeb01].state = MachineState::stopped;
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(machine_in(at_console(seam::ListServers{}))->state, "off");
  hyperd.boxes.clear();
  fake.timers.advance(Seconds{2});
  EXPECT_EQ(machine_in(at_console(seam::ListServers{}))->state, "unknown");
}

TEST_F(ConsoleScreensTest, ManyPagesAreOneQuestionToHyperd) {
  for (int i = 0; i < 20; ++i) ASSERT_NE(machine_in(at_console(seam::ListServers{})), nullptr);
  EXPECT_EQ(hyperd.asked_for_lists("manager-01"), 1U);
  fake.timers.advance(Seconds{2});
  ASSERT_NE(machine_in(at_console(seam::ListServers{})), nullptr);
  EXPECT_EQ(hyperd.asked_for_lists("manager-01"), 2U);
  hyperd.silent = true;
  fake.timers.advance(Seconds{2});
  for (int i = 0; i < 5; ++i) ask_only(seam::Place::console, kDesktop, seam::ListServers{});
  EXPECT_EQ(hyperd.asked_for_lists("manager-01"), 3U) << "and who asks meanwhile waits for it";
  fake.timers.advance(Seconds{4});
  const auto* view = machine_in(console_reply());
  ASSERT_NE(view, nullptr) << "a list without states rather than none";
  EXPECT_EQ(view->state, "unknown");
}

TEST_F(ConsoleScreensTest, WithoutHyperdTheListSaysThatNothingCanBeOpened) {
  gate->detach(hyperd_id);
  const auto* view = machine_in(at_console(seam::ListServers{}));
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->state, "unknown");
  EXPECT_FALSE(view->may_open);
  EXPECT_EQ(view->why_not.code, "console.no_hypervisor");
}

TEST_F(ConsoleScreensTest, StaffSwitchAServerAndTheJournalHasItFirst) {
  std::string end;
  const auto tell = [&](const Result<void>& done) {
    end = done ? "done" : done.error().code + " " + done.error().detail;
  };
  const auto power = [&](const char* server) {
    end.clear();
    gate->switch_server(server, PowerAction::power_off, "uid:0", tell);
    settle();
    return end;
  };
  EXPECT_EQ(power("web-01"), "done");
  EXPECT_EQ(hyperd.boxes.at(kWeb01).state, MachineState::stopped);
  const auto* entry = last_entry("server.power");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->detail.at("by"), "uid:0");
  EXPECT_EQ(entry->detail.at("action"), "power_off");
  hyperd.fails["power"] = "console.not_supported";
  EXPECT_EQ(power("web-01"), "server.not_switched console.not_supported") << "the manager's own policy";
  EXPECT_EQ(journal.count("server.power_failed", "console.not_supported"), 1U);
  EXPECT_EQ(power("phys-01"), "server.not_switched a physical server");
  EXPECT_EQ(power("nowhere"), "registry.no_such_object nowhere");
  hyperd.fails.clear();
  hyperd.boxes.at(kWeb01).state = MachineState::running;
  journal.broken = true;
  EXPECT_EQ(power("web-01"), "audit.unwritable ");
  EXPECT_EQ(hyperd.boxes.at(kWeb01).state, MachineState::running) << "nothing happens that nobody can read of";
  journal.broken = false;
  gate->detach(hyperd_id);
  EXPECT_EQ(power("web-01"), "server.no_hypervisor hyper.gone");
}

}  // namespace
}  // namespace sekisho::gate::testing
