#include "console/rfb/console.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sekisho::rfb {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

Bytes text(std::string_view words) {
  Bytes out;
  put(out, words);
  return out;
}

const std::string kRecordings = std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata";
const Bytes kHello = text("RFB 003.008\n");

/// A console between a viewer and a guest that are played by the test.
struct Played {
  explicit Played(ConsoleOptions options = {.name = "web-01"}) : console(std::move(options), nullptr, now) {}

  /// Everything that waits for that peer, taken.
  Bytes to_viewer() {
    const Bytes out(console.to_viewer().begin(), console.to_viewer().end());
    console.sent_to_viewer(out.size());
    return out;
  }
  Bytes to_guest() {
    const Bytes out(console.to_guest().begin(), console.to_guest().end());
    console.sent_to_guest(out.size());
    return out;
  }
  std::size_t viewer(const Bytes& bytes) { return console.from_viewer(bytes, now); }
  std::size_t guest(const Bytes& bytes) { return console.from_guest(bytes, now); }
  void open() {
    guest(recording(kRecordings, "qemu_handshake"));
    viewer(kHello + hex("01"));
    viewer(hex("01"));
    ASSERT_EQ(console.state(), Console::State::open);
    to_viewer();
    to_guest();
  }

  Instant now = *parse_rfc3339("2026-11-22T09:00:00Z");
  Console console;
};

TEST(Console, OpensWhicheverSideIsFirst) {
  const Bytes guest = recording(kRecordings, "qemu_handshake");
  for (const bool guest_first : {true, false}) {
    Played played;
    if (guest_first) {
      EXPECT_EQ(played.guest(guest), guest.size());
    }
    EXPECT_EQ(played.viewer(kHello + hex("01")), 13U);
    if (!guest_first) {
      EXPECT_EQ(played.console.room_from_viewer(), 0U) << "the viewer waits for the guest";
      EXPECT_EQ(played.guest(guest), guest.size());
    }
    EXPECT_EQ(played.console.state(), Console::State::opening);
    EXPECT_EQ(played.console.room_from_guest(), 0U) << "the guest waits for the viewer";
    EXPECT_EQ(played.viewer(hex("00")), 1U);
    EXPECT_EQ(played.console.state(), Console::State::open);
    Bytes init;
    ViewerHandshake::server_init({640, 480}, PixelOrder::bgrx, "web-01", init);
    EXPECT_EQ(to_hex(played.to_viewer()), to_hex(kHello + hex("0101 00000000") + init));
    EXPECT_EQ(to_hex(played.to_guest()), to_hex(kHello + hex("01 01") + set_pixel_format(PixelOrder::bgrx)))
        << "shared, although the viewer did not want to";
  }
}

TEST(Console, CarriesANoVncSessionOfARealQemu) {
  Played played;
  played.open();
  played.viewer(novnc_opening({640, 480}));
  const Bytes asked = played.to_guest();
  EXPECT_NE(to_hex(asked).find(to_hex(update_request(false, 0, 0, 640, 480))), std::string::npos);
  const Bytes picture = recording(kRecordings, "qemu_all");
  played.guest(picture);
  // noVNC does not ask for -257 and -314, so this recording, which has them, ends there; what came before has passed.
  EXPECT_EQ(played.console.why(), Cause::encoding);
  EXPECT_EQ(to_hex(played.to_viewer()), to_hex(Bytes(picture.begin(), picture.begin() + 20)));
}

TEST(Console, CarriesPicturesKeysAndAScanCode) {
  Played played;
  played.open();
  played.viewer(set_encodings({kTight, kQemuKeys, kPointerType, kLedState, kExtendedDesktopSize}) +
                update_request(true, 0, 0, 640, 480));
  played.to_guest();
  const Bytes picture = recording(kRecordings, "qemu_all");
  EXPECT_EQ(played.guest(picture), picture.size());
  EXPECT_EQ(to_hex(played.to_viewer()), to_hex(picture));
  const Bytes yen = qemu_key(true, 0x5c, 0x7d) + qemu_key(false, 0x5c, 0x7d);
  EXPECT_EQ(played.viewer(yen), yen.size());
  EXPECT_EQ(to_hex(played.to_guest()), to_hex(yen));
  EXPECT_EQ(played.console.state(), Console::State::open);
}

TEST(Console, ASlowViewerHoldsItsGuestBackAndMemoryStaysBounded) {
  Played played;
  played.open();
  const Bytes piece = update(1) + rect({0, 0, 640, 480, kRaw}) + zeros(640 * 480 * 4);
  std::size_t taken = 0;
  for (int i = 0; i < 1000; ++i) {
    taken += played.console.from_guest(View(piece).subspan(taken % piece.size()), played.now);
  }
  EXPECT_EQ(played.console.room_from_guest(), 0U);
  EXPECT_LE(played.console.to_viewer().size(), Console::kToViewer);
  EXPECT_EQ(taken, played.console.to_viewer().size());
  played.console.sent_to_viewer(1000);
  EXPECT_EQ(played.console.room_from_guest(), 1000U) << "room comes back as the viewer reads";
  played.to_viewer();
  EXPECT_EQ(played.console.room_from_guest(), 65536U);
}

TEST(Console, ASlowGuestHoldsItsViewerBack) {
  Played played;
  played.open();
  const Bytes moves = pointer(0, 1, 1);
  std::size_t taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += played.console.from_viewer(View(moves).subspan(taken % 6), played.now);
  EXPECT_EQ(played.console.room_from_viewer(), 0U);
  EXPECT_LE(played.console.to_guest().size(), Console::kToGuest + ViewerFilter::kLongest);
  played.to_guest();
  EXPECT_GT(played.console.room_from_viewer(), 0U);
}

TEST(Console, NothingIsLostOrDoubledWhenRoomIsScarce) {
  Played played;
  played.open();
  Bytes stream;
  for (int i = 0; i < 40; ++i) {
    Bytes pixels(100 * 100 * 4);
    for (std::size_t k = 0; k < pixels.size(); ++k)
      pixels[k] = static_cast<std::byte>(k * 7 + static_cast<std::size_t>(i));
    put(stream, update(1) + rect({0, 0, 100, 100, kRaw}) + pixels);
  }
  Bytes got;
  View rest = stream;
  std::size_t step = 1;
  while (!rest.empty() || !played.console.to_viewer().empty()) {
    rest = rest.subspan(played.console.from_guest(rest, played.now));
    step = step * 31 % 9973 + 1;
    const View waiting = played.console.to_viewer();
    const std::size_t size = std::min(step, waiting.size());
    put(got, waiting.first(size));
    played.console.sent_to_viewer(size);
  }
  EXPECT_TRUE(got == stream);
}

TEST(Console, ReportsTheFirstAttemptAtOnceAndThenSumsUp) {
  Played played;
  played.open();
  played.viewer(cut_text(kClientCutText, 3, zeros(3)));
  const Notice first{Cause::clipboard, Side::viewer, 1, 3, 1};
  EXPECT_EQ(played.console.notices(played.now), std::vector{first});
  for (int i = 0; i < 500; ++i) {
    played.viewer(cut_text(kClientCutText, 3, zeros(3)));
    played.guest(cut_text(kServerCutText, 1, zeros(1)));
  }
  const Notice guests{Cause::clipboard, Side::guest, 500, 500, 500};
  EXPECT_EQ(played.console.notices(played.now), std::vector{guests}) << "the viewer's wait for their second";
  ASSERT_EQ(played.console.next_deadline(), played.now + seconds(1));
  played.now += seconds(1);
  const Notice summary{Cause::clipboard, Side::viewer, 500, 1500, 501};
  EXPECT_EQ(played.console.notices(played.now), std::vector{summary});
  EXPECT_FALSE(played.console.next_deadline());
  EXPECT_TRUE(played.to_viewer().empty());
  EXPECT_TRUE(played.to_guest().empty());
}

TEST(Console, TellsEverythingOnceItHasEnded) {
  Played played;
  played.open();
  played.viewer(cut_text(kClientCutText, 3, zeros(3)));
  static_cast<void>(played.console.notices(played.now));
  played.viewer(cut_text(kClientCutText, 3, zeros(3)) + hex("82"));
  EXPECT_EQ(played.console.state(), Console::State::ended);
  EXPECT_EQ(played.console.why(), Cause::file_transfer);
  const auto notices = played.console.notices(played.now);
  ASSERT_EQ(notices.size(), 2U);
  EXPECT_EQ(notices[0].cause, Cause::clipboard);
  EXPECT_EQ(notices[1].cause, Cause::file_transfer);
}

TEST(Console, TakesAndSendsNothingAfterItsEnd) {
  Played played;
  played.open();
  played.console.end(Cause::closed);
  EXPECT_EQ(played.console.room_from_viewer(), 0U);
  EXPECT_EQ(played.console.room_from_guest(), 0U);
  EXPECT_EQ(played.viewer(key(true, 'a')), 0U);
  EXPECT_EQ(played.guest(hex("02")), 0U);
  EXPECT_TRUE(played.to_viewer().empty());
  EXPECT_TRUE(played.to_guest().empty());
  played.console.end(Cause::guest_gone);
  EXPECT_EQ(played.console.why(), Cause::closed) << "the first reason stays";
}

TEST(Console, TellsAViewerWhoWaitsWhyThereIsNoScreen) {
  Played played;
  played.viewer(kHello + hex("01"));
  played.to_viewer();
  played.guest(text("RFB 003.003\n"));
  EXPECT_EQ(played.console.why(), Cause::version);
  const Bytes said = played.to_viewer();
  const std::string words(reinterpret_cast<const char*>(said.data()), said.size());
  EXPECT_EQ(to_hex(said).substr(0, 8), "00000001");
  EXPECT_NE(words.find("console.version: "), std::string::npos) << words;
  EXPECT_NE(words.find("版"), std::string::npos) << "in Japanese";
  EXPECT_NE(words.find("The version"), std::string::npos) << "and in English";
}

TEST(Console, GivesUpOnAnOpeningThatTakesTooLong) {
  Played played;
  played.viewer(kHello);
  ASSERT_EQ(played.console.next_deadline(), played.now + seconds(10));
  played.now += seconds(10) - milliseconds(1);
  played.console.tick(played.now);
  EXPECT_EQ(played.console.state(), Console::State::opening);
  played.now += milliseconds(1);
  played.console.tick(played.now);
  EXPECT_EQ(played.console.why(), Cause::slow_opening);
}

TEST(Console, KeysThatCameTooFastGoOutWithTime) {
  Played played;
  played.open();
  Bytes keys;
  for (std::uint32_t i = 0; i < 31; ++i) put(keys, key(true, 'a' + i % 26));
  const std::size_t taken = played.viewer(keys + pointer(0, 1, 1));
  EXPECT_EQ(taken, keys.size()) << "the pointer's turn comes after the key that waits";
  EXPECT_EQ(played.console.room_from_viewer(), 0U);
  EXPECT_EQ(played.to_guest().size(), 30U * 8);
  const auto due = played.console.next_deadline();
  ASSERT_TRUE(due);
  static_cast<void>(played.console.notices(played.now));
  const auto key_due = played.console.next_deadline();
  ASSERT_TRUE(key_due);
  EXPECT_LE(*key_due - played.now, milliseconds(34));
  played.now = *key_due;
  played.console.tick(played.now);
  EXPECT_EQ(played.to_guest().size(), 8U);
  EXPECT_GT(played.console.room_from_viewer(), 0U);
}

TEST(Console, TwoViewersOfOneMachineShareNothing) {
  Played first, second;
  first.open();
  second.open();
  first.viewer(cut_text(kClientCutText, 6, text("secret")));
  EXPECT_TRUE(first.to_guest().empty());
  // What QEMU would tell the second viewer of it: an extended clipboard notice.
  second.guest(cut_text(kServerCutText, 0xfffffffcU, hex("08000001")));
  EXPECT_TRUE(second.to_viewer().empty());
  EXPECT_EQ(second.console.total(Cause::clipboard, Side::guest), 1U);
}

}  // namespace
}  // namespace sekisho::rfb
