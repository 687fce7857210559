// What the journal holds of a screen and of its recording (R14, R15, T-63).
#include "gate/testing/console_bench.hpp"
#include "recording/notes.hpp"

namespace sekisho::gate::testing {
namespace {

class ConsoleJournal : public ConsoleTest {
 protected:
  void SetUp() override {
    ConsoleTest::SetUp();
    ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
    console = open_screen("web-01").console;
    ASSERT_NE(console, 0U);
  }
  void tell(decltype(seam::ConsoleNotice::body) body) {
    gate->on_message(relay_id, seam::ConsoleNotice{console, std::move(body)});
    settle();
  }
  /// The answer to a note; not ok when there is none.
  seam::RecordingNoted note(decltype(seam::RecordingNote::body) body) {
    gate->on_message(relay_id, seam::RecordingNote{++number, console, std::move(body)});
    settle();
    const auto* noted = relay.last<seam::RecordingNoted>();
    return noted != nullptr && noted->number == number ? *noted : seam::RecordingNoted{};
  }
  seam::RecordingNoted open() {
    return note(seam::RecordingOpened{std::string(32, 'a'), std::string(64, 'b'), "S-a.skr", 1'000'000});
  }
  static seam::RecordingChunk chunk(std::uint64_t number) {
    return {number, 512 * number, 1'000'000 * number, 1'000'000 * (number + 1), 512, std::string(64, 'c')};
  }
  std::uint64_t console = 0;
};

TEST_F(ConsoleJournal, ADroppedClipboardHasAnEventOfItsOwn) {
  tell(seam::ScreenStopped{"console.clipboard", false, 3, 120, 7});
  const auto* entry = last_entry("console.clipboard_dropped");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->rule, "R14");
  EXPECT_EQ(entry->code, "console.clipboard");
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->detail.at("by"), "viewer");
  EXPECT_EQ(entry->detail.at("count"), 3);
  EXPECT_EQ(entry->detail.at("target"), "web-01");
}

TEST_F(ConsoleJournal, OtherAttemptsHaveTheEventsOfTheirCause) {
  tell(seam::ScreenStopped{"console.power", false, 1, 4, 1});
  EXPECT_EQ(journal.count("console.stopped", "console.power"), 1U);
  tell(seam::ScreenStopped{"console.file_transfer", false, 1, 0, 1});
  EXPECT_EQ(journal.count("console.broken", "console.file_transfer"), 1U);
  tell(seam::ScreenStopped{"console.fast_typing", false, 1, 0, 1});
  EXPECT_EQ(journal.count("console.typed_fast"), 1U);
  tell(seam::ScreenStopped{"made.up", true, 1, 0, 1});
  EXPECT_EQ(journal.count("console.notice", "made.up"), 1U);
}

TEST_F(ConsoleJournal, AClosedScreenIsAnEntryOnce) {
  tell(seam::ScreenClosed{"console.guest_refused", "locked", 10, 20});
  tell(seam::ScreenClosed{"console.guest_refused", "locked", 10, 20});
  ASSERT_EQ(journal.count("console.closed", "console.guest_refused"), 1U);
  EXPECT_EQ(last_entry("console.closed")->detail.at("said"), "locked");
  EXPECT_EQ(last_entry("console.closed")->detail.at("bytes_out"), 20);
  tell(seam::ScreenStopped{"console.clipboard", false, 1, 1, 1});
  EXPECT_EQ(journal.count("console.clipboard_dropped"), 0U);
}

TEST_F(ConsoleJournal, AWayOutThatClosesAScreenIsR14s) {
  tell(seam::ScreenClosed{"screen.way_out", "refused by sekisho-hyperd", 0, 0});
  ASSERT_EQ(journal.count("console.closed", "screen.way_out"), 1U);
  EXPECT_EQ(last_entry("console.closed")->rule, "R14");
}

TEST_F(ConsoleJournal, AnotherRelaysScreenIsNotItsToReport) {
  ASSERT_TRUE(open().ok);
  FakeLink other;
  const auto id = gate->attach("relay", "closed", other);
  gate->on_message(id, seam::ConsoleNotice{console, seam::ScreenClosed{"console.closed", {}, 0, 0}});
  gate->on_message(id, seam::RecordingNote{1, console, chunk(1)});
  settle();
  EXPECT_EQ(journal.count("console.closed"), 0U);
  ASSERT_NE(other.last<seam::RecordingNoted>(), nullptr);
  EXPECT_FALSE(other.last<seam::RecordingNoted>()->ok);
}

TEST_F(ConsoleJournal, HoldsARecordingAsItsOwnNotesDo) {
  EXPECT_TRUE(open().ok);
  EXPECT_TRUE(note(chunk(1)).ok);
  EXPECT_TRUE(note(chunk(2)).ok);
  tell(seam::ScreenClosed{"session.ended", {}, 0, 0});
  EXPECT_TRUE(note(chunk(3)).ok) << "the last chunk follows the screen's end";
  EXPECT_TRUE(note(seam::RecordingClosed{3, "session.ended"}).ok);
  recording::Notes notes;
  recording::RecordingId id{};
  id.fill(0xaa);
  for (const audit::Entry& entry : journal.entries) EXPECT_TRUE(recording::add_note(notes, id, entry));
  recording::sort_notes(notes);
  EXPECT_TRUE(notes.header);
  EXPECT_EQ(notes.chunks.size(), 3U);
  EXPECT_EQ(notes.closed, 3U);
  EXPECT_TRUE(notes.faults.empty());
  const auto* entry = last_entry("recording.opened");
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->detail.at("target"), "web-01");
}

TEST_F(ConsoleJournal, AChunkIsNotedOnlyWhenItIsOnTheDisk) {
  ASSERT_TRUE(open().ok);
  journal.broken = true;
  const auto noted = note(chunk(1));
  EXPECT_FALSE(noted.ok);
  EXPECT_EQ(noted.error, "audit.unwritable");
  journal.broken = false;
  journal.held = true;
  EXPECT_EQ(note(chunk(1)).number, 0U) << "not answered before";
  const auto asked = number;
  journal.waiting.back()(std::uint64_t{9});
  settle();
  EXPECT_TRUE(relay.last<seam::RecordingNoted>()->ok);
  EXPECT_EQ(relay.last<seam::RecordingNoted>()->number, asked);
}

TEST_F(ConsoleJournal, RefusesWhatIsNoRecordingOfAnOpenScreen) {
  EXPECT_FALSE(note(chunk(1)).ok) << "not opened";
  EXPECT_FALSE(note(seam::RecordingOpened{"short", std::string(64, 'b'), "f", 1}).ok);
  EXPECT_TRUE(open().ok);
  EXPECT_FALSE(open().ok) << "one recording a screen";
  auto bad = chunk(1);
  bad.hash = "zz";
  EXPECT_FALSE(note(bad).ok);
  console += 1000;
  EXPECT_FALSE(note(chunk(1)).ok);
}

TEST_F(ConsoleJournal, AFailedRecordingIsAnEntry) {
  ASSERT_TRUE(open().ok);
  EXPECT_TRUE(note(seam::RecordingFailed{4, "recording.stalled", "audit.full"}).ok);
  ASSERT_EQ(journal.count("recording.failed", "recording.stalled"), 1U);
  EXPECT_EQ(last_entry("recording.failed")->rule, "R15");
}

TEST_F(ConsoleJournal, ARelayThatIsReplacedHasNoScreensAnyMore) {
  ASSERT_TRUE(open().ok);
  relay_id = gate->attach("relay", "internet", relay);
  EXPECT_FALSE(note(chunk(1)).ok);
}

TEST_F(ConsoleJournal, AClosedScreenIsForgottenAMinuteAfterItsLastWord) {
  ASSERT_TRUE(open().ok);
  tell(seam::ScreenClosed{"console.closed", {}, 0, 0});
  fake.timers.advance(Seconds{61});
  static_cast<void>(at_desktop(seam::ViewDesktop{}));
  EXPECT_FALSE(note(chunk(1)).ok);
}

/// What the journal was told of recordings without an end: who, and why.
std::vector<std::string> broken_off(const FakeJournal& journal) {
  std::vector<std::string> out;
  for (const audit::Entry& entry : journal.entries) {
    if (entry.event != "recording.broken_off") continue;
    EXPECT_EQ(entry.rule, "R15");
    EXPECT_EQ(entry.result, "error") << "the reserve of a full disk takes it";
    out.push_back(entry.detail.at("recording").get<std::string>().substr(0, 2) + " " + entry.code);
  }
  return out;
}

recording::FileHeader header_of(std::uint8_t seed) {
  recording::FileHeader out;
  out.id.fill(seed);
  out.session = "S20261121-1-000001";
  out.person = "mori";
  out.target = "web-02";
  return out;
}

TEST_F(ConsoleJournal, ARelayThatDiesLeavesAnEntryForEachRecordingWithoutAnEnd) {
  ASSERT_TRUE(open().ok);
  ASSERT_TRUE(note(chunk(1)).ok);
  gate->detach(relay_id);
  settle();
  EXPECT_EQ(broken_off(journal), (std::vector<std::string>{"aa relay.gone"}));
  const auto* entry = last_entry("recording.broken_off");
  EXPECT_EQ(entry->session, session);
  EXPECT_EQ(entry->person, "mori");
  EXPECT_EQ(entry->path, "internet");
  EXPECT_EQ(entry->detail.at("target"), "web-01");
  EXPECT_EQ(journal.count("recording.behind"), 0U);
}

/// The ends of screens and streams: event, whose, which console, why.
std::vector<std::string> closed(const FakeJournal& journal) {
  std::vector<std::string> out;
  for (const audit::Entry& entry : journal.entries) {
    if (entry.event != "console.closed" && entry.event != "desktop.closed") continue;
    EXPECT_EQ(entry.rule, entry.event == "console.closed" ? "R12" : "R11");
    EXPECT_EQ(entry.result, "ended") << "the reserve of a full disk takes it";
    EXPECT_EQ(entry.path, "internet");
    std::string which = entry.detail.is_object() && entry.detail.contains("console")
                            ? std::to_string(entry.detail.at("console").get<std::uint64_t>())
                            : "bare";
    out.push_back(entry.event + " " + entry.person + " " + which + " " + entry.code);
  }
  return out;
}

TEST_F(ConsoleJournal, ARelayThatDiesLeavesTheEndOfEachOfItsScreensOnce) {
  const std::uint64_t desktop = open_screen().console, second = open_screen("web-01").console;
  ASSERT_NE(desktop, 0U);
  ASSERT_NE(second, 0U);
  gate->on_message(relay_id, seam::ConsoleNotice{second, seam::ScreenClosed{"console.viewer_gone", {}, 1, 1}});
  settle();
  const auto told = closed(journal);
  ASSERT_EQ(told.size(), 1U);
  gate->detach(relay_id);
  settle();
  const std::vector<std::string> all{told.front(), "console.closed mori " + std::to_string(console) + " relay.gone",
                                     "desktop.closed mori " + std::to_string(desktop) + " relay.gone"};
  ASSERT_EQ(closed(journal), all);
  EXPECT_EQ(last_entry("desktop.closed")->session, session);
  EXPECT_EQ(last_entry("desktop.closed")->detail.at("target"), "vdi-01");
  relay_id = gate->attach("relay", "internet", relay);
  gate->detach(relay_id);
  fake.timers.advance(Seconds{61});
  EXPECT_EQ(closed(journal), all) << "once";
}

TEST_F(ConsoleJournal, ARelayThatIsReplacedLeavesTheEndOfItsScreens) {
  relay_id = gate->attach("relay", "internet", relay);
  settle();
  EXPECT_EQ(closed(journal),
            std::vector<std::string>{"console.closed mori " + std::to_string(console) + " relay.gone"});
}

TEST_F(ConsoleJournal, AScreenWhoseRelayDiesWhileItsOpeningIsWrittenHasAnEndToo) {
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, seam::OpenScreen{Secret(ticket)});
  ASSERT_EQ(journal.count("console.opened"), 2U);
  ASSERT_EQ(journal.waiting.size(), 1U);
  journal.held = false;
  gate->detach(relay_id);
  settle();
  EXPECT_EQ(closed(journal).size(), 1U) << "the other one's; of this the journal has no opening yet";
  journal.waiting[0](std::uint64_t{1});
  settle();
  ASSERT_EQ(closed(journal).size(), 2U);
  EXPECT_EQ(closed(journal).back(), "console.closed mori " + std::to_string(console + 1) + " relay.gone");
}

TEST_F(ConsoleJournal, AScreenThatIsRefusedAfterItsOpeningWasWrittenHasAnEnd) {
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, seam::OpenScreen{Secret(ticket)});
  ASSERT_EQ(journal.waiting.size(), 1U);
  gate->end_session(session, "uid:0", "", [](Result<void> end) { EXPECT_TRUE(end); });
  journal.held = false;
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_EQ(closed(journal),
            std::vector<std::string>{"console.closed mori " + std::to_string(console + 1) + " session.right_ended"});
}

TEST_F(ConsoleJournal, AScreenWhoseOpeningIsNotInTheJournalHasNoEndThere) {
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, seam::OpenScreen{Secret(ticket)});
  ASSERT_EQ(journal.waiting.size(), 1U);
  journal.held = false;
  journal.waiting[0](fail("audit.unwritable", "the disk"));
  settle();
  EXPECT_TRUE(closed(journal).empty());
}

TEST_F(ConsoleJournal, AnEndOfAScreenWaitsForAJournalThatTakesIt) {
  journal.broken = true;
  gate->detach(relay_id);
  settle();
  fake.timers.advance(Seconds{4});
  ASSERT_EQ(closed(journal).size(), 1U) << "tried at once";
  journal.broken = false;
  journal.entries.clear();
  fake.timers.advance(Seconds{2});
  settle();
  EXPECT_EQ(closed(journal),
            std::vector<std::string>{"console.closed mori " + std::to_string(console) + " relay.gone"});
}

TEST_F(ConsoleJournal, AScreensEndThatTheJournalDidNotTakeIsToldLater) {
  journal.broken = true;
  tell(seam::ScreenClosed{"console.viewer_gone", {}, 1, 1});
  journal.broken = false;
  journal.entries.clear();
  fake.timers.advance(Seconds{6});
  settle();
  EXPECT_EQ(closed(journal),
            std::vector<std::string>{"console.closed mori " + std::to_string(console) + " console.viewer_gone"});
}

TEST_F(ConsoleJournal, ARelayCannotEndAScreenThatItWasNotGiven) {
  const std::string ticket = ticket_for("web-01");
  journal.held = true;
  ask_only(seam::Place::console, kDesktop, seam::OpenScreen{Secret(ticket)});
  gate->on_message(relay_id, seam::ConsoleNotice{console + 1, seam::ScreenClosed{"console.closed", {}, 0, 0}});
  EXPECT_TRUE(closed(journal).empty());
  journal.held = false;
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_NE(in<seam::ScreenRight>(console_reply()), nullptr);
}

TEST_F(ConsoleJournal, TheScreensOfTheNextGatekeeperHaveOtherNumbers) {
  const std::uint64_t before = console;
  fake.timers.advance(std::chrono::milliseconds{1});
  start();
  session = pass();
  inner = address_of(session);
  ASSERT_NE(in<seam::ConsoleDone>(log_in()), nullptr);
  const std::uint64_t next = open_screen("web-01").console;
  ASSERT_NE(next, 0U);
  // A relay that has outlived the first gatekeeper tells of its screens.
  for (std::uint64_t old = before; old < before + 100; ++old) {
    gate->on_message(relay_id, seam::ConsoleNotice{old, seam::ScreenClosed{"console.viewer_gone", {}, 0, 0}});
  }
  settle();
  EXPECT_TRUE(closed(journal).empty());
  EXPECT_LT(next, std::uint64_t{1} << 53U) << "a JSON number holds it";
}

TEST_F(ConsoleJournal, StreamsAtTheEntranceEndWithTheirRelay) {
  for (int i = 0; i < 3; ++i) {
    const auto* grant = enter(session);
    ASSERT_NE(grant, nullptr);
    ASSERT_TRUE(grant->ok) << grant->refusal.code;
  }
  tell(seam::ScreenClosed{"console.viewer_gone", {}, 1, 1});
  gate->on_message(relay_id, seam::EntranceClosed{session, 1, 2});
  settle();
  journal.entries.clear();
  gate->detach(relay_id);
  settle();
  ASSERT_EQ(closed(journal),
            (std::vector<std::string>{"desktop.closed mori bare relay.gone", "desktop.closed mori bare relay.gone"}));
  EXPECT_EQ(last_entry("desktop.closed")->session, session);
}

TEST_F(ConsoleJournal, AStreamThatIsRefusedAfterItsOpeningWasWrittenHasAnEnd) {
  journal.held = true;
  gate->on_message(relay_id, seam::EntranceAsk{9, inner});
  settle();
  ASSERT_EQ(journal.waiting.size(), 1U);
  gate->end_session(session, "uid:0", "", [](Result<void> end) { EXPECT_TRUE(end); });
  journal.held = false;
  journal.waiting[0](std::uint64_t{1});
  settle();
  EXPECT_EQ(closed(journal), std::vector<std::string>{"desktop.closed mori bare session.right_ended"});
}

TEST_F(ConsoleJournal, ARecordingThatEndedOrFailedDoesNotBreakOff) {
  ASSERT_TRUE(open().ok);
  ASSERT_TRUE(note(seam::RecordingClosed{0, "session.ended"}).ok);
  EXPECT_FALSE(note(chunk(1)).ok) << "nothing follows an end";
  gate->detach(relay_id);
  settle();
  EXPECT_TRUE(broken_off(journal).empty());
}

TEST_F(ConsoleJournal, AnEndThatTheJournalDidNotTakeIsToldWhenItIsWellAgain) {
  ASSERT_TRUE(open().ok);
  journal.broken = true;
  EXPECT_FALSE(note(seam::RecordingClosed{0, "session.ended"}).ok);
  fake.timers.advance(Seconds{4});
  EXPECT_TRUE(broken_off(journal).empty()) << "not tried before";
  journal.broken = false;
  fake.timers.advance(Seconds{2});
  settle();
  EXPECT_EQ(broken_off(journal), (std::vector<std::string>{"aa recording.no_end"}));
}

TEST_F(ConsoleJournal, ARecordingWhoseEndNeverComesIsToldAMinuteAfterItsScreen) {
  ASSERT_TRUE(open().ok);
  tell(seam::ScreenClosed{"console.closed", {}, 0, 0});
  fake.timers.advance(Seconds{61});
  static_cast<void>(at_desktop(seam::ViewDesktop{}));
  EXPECT_EQ(broken_off(journal), (std::vector<std::string>{"aa recording.no_end"}));
}

TEST_F(ConsoleJournal, RecordingsOfTheLifeBeforeAreToldInTurnsAndThatItIsBehindOnce) {
  for (std::uint8_t seed = 1; seed <= 100; ++seed) recordings_without_end.push_back(header_of(seed));
  journal.entries.clear();
  start();
  EXPECT_EQ(broken_off(journal).size(), 100U);
  EXPECT_EQ(broken_off(journal).front(), "01 gate.restarted");
  EXPECT_EQ(broken_off(journal).back(), "64 gate.restarted");
  ASSERT_EQ(journal.count("recording.behind"), 1U);
  EXPECT_EQ(last_entry("recording.behind")->detail.at("waiting"), 100);
  // One turn is 32: what else the gate does at its start comes between the turns.
  const auto started = std::ranges::find(journal.entries, "gate.started", &audit::Entry::event);
  ASSERT_NE(started, journal.entries.end());
  EXPECT_EQ(std::count_if(journal.entries.begin(), started,
                          [](const audit::Entry& entry) { return entry.event == "recording.broken_off"; }),
            32);
}

TEST_F(ConsoleJournal, ScreensOfTheLifeBeforeHaveTheirEndBeforeThoseOfTheirRecordings) {
  screens_without_end = {{41, false, "S20261122-1-000042", "mori", "internet", "web-01"},
                         {42, true, "S20261122-1-000043", "sato", "internet", "vdi-01"}};
  recordings_without_end = {header_of(1)};
  journal.entries.clear();
  start();
  ASSERT_EQ(journal.count("console.closed"), 1U);
  const audit::Entry server = *last_entry("console.closed");
  EXPECT_EQ(server.session, "S20261122-1-000042");
  EXPECT_EQ(server.person, "mori");
  EXPECT_EQ(server.path, "internet");
  EXPECT_EQ(server.rule, "R12");
  EXPECT_EQ(server.code, "gate.restarted");
  EXPECT_EQ(server.detail.at("console"), 41);
  EXPECT_EQ(server.detail.at("target"), "web-01");
  ASSERT_EQ(journal.count("desktop.closed"), 1U);
  const audit::Entry desktop = *last_entry("desktop.closed");
  EXPECT_EQ(desktop.rule, "R11");
  EXPECT_EQ(desktop.code, "gate.restarted");
  EXPECT_EQ(desktop.detail.at("console"), 42);
  EXPECT_EQ(journal.entries.front().event, "console.closed");
  EXPECT_EQ(broken_off(journal), (std::vector<std::string>{"01 gate.restarted"}));
}

TEST_F(ConsoleJournal, WhatAJournalDoesNotTakeWaitsAndIsNotForgotten) {
  recordings_without_end = {header_of(1), header_of(2)};
  journal.broken = true;
  start();
  fake.timers.advance(Seconds{11});
  EXPECT_EQ(broken_off(journal).size(), 6U) << "tried at once and every five seconds";
  journal.broken = false;
  journal.entries.clear();
  fake.timers.advance(Seconds{6});
  settle();
  EXPECT_EQ(broken_off(journal), (std::vector<std::string>{"01 gate.restarted", "02 gate.restarted"}));
}

}  // namespace
}  // namespace sekisho::gate::testing
