#include "screens/testing/screen_stage.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace sekisho::screens {
namespace {

using namespace rfb::testing;
using std::chrono::milliseconds;

/// Kinds of records and the texts of events, of everything that was recorded.
struct Kept {
  std::multiset<std::uint8_t> kinds;
  std::vector<recording::PolicyEvent> events;
  std::vector<recording::Key> keys;
  std::vector<recording::Pointer> pointers;
};
Kept kept_by(ScreenStage& stage) {
  Kept out;
  const std::string bytes = stage.disk.contents().at(stage.file->name());
  for (std::size_t at = recording::kHeaderBytes; at < bytes.size();) {
    const std::string_view rest = std::string_view(bytes).substr(at);
    const auto header = recording::decode_chunk_header(rest);
    EXPECT_TRUE(header);
    recording::RecordWalker walker(rest.substr(0, header->length), *header);
    for (;;) {
      const auto record = walker.next();
      if (!record || !*record) break;
      out.kinds.insert((*record)->kind);
      const std::string_view payload = (*record)->payload;
      switch (static_cast<recording::RecordKind>((*record)->kind)) {
        case recording::RecordKind::event:
          out.events.push_back(*recording::decode_event(payload));
          break;
        case recording::RecordKind::key:
          out.keys.push_back(*recording::decode_key(payload));
          break;
        case recording::RecordKind::pointer:
          out.pointers.push_back(*recording::decode_pointer(payload));
          break;
        default:
          break;
      }
    }
    at += header->length;
  }
  return out;
}

TEST(ScreenRecording, KeepsTheGuestsPictureAsItWasRelayed) {
  ScreenStage stage;
  stage.open();
  std::mt19937 chance(5);
  std::vector<std::uint32_t> want(640 * 480, 0);
  for (int i = 0; i < 200; ++i) {
    const auto w = static_cast<std::uint16_t>(1 + chance() % 200), h = static_cast<std::uint16_t>(1 + chance() % 200);
    const auto x = static_cast<std::uint16_t>(chance() % (640U - w)),
               y = static_cast<std::uint16_t>(chance() % (480U - h));
    const auto colour = static_cast<std::uint32_t>(chance());
    stage.guest_says(ScreenStage::picture(x, y, w, h, colour));
    for (std::size_t row = y; row < std::size_t{y} + h; ++row) {
      for (std::size_t column = x; column < std::size_t{x} + w; ++column) want[row * 640 + column] = colour;
    }
    stage.pass(milliseconds(70));
  }
  const recording::Screen& got = stage.recording->recorder().screen();
  ASSERT_EQ(got.width(), 640);
  ASSERT_EQ(got.height(), 480);
  std::vector<std::byte> row(std::size_t{3} * 640);
  for (std::uint16_t y = 0; y < 480; ++y) {
    got.row(y, row);
    for (std::size_t x = 0; x < 640; ++x) {
      // noVNC asked for red first: the wire's bytes (big-endian here) are R, G, B, X.
      const std::uint32_t colour = want[y * 640U + x];
      ASSERT_EQ(std::to_integer<unsigned>(row[3 * x]), colour >> 24U) << x << "," << y;
      ASSERT_EQ(std::to_integer<unsigned>(row[3 * x + 1]), colour >> 16U & 255U);
      ASSERT_EQ(std::to_integer<unsigned>(row[3 * x + 2]), colour >> 8U & 255U);
    }
  }
  stage.screen->end("session.ended", stage.now);
  stage.record();
  ASSERT_TRUE(stage.recording->closed());
  stage.journal.push_back(
      recording::closed_entry(stage.header, stage.recording->chunks_durable(), "session.ended", stage.now));
  const auto check = stage.check();
  EXPECT_TRUE(check.ok);
  EXPECT_TRUE(check.closed);
}

TEST(ScreenRecording, KeepsPointerAndPolicyEventsBesideThePicture) {
  ScreenStage stage;
  stage.open();
  stage.browser_says(pointer(1, 100, 200) + pointer(0, 101, 200));
  stage.browser_says(cut_text(rfb::kClientCutText, 5, zeros(5)));
  stage.pass(milliseconds(500));
  stage.screen->end("session.ended", stage.now);
  stage.record();
  const Kept kept = kept_by(stage);
  EXPECT_NE(std::ranges::find(kept.pointers, recording::Pointer{100, 200, 1}), kept.pointers.end());
  const recording::PolicyEvent dropped{"console.clipboard", "viewer count 1 bytes 5"};
  EXPECT_NE(std::ranges::find(kept.events, dropped), kept.events.end());
}

TEST(ScreenRecording, KeepsKeysAsPolicySays) {
  const auto keys_with = [](recording::Keys keys) {
    ScreenStage stage(true, {}, recorder_options(keys));
    stage.open();
    stage.browser_says(key(true, 's') + key(false, 's'));
    stage.screen->end("session.ended", stage.now);
    stage.record();
    return kept_by(stage).keys;
  };
  EXPECT_TRUE(keys_with(recording::Keys::none).empty());
  const auto masked = keys_with(recording::Keys::masked), clear = keys_with(recording::Keys::clear);
  ASSERT_EQ(masked.size(), 2U);
  EXPECT_EQ(masked[0].keysym, 0U);
  ASSERT_EQ(clear.size(), 2U);
  EXPECT_EQ(clear[0].keysym, static_cast<std::uint32_t>('s'));
}

TEST(ScreenRecording, FollowsANewSizeOfTheScreen) {
  ScreenStage stage;
  stage.open();
  stage.guest_says(update(1) + rect({0, 0, 800, 600, rfb::kDesktopSize}));
  stage.guest_says(ScreenStage::picture(700, 500, 100, 100, 0x11223344));
  stage.pass(milliseconds(500));
  EXPECT_EQ(stage.recording->recorder().screen().width(), 800);
  EXPECT_FALSE(stage.screen->ended());
}

TEST(ScreenRecording, WhatCannotBeDecodedEndsTheScreen) {
  ScreenStage stage;
  stage.open();
  // Well framed, and no zlib inside.
  stage.guest_says(update(1) + rect({0, 0, 64, 64, rfb::kZrle}) + hex("00000008 ffffffffffffffff"));
  ASSERT_FALSE(stage.screen->ended());
  stage.pass(milliseconds(200));
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.not_recorded");
  EXPECT_EQ(stage.screen->why().detail, "recording.undecodable");
  EXPECT_EQ(stage.recording->next_chunk(stage.now), nullptr);
}

TEST(ScreenRecording, ADiskThatIsFullForAMomentLosesNothing) {
  ScreenStage stage;
  stage.open();
  stage.pass(Seconds{6});
  stage.writes = false;
  stage.guest_says(ScreenStage::picture(0, 0, 64, 64, 0xff000000));
  stage.pass(Seconds{4});
  stage.writes = true;
  stage.pass(Seconds{3});
  EXPECT_FALSE(stage.screen->ended());
  EXPECT_GT(stage.tape->state().durable_until, kMorning + Seconds{5});
  EXPECT_TRUE(stage.check().ok);
}

TEST(ScreenRecording, SaysThatItLivesThoughNothingHappens) {
  ScreenStage stage;
  stage.open();
  stage.record();
  for (int i = 0; i < 40; ++i) {
    const auto due = stage.recording->next_deadline();
    ASSERT_TRUE(due);
    EXPECT_LE(*due, stage.now + Seconds{1});
    stage.now = *due;
    stage.record();
    EXPECT_EQ(stage.tape->state().alive, stage.now);
  }
  EXPECT_GE(stage.tape->state().durable_until, stage.now - Seconds{6});
}

TEST(ScreenRecording, AClockThatJumpsBackLeavesTheTimeOfTheTapeAsItWas) {
  ScreenStage stage;
  stage.open();
  stage.guest_says(ScreenStage::picture(0, 0, 64, 64, 0x11223300));
  stage.pass(Seconds{7});
  const Instant before = stage.now;
  stage.now -= std::chrono::hours(1);
  stage.guest_says(ScreenStage::picture(64, 0, 64, 64, 0x44556600));
  stage.pass(Seconds{2});
  EXPECT_GE(stage.tape->state().alive, before);
  stage.now = before + Seconds{1};
  stage.guest_says(ScreenStage::picture(0, 64, 64, 64, 0x77889900));
  stage.pass(Seconds{6});
  EXPECT_FALSE(stage.screen->ended());
  stage.screen->end("session.ended", stage.now);
  stage.record();
  ASSERT_TRUE(stage.recording->closed());
  const auto v = stage.check();
  EXPECT_TRUE(v.ok) << (v.findings.empty() ? "" : v.findings[0].why);
  EXPECT_GE(v.proved_until, before + Seconds{7});
  std::vector<std::byte> row(std::size_t{3} * 640);
  stage.recording->recorder().screen().row(1, row);
  EXPECT_EQ(row[3 * 64], std::byte{0x44}) << "what came meanwhile is kept";
}

/// Twenty bytes each that paint a whole screen.
Bytes copies_of_the_screen(int count) {
  Bytes out;
  for (int i = 0; i < count; ++i) {
    rfb::put(out, update(1) + rect({0, 0, 3840, 2096, rfb::kCopyRect}) + hex("0000 0040"));
  }
  return out;
}

TEST(ScreenRecording, AGuestThatAsksForTooMuchIsServedInTurnsAndLosesNothing) {
  ScreenStage stage;
  stage.open({3840, 2160});
  stage.guest_says(ScreenStage::picture(0, 2100, 50, 60, 0x11223344));
  stage.record();
  ASSERT_FALSE(stage.recording->behind());
  stage.recorder_works = false;
  stage.guest_says(copies_of_the_screen(12) + ScreenStage::picture(7, 7, 1, 1, 0xaabbcc00));
  stage.now += milliseconds(200);
  int turns = 0;
  do {
    stage.recording->work(stage.now);
    EXPECT_EQ(stage.tape->state().alive, stage.now) << "it is told that the thread is at work";
    if (stage.recording->behind()) {
      ASSERT_TRUE(stage.recording->next_deadline());
      EXPECT_LE(*stage.recording->next_deadline(), stage.now) << "the next turn is at once";
    }
    ++turns;
  } while (stage.recording->behind() && turns < 100);
  EXPECT_GE(turns, 12);
  EXPECT_LT(turns, 100);
  std::vector<std::byte> row(std::size_t{3} * 3840);
  stage.recording->recorder().screen().row(7, row);
  EXPECT_EQ(row[3 * 7], std::byte{0xaa});
  stage.recording->recorder().screen().row(2100 - 12 * 64, row);
  EXPECT_EQ(row[0], std::byte{0x11}) << "copied up twelve times";
}

TEST(ScreenRecording, WhatIsNotYetReadIsNotDurableAndEndsItsOwnScreen) {
  ScreenStage stage;
  stage.open({3840, 2160});
  stage.record();
  stage.recorder_works = false;
  stage.now += Seconds(1);
  const Instant said = stage.now;
  stage.guest_says(copies_of_the_screen(40));
  stage.one_turn = true;
  // A machine so slow that a turn takes a second and a half.
  for (int i = 0; i < 8; ++i) {
    stage.now += milliseconds(1500);
    stage.record();
    ASSERT_TRUE(stage.recording->behind());
    EXPECT_LE(stage.tape->state().durable_until, said);
    stage.screen->tick(stage.now);
  }
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.not_recorded");
}

}  // namespace
}  // namespace sekisho::screens
