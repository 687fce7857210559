// A screen from its ticket to its recording's end, over real sockets: browser, gatekeeper's link, guest, disk.
#include "admission/login.hpp"
#include "programs/relay/testing/relay_bench.hpp"
#include "screens/testing/screen_stage.hpp"

#include <algorithm>

namespace sekisho::relay::testing {
namespace {

using rfb::testing::hex;
using screens::browser_frame;
using screens::BrowserReader;

class ScreenDeskTest : public RelayBench {
 protected:
  explicit ScreenDeskTest(DeskLimits limits = DeskLimits({kZone})) : RelayBench({}, std::move(limits)) {
    // The gatekeeper notes everything at once.
    link.on_send = [this](const seam::Message& message) {
      const auto* note = std::get_if<seam::RecordingNote>(&message);
      if (note == nullptr || !notes_answered) return;
      timers.post([this, number = note->number] {
        gate_says(seam::RecordingNoted{number, journal_works, "audit.full"});
      });
    };
  }
  [[nodiscard]] static seam::ScreenRight right(std::uint64_t console = 7) {
    seam::ScreenRight out;
    out.console = console;
    out.session = "S20261122-1-000042";
    out.person = "mori";
    out.target = out.title = "web-01";
    out.machine = "uuid-1";
    out.driver = "libvirt";
    out.zone = kZone;
    return out;
  }
  /// Asks with a ticket; what the gatekeeper says to it.
  tcp::socket knock(seam::ConsoleAnswer says) {
    auto peer = browser();
    say(peer, upgrade());
    const auto* question = asked();
    EXPECT_NE(question, nullptr);
    if (question == nullptr) return peer;
    const auto* open = std::get_if<seam::OpenScreen>(&question->body);
    EXPECT_TRUE(open != nullptr && open->ticket.reveal() == std::string(43, 'q'));
    gate_says(seam::ConsoleReply{question->number, std::move(says)});
    return peer;
  }
  /// The reason that the socket is closed with as soon as it has been opened.
  std::string farewell(tcp::socket& peer) {
    std::string got;
    BrowserReader reader;
    until([&] { return !hear(peer, got) || got.find("\r\n\r\n") != std::string::npos; }, "for 101");
    EXPECT_EQ(got.rfind("HTTP/1.1 101 ", 0), 0U) << got;
    const std::string first = got.substr(std::min(got.size(), got.find("\r\n\r\n") + 4));
    reader.read(std::as_bytes(std::span(first)));
    read_until(
        peer, reader, [&] { return reader.close_code != 0; }, "for the close");
    EXPECT_EQ(reader.close_code, websocket::kGoingAway);
    EXPECT_TRUE(reader.stream.empty());
    return reader.close_reason;
  }
  /// Up to the first picture's request; the 101 is behind us.
  tcp::socket open_screen(seam::ScreenRight wanted = right()) {
    auto peer = knock(std::move(wanted));
    std::string got;
    until([&] { return !hear(peer, got) || got.find("\r\n\r\n") != std::string::npos; }, "for 101");
    EXPECT_EQ(got.rfind("HTTP/1.1 101 ", 0), 0U) << got;
    rest = got.substr(std::min(got.size(), got.find("\r\n\r\n") + 4));
    return peer;
  }
  void browser_says(tcp::socket& peer, const rfb::Bytes& payload) {
    const rfb::Bytes frame = browser_frame(payload);
    say(peer, std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
  }
  void guest_says(const rfb::Bytes& bytes, std::size_t which = 0) {
    std::size_t sent = 0;
    until([&] {
      const auto n = ::write(source.guests.at(which).get(), bytes.data() + sent, bytes.size() - sent);
      if (n > 0) sent += static_cast<std::size_t>(n);
      return sent == bytes.size();
    });
  }
  rfb::Bytes guest_hears(std::size_t size, std::size_t which = 0) {
    rfb::Bytes out(size);
    std::size_t have = 0;
    until(
        [&] {
          const auto n = ::read(source.guests.at(which).get(), out.data() + have, size - have);
          if (n > 0) have += static_cast<std::size_t>(n);
          return have == size || n == 0;
        },
        "for the guest's side");
    out.resize(have);
    return out;
  }
  bool guest_closed(std::size_t which = 0) {
    char buffer[4096];
    for (;;) {
      const auto n = ::read(source.guests.at(which).get(), buffer, sizeof buffer);
      if (n == 0) return true;
      if (n < 0) return false;
    }
  }
  void shake_hands(tcp::socket& peer, std::size_t which = 0) {
    guest_says(hex("524642203030332e3030380a"), which);
    guest_says(hex("0101"), which);
    guest_says(hex("00000000"), which);
    rfb::Bytes init = hex("0040 0040 2018000100ff00ff00ff100800000000 00000000");
    guest_says(init, which);
    browser_says(peer, hex("524642203030332e3030380a"));
    browser_says(peer, hex("01"));
    browser_says(peer, hex("01"));
    static_cast<void>(guest_hears(12 + 1 + 1 + 20, which));
  }
  void read_until(tcp::socket& peer, BrowserReader& reader, const std::function<bool()>& done, const char* what) {
    until(
        [&] {
          std::string got;
          const bool open = hear(peer, got);
          reader.read(std::as_bytes(std::span(got)));
          return done() || !open;
        },
        what);
  }
  template <class T>
  [[nodiscard]] std::vector<T> notes() const {
    std::vector<T> out;
    for (const auto& message : link.sent) {
      const auto* note = std::get_if<seam::RecordingNote>(&message);
      if (note == nullptr) continue;
      if (const auto* found = std::get_if<T>(&note->body)) out.push_back(*found);
    }
    return out;
  }
  template <class T>
  [[nodiscard]] std::vector<T> told() const {
    std::vector<T> out;
    for (const auto& message : link.sent) {
      const auto* notice = std::get_if<seam::ConsoleNotice>(&message);
      if (notice == nullptr) continue;
      if (const auto* found = std::get_if<T>(&notice->body)) out.push_back(*found);
    }
    return out;
  }

  bool notes_answered = true, journal_works = true;
  std::string rest;
};

TEST_F(ScreenDeskTest, ATicketOpensARecordedScreenThatCarriesAPicture) {
  auto peer = open_screen();
  ASSERT_EQ(source.targets.size(), 1U);
  EXPECT_EQ(source.targets[0].machine, "uuid-1");
  EXPECT_EQ(source.targets[0].driver, "libvirt");
  const auto opened = notes<seam::RecordingOpened>();
  ASSERT_EQ(opened.size(), 1U) << "in the journal before the 101";
  EXPECT_TRUE(disk->contents().contains(opened[0].file)) << "and on the disk before that";
  shake_hands(peer);
  BrowserReader reader;
  reader.read(std::as_bytes(std::span(rest)));
  guest_says(screens::ScreenStage::picture(0, 0, 8, 8, 0x11223344));
  read_until(
      peer, reader, [&] { return reader.stream.size() >= 12 + 2 + 4 + 24 + 6 + 4 + 12 + 256; }, "for the picture");
  browser_says(peer, rfb::testing::key(true, 'a'));
  EXPECT_EQ(rfb::testing::to_hex(guest_hears(8)), rfb::testing::to_hex(rfb::testing::key(true, 'a')));
  EXPECT_EQ(desk->screens(), 1U);
  gate_says(seam::EntranceEnd{"S20261122-1-000042"});
  read_until(
      peer, reader, [&] { return reader.close_code != 0; }, "for the close");
  EXPECT_EQ(reader.close_reason, "session.ended");
  EXPECT_TRUE(guest_closed());
  until([&] { return !notes<seam::RecordingClosed>().empty(); }, "for the recording's end");
  EXPECT_EQ(notes<seam::RecordingClosed>()[0].why, "session.ended");
  EXPECT_EQ(notes<seam::RecordingClosed>()[0].chunks, notes<seam::RecordingChunk>().size());
  ASSERT_EQ(told<seam::ScreenClosed>().size(), 1U);
  EXPECT_EQ(told<seam::ScreenClosed>()[0].code, "session.ended");
  EXPECT_GT(told<seam::ScreenClosed>()[0].bytes_out, 256U);
  EXPECT_EQ(desk->screens(), 0U);
}

TEST_F(ScreenDeskTest, ARefusedTicketIsAnsweredInHttpAndNothingIsTouched) {
  auto peer = knock(seam::ConsoleRefused{admission::refusal("ticket.bad"), false});
  const std::string got = answer(peer);
  EXPECT_EQ(got.rfind("HTTP/1.1 403 ", 0), 0U) << got;
  EXPECT_NE(got.find("ticket.bad"), std::string::npos);
  EXPECT_TRUE(source.targets.empty());
  EXPECT_TRUE(disk->contents().empty());
}

TEST_F(ScreenDeskTest, AScreenThatIsNotHadIsToldToBothSides) {
  for (const char* code : {"console.unreachable", "screen.ticket", "screen.not_running"}) {
    source.refuses = code;
    link.sent.clear();
    questions = 0;
    auto peer = knock(right());
    EXPECT_EQ(farewell(peer), code);
    ASSERT_EQ(told<seam::ScreenClosed>().size(), 1U);
    EXPECT_EQ(told<seam::ScreenClosed>()[0].code, code);
    EXPECT_EQ(desk->screens(), 0U);
  }
}

TEST_F(ScreenDeskTest, WhatOpensAScreenAtItsHypervisorIsGivenToItAlone) {
  auto wanted = right();
  wanted.zone = "internet_business";
  wanted.ticket = Secret("ticket");
  auto peer = open_screen(std::move(wanted));
  ASSERT_EQ(source.targets.size(), 1U);
  EXPECT_EQ(source.targets[0].session, "S20261122-1-000042");
  EXPECT_EQ(source.targets[0].zone, "internet_business");
  EXPECT_EQ(source.targets[0].ticket.reveal(), "ticket");
}

TEST_F(ScreenDeskTest, AScreenOfAnotherPathsZoneIsNotFetchedWhoeverGrantsIt) {
  for (const char* zone : {"my_number", ""}) {
    seam::ScreenRight foreign = right();
    foreign.zone = zone;
    auto peer = knock(std::move(foreign));
    EXPECT_EQ(farewell(peer), "console.other_zone") << zone;
    EXPECT_TRUE(source.targets.empty()) << zone;
    EXPECT_EQ(desk->screens(), 0U);
  }
  auto peer = open_screen(right());
  EXPECT_EQ(desk->screens(), 1U);
}

/// A relay that was told of no zone: unknown is deny.
class NoZoneTest : public ScreenDeskTest {
 protected:
  NoZoneTest() : ScreenDeskTest(DeskLimits(std::set<std::string>{})) {}
};
TEST_F(NoZoneTest, FetchesNothing) {
  for (const char* zone : {kZone, "my_number", ""}) {
    seam::ScreenRight any = right();
    any.zone = zone;
    auto peer = knock(std::move(any));
    EXPECT_EQ(farewell(peer), "console.other_zone") << zone;
  }
  EXPECT_TRUE(source.targets.empty());
}

TEST_F(ScreenDeskTest, WithoutARecordingNoScreen) {
  journal_works = false;
  auto peer = knock(right());
  EXPECT_EQ(farewell(peer), "console.not_recorded");
  EXPECT_TRUE(guest_closed());
  EXPECT_EQ(desk->screens(), 0U);
}

TEST_F(ScreenDeskTest, AFullDiskOpensNoScreen) {
  disk->set_space({100, 1});
  auto peer = knock(right());
  EXPECT_EQ(farewell(peer), "console.not_recorded");
  EXPECT_TRUE(notes<seam::RecordingOpened>().empty());
}

TEST_F(ScreenDeskTest, WhatPolicyDoesNotRecordOpensWithoutADisk) {
  auto wanted = right();
  wanted.recorded = false;
  auto peer = open_screen(std::move(wanted));
  shake_hands(peer);
  EXPECT_TRUE(disk->contents().empty());
  EXPECT_EQ(desk->screens(), 1U);
}

TEST_F(ScreenDeskTest, AClipboardIsToldToTheGatekeeper) {
  auto peer = open_screen();
  shake_hands(peer);
  browser_says(peer, rfb::testing::cut_text(rfb::kClientCutText, 5, rfb::testing::zeros(5)));
  until([&] { return !told<seam::ScreenStopped>().empty(); }, "for the notice");
  const auto stopped = told<seam::ScreenStopped>()[0];
  EXPECT_EQ(stopped.code, "console.clipboard");
  EXPECT_FALSE(stopped.by_guest);
  EXPECT_EQ(stopped.bytes, 5U);
}

TEST_F(ScreenDeskTest, WhatThePersonDoesIsToldAndWhatPageAndGuestDoByThemselvesIsNot) {
  auto peer = open_screen();
  shake_hands(peer);
  browser_says(peer, rfb::testing::novnc_opening({64, 64}));
  browser_says(peer, rfb::testing::cut_text(rfb::kClientCutText, 5, rfb::testing::zeros(5)));
  guest_says(screens::ScreenStage::picture(0, 0, 8, 8, 0x11223344));
  until([&] { return !told<seam::ScreenStopped>().empty(); }, "for the notice");
  EXPECT_TRUE(told<seam::ScreenUsed>().empty());
  browser_says(peer, rfb::testing::pointer(0, 10, 10));
  until([&] { return !told<seam::ScreenUsed>().empty(); }, "for the pointer");
  for (int i = 0; i < 50; ++i) browser_says(peer, rfb::testing::pointer(0, 11, 10));
  browser_says(peer, rfb::testing::cut_text(rfb::kClientCutText, 5, rfb::testing::zeros(5)));
  browser_says(peer, rfb::testing::key(true, 'a'));
  const rfb::Bytes key = rfb::testing::key(true, 'a');
  std::string guest;
  until(
      [&] {
        char buffer[4096];
        const auto n = ::read(source.guests.at(0).get(), buffer, sizeof buffer);
        if (n > 0) guest.append(buffer, static_cast<std::size_t>(n));
        return guest.ends_with(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
      },
      "for the key");
  EXPECT_EQ(told<seam::ScreenUsed>().size(), 1U) << "at most every 10 s";
}

TEST_F(ScreenDeskTest, AJournalThatStopsTakingNotesEndsTheScreen) {
  auto peer = open_screen();
  shake_hands(peer);
  notes_answered = false;
  // The link is lost: the chunk that is on its way can never be noted.
  desk->set_link(nullptr);
  gate_says(seam::ScreenEnd{7, "console.no_such_server"});
  BrowserReader reader;
  read_until(
      peer, reader, [&] { return reader.close_code != 0; }, "for the close");
  EXPECT_EQ(reader.close_reason, "console.no_such_server");
}

TEST_F(ScreenDeskTest, AGatekeeperThatIsBackFindsNoScreenOfItsFormerLife) {
  auto one = open_screen(right(1)), two = open_screen(right(2));
  shake_hands(one, 0);
  shake_hands(two, 1);
  desk->set_link(nullptr);
  EXPECT_EQ(desk->screens(), 2U) << "who is inside stays while it is away";
  EXPECT_FALSE(guest_closed(0));
  desk->set_link(&link);
  until([&] { return desk->screens() == 0; }, "for their end");
  EXPECT_TRUE(guest_closed(0));
  EXPECT_TRUE(guest_closed(1));
  BrowserReader reader;
  read_until(
      one, reader, [&] { return reader.close_code != 0; }, "for the close");
  EXPECT_EQ(reader.close_reason, "gate.unavailable");
}

TEST_F(ScreenDeskTest, OneScreenEndsAloneAndASessionsAllTogether) {
  auto one = open_screen(right(1)), two = open_screen(right(2));
  shake_hands(one, 0);
  shake_hands(two, 1);
  gate_says(seam::ScreenEnd{1, "console.no_such_server"});
  until([&] { return desk->screens() == 1; }, "for the first");
  EXPECT_TRUE(guest_closed(0));
  EXPECT_FALSE(guest_closed(1));
  gate_says(seam::EntranceEnd{"S20261122-1-000043"});
  EXPECT_EQ(desk->screens(), 1U) << "another session's";
  gate_says(seam::EntranceEnd{"S20261122-1-000042"});
  until([&] { return desk->screens() == 0; }, "for the second");
  EXPECT_TRUE(guest_closed(1));
}

TEST_F(ScreenDeskTest, ABrowserThatLeavesEndsItsScreen) {
  {
    auto peer = open_screen();
    shake_hands(peer);
  }
  until([&] { return !told<seam::ScreenClosed>().empty(); }, "for the end");
  EXPECT_EQ(told<seam::ScreenClosed>()[0].code, "console.viewer_gone");
  EXPECT_TRUE(guest_closed());
  until([&] { return !notes<seam::RecordingClosed>().empty(); }, "for the recording's end");
}

TEST_F(ScreenDeskTest, AGuestThatLeavesEndsItsScreen) {
  auto peer = open_screen();
  shake_hands(peer);
  source.guests[0].reset();
  BrowserReader reader;
  read_until(
      peer, reader, [&] { return reader.close_code != 0; }, "for the close");
  EXPECT_EQ(reader.close_reason, "console.guest_gone");
  EXPECT_EQ(reader.close_code, websocket::kGoingAway);
}

TEST_F(ScreenDeskTest, ASlowBrowserHoldsBackItsOwnGuestAlone) {
  auto slow = open_screen(right(1)), quick = open_screen(right(2));
  shake_hands(slow, 0);
  shake_hands(quick, 1);
  const rfb::Bytes picture = screens::ScreenStage::picture(0, 0, 64, 64, 0);
  // Into the slow one's socket until the relay takes no more.
  std::size_t stuffed = 0;
  for (int still = 0; still < 20;) {
    const auto n = ::write(source.guests[0].get(), picture.data(), picture.size());
    if (n > 0) stuffed += static_cast<std::size_t>(n);
    if (n > 0 && static_cast<std::size_t>(n) < picture.size()) {
      guest_says(rfb::Bytes(picture.begin() + n, picture.end()), 0);
      stuffed += picture.size() - static_cast<std::size_t>(n);
    }
    still = n > 0 ? 0 : still + 1;
    loop.run_one_for(std::chrono::milliseconds(5));
    loop.restart();
    if (stuffed > (64U << 20U)) break;
  }
  EXPECT_LT(stuffed, 64U << 20U) << "held back";
  BrowserReader reader;
  for (int i = 0; i < 20; ++i) guest_says(picture, 1);
  read_until(
      quick, reader, [&] { return reader.stream.size() >= 20 * picture.size(); }, "for the quick one");
  EXPECT_EQ(desk->screens(), 2U);
}

class HastyDesk : public ScreenDeskTest {
 protected:
  HastyDesk() : ScreenDeskTest(hasty()) {}
  static DeskLimits hasty() {
    DeskLimits out({kZone});
    out.step = Seconds{0};
    return out;
  }
};

TEST_F(HastyDesk, AGuestThatIsSilentTooLongIsUnreachable) {
  source.silent = true;
  auto peer = knock(right());
  EXPECT_EQ(farewell(peer), "console.unreachable");
  ASSERT_EQ(source.waiting.size(), 1U);
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  source.waiting[0](run::Fd(ends[1]));  // too late: closed, and no harm done
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);
  ::close(ends[0]);
}

}  // namespace
}  // namespace sekisho::relay::testing
