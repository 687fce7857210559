#include "screens/testing/screen_stage.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sekisho::screens {
namespace {

using namespace rfb::testing;
using std::chrono::milliseconds;

TEST(Screen, CarriesAPictureAndKeysBetweenBrowserAndGuest) {
  ScreenStage stage(false);
  stage.open();
  ASSERT_TRUE(stage.screen->open());
  const Bytes picture = ScreenStage::picture(8, 8, 16, 16, 0x00336699);
  stage.guest_says(picture);
  EXPECT_EQ(to_hex(stage.browser.stream), to_hex(picture));
  stage.browser_says(key(true, 'a') + pointer(1, 5, 6));
  EXPECT_EQ(to_hex(stage.guest_heard), to_hex(key(true, 'a') + pointer(1, 5, 6)));
  EXPECT_FALSE(stage.screen->ended());
}

TEST(Screen, ReadsStreamsThatAreCutAnywhere) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 13U}) {
    ScreenStage stage(false);
    stage.piece = piece;
    stage.open();
    ASSERT_TRUE(stage.screen->open()) << piece;
    const Bytes picture = ScreenStage::picture(0, 0, 9, 5, 0x00112233);
    stage.guest_says(picture);
    stage.browser_says(key(true, 'x'));
    EXPECT_EQ(to_hex(stage.browser.stream), to_hex(picture));
    EXPECT_EQ(to_hex(stage.guest_heard), to_hex(key(true, 'x')));
  }
}

TEST(Screen, HoldsTheGuestBackWhileTheBrowserDoesNotRead) {
  ScreenStage stage(false);
  stage.open();
  stage.browser_reads = false;
  const Bytes picture = ScreenStage::picture(0, 0, 640, 480, 0);
  for (int i = 0; i < 4; ++i) stage.guest_says(picture);
  EXPECT_EQ(stage.screen->room_from_guest(), 0U);
  EXPECT_GT(stage.guest_out.size(), 3 * picture.size());
  EXPECT_LE(stage.screen->to_browser().size(), Screen::kToBrowser + 16);
  stage.browser_reads = true;
  stage.move();
  EXPECT_TRUE(stage.guest_out.empty());
  EXPECT_EQ(stage.browser.stream.size(), 4 * picture.size());
}

TEST(Screen, ASlowViewerOfTheSameMachineHarmsNobody) {
  ScreenStage slow, quick;
  slow.open();
  quick.open();
  slow.browser_reads = false;
  const Bytes picture = ScreenStage::picture(0, 0, 640, 480, 0x00010203);
  for (int i = 0; i < 20; ++i) {
    slow.guest_says(picture);
    quick.guest_says(picture);
    EXPECT_TRUE(quick.guest_out.empty());
  }
  EXPECT_EQ(quick.browser.stream.size(), 20 * picture.size());
  EXPECT_EQ(slow.screen->room_from_guest(), 0U);
}

TEST(Screen, HoldsTheBrowserBackWhileTheGuestDoesNotRead) {
  ScreenOptions options;
  options.console.viewer.key_presses_per_s = 0;
  ScreenStage stage(false, options);
  stage.open();
  stage.guest_reads = false;
  Bytes keys;
  for (int i = 0; i < 1000; ++i) rfb::put(keys, pointer(0, 1, 1));
  for (int i = 0; i < 20; ++i) stage.browser_says(keys);
  EXPECT_EQ(stage.screen->room_from_browser(), 0U);
  EXPECT_LE(stage.screen->to_guest().size(), 2 * rfb::Console::kToGuest);
  EXPECT_FALSE(stage.browser_out.empty());
  stage.guest_reads = true;
  stage.move();
  EXPECT_TRUE(stage.browser_out.empty());
  EXPECT_EQ(stage.guest_heard.size(), 20 * keys.size());
}

TEST(Screen, TakesTheClipboardOutBothWaysAndTellsItTwice) {
  ScreenStage stage;
  stage.open();
  stage.browser_says(cut_text(rfb::kClientCutText, 5, zeros(5)));
  stage.browser_says(cut_text(rfb::kClientCutText, 0xfffffff8U, zeros(8)));
  stage.guest_says(cut_text(rfb::kServerCutText, 3, zeros(3)));
  stage.pass(milliseconds(1100));
  EXPECT_TRUE(stage.guest_heard.empty());
  EXPECT_TRUE(stage.browser.stream.empty());
  std::uint64_t by_viewer = 0, by_guest = 0;
  for (const rfb::Notice& notice : stage.notices) {
    if (notice.cause != rfb::Cause::clipboard) continue;
    (notice.side == rfb::Side::viewer ? by_viewer : by_guest) += notice.count;
  }
  EXPECT_EQ(by_viewer, 2U);
  EXPECT_EQ(by_guest, 1U);
  EXPECT_FALSE(stage.screen->ended());
  stage.screen->end("session.ended", stage.now);
  stage.record();
  const std::string bytes = stage.disk.contents().at(stage.file->name());
  EXPECT_NE(bytes.find("console.clipboard"), std::string::npos) << "beside the picture too";
}

TEST(Screen, AFileTransferEndsItAndTheBrowserIsToldWhy) {
  ScreenStage stage;
  stage.open();
  stage.browser_says(hex("07 01 02 00 00000000 00000000"));
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.file_transfer");
  EXPECT_EQ(stage.browser.close_code, websocket::kPolicy);
  EXPECT_EQ(stage.browser.close_reason, "console.file_transfer");
  ASSERT_FALSE(stage.notices.empty());
  EXPECT_EQ(stage.notices.back().cause, rfb::Cause::file_transfer);
  EXPECT_EQ(stage.screen->room_from_guest(), 0U);
  EXPECT_FALSE(stage.screen->done());
  stage.browser_raw(browser_frame(hex("03e8"), 8));
  EXPECT_TRUE(stage.screen->done());
}

TEST(Screen, AGuestThatBreaksTheProtocolEndsItsOwnScreenAlone) {
  ScreenStage bad, good;
  bad.open();
  good.open();
  bad.guest_says(update(1) + rect({600, 0, 100, 10, rfb::kRaw}));
  EXPECT_EQ(bad.screen->why().code, "console.outside_screen");
  good.guest_says(ScreenStage::picture(0, 0, 4, 4, 1));
  EXPECT_FALSE(good.screen->ended());
}

TEST(Screen, AFaultOfTheWebSocketEndsIt) {
  ScreenStage stage;
  stage.open();
  stage.browser_raw(hex("82 01 00"));  // not masked
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.websocket");
  EXPECT_EQ(stage.browser.close_code, websocket::kProtocolError);
  EXPECT_TRUE(stage.screen->done());
}

TEST(Screen, ABrowserThatClosesItIsAnOrdinaryEnd) {
  ScreenStage stage;
  stage.open();
  stage.browser_raw(browser_frame(hex("03e8"), 8));
  EXPECT_EQ(stage.screen->why().code, "console.viewer_gone");
  EXPECT_TRUE(stage.screen->done());
  for (const rfb::Notice& notice : stage.notices) EXPECT_FALSE(rfb::words(notice.cause).ends);
}

TEST(Screen, TheGatesEndReachesTheBrowserAndTheRecording) {
  ScreenStage stage;
  stage.open();
  stage.screen->end("session.right_ended", stage.now);
  stage.move();
  EXPECT_EQ(stage.browser.close_code, websocket::kNormal);
  EXPECT_EQ(stage.browser.close_reason, "session.right_ended");
  EXPECT_EQ(stage.screen->room_from_guest(), 0U);
  stage.record();
  EXPECT_TRUE(stage.recording->closed());
  EXPECT_EQ(stage.recording->why(), "session.right_ended");
  EXPECT_TRUE(stage.tape->state().closed);
}

TEST(Screen, WhoDoesNotTakeHisLastWordsGoesWithoutThem) {
  ScreenStage stage(false);
  stage.open();
  stage.browser_reads = false;
  stage.screen->end("session.ended", stage.now);
  EXPECT_FALSE(stage.screen->done());
  EXPECT_EQ(stage.screen->next_deadline(), stage.now + Seconds{5});
  stage.pass(milliseconds(4900));
  EXPECT_FALSE(stage.screen->done());
  stage.pass(milliseconds(100));
  EXPECT_TRUE(stage.screen->done());
}

TEST(Screen, AViewerOfAGuestThatRefusesReadsItInRfbsWords) {
  ScreenStage stage(false);
  stage.browser_says(hex("524642203030332e3030380a"));
  stage.browser_says(hex("01"));
  stage.guest_says(hex("524642203030332e3030380a") + hex("00") + hex("00000006") + hex("6c6f636b6564"));
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.guest_refused");
  EXPECT_EQ(stage.screen->why().detail, "locked");
  const std::string said(reinterpret_cast<const char*>(stage.browser.stream.data()), stage.browser.stream.size());
  EXPECT_NE(said.find("console.guest_refused"), std::string::npos);
}

TEST(Screen, WithholdsWhatTheRecorderCannotRead) {
  const auto asks_for_quality = [](bool with_recording) {
    ScreenStage stage(with_recording);
    stage.open();
    stage.browser_says(set_encodings({rfb::kTight, -26, rfb::kRaw}));
    for (std::size_t i = 4; i + 4 <= stage.guest_heard.size(); i += 4) {
      if (static_cast<std::int32_t>(rfb::be32(stage.guest_heard, i)) == -26) return true;
    }
    return false;
  };
  EXPECT_TRUE(asks_for_quality(false)) << "else the test proves nothing";
  EXPECT_FALSE(asks_for_quality(true));
}

TEST(Screen, EndsWhenTheRecordersThreadDoesNotLive) {
  ScreenStage stage;
  stage.open();
  stage.pass(Seconds{3});
  stage.recorder_works = false;
  const Instant since = stage.tape->state().alive;
  stage.pass(milliseconds(4900));
  EXPECT_FALSE(stage.screen->ended());
  EXPECT_LE(stage.screen->next_deadline(), since + Seconds{5});
  stage.pass(milliseconds(200));
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.not_recorded");
  EXPECT_EQ(stage.browser.close_code, 1011);
}

TEST(Screen, EndsWhenTheDiskDoesNotAnswer) {
  ScreenStage stage;
  stage.open();
  stage.pass(Seconds{7});
  ASSERT_FALSE(stage.screen->ended());
  stage.writes = false;
  stage.guest_says(ScreenStage::picture(0, 0, 64, 64, 0x00ff0000));
  const Instant shown = stage.now;
  stage.pass(Seconds{11});
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.not_recorded");
  EXPECT_FALSE(stage.screen->open());
  EXPECT_TRUE(stage.recording->failure());
  EXPECT_LE(stage.tape->state().durable_until, shown);
}

TEST(Screen, EndsWhenTheRecordingIsBehindThoughItsThreadLives) {
  ScreenStage stage;
  stage.open();
  stage.recorder_works = false;
  for (int i = 0; i < 10 && !stage.screen->ended(); ++i) {
    stage.tape->set_state({stage.now, kMorning, false, {}});  // at work, and nothing becomes durable
    stage.pass(milliseconds(990));
    EXPECT_FALSE(stage.screen->ended()) << i;
  }
  stage.tape->set_state({stage.now, kMorning, false, {}});
  stage.pass(milliseconds(200));
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().detail, "the recording is behind");
}

TEST(Screen, AnUnrecordedOneDoesNotLookForARecorder) {
  ScreenStage stage(false);
  stage.open();
  stage.pass(Seconds{15});
  EXPECT_FALSE(stage.screen->ended());
}

TEST(Screen, StandsStillWhileTheTapeIsFull) {
  ScreenStage stage;
  stage.open();
  stage.recorder_works = false;
  const Bytes picture = ScreenStage::picture(0, 0, 640, 480, 0);
  stage.guest_says(picture);
  EXPECT_FALSE(stage.guest_out.empty());
  EXPECT_LT(stage.tape->room(), 4U);
  EXPECT_EQ(stage.screen->room_from_guest(), 0U);
  EXPECT_EQ(stage.screen->room_from_browser(), 0U);
  stage.record();
  stage.recorder_works = true;
  stage.move();
  EXPECT_TRUE(stage.guest_out.empty());
  EXPECT_EQ(stage.browser.stream.size(), picture.size());
}

TEST(Screen, ABrowserThatTakesNothingForAMinuteIsGone) {
  ScreenStage stage(false);
  stage.open();
  stage.browser_reads = false;
  stage.guest_says(ScreenStage::picture(0, 0, 640, 480, 0));
  stage.pass(Seconds{59}, Seconds{1});
  EXPECT_FALSE(stage.screen->ended());
  stage.pass(Seconds{2}, Seconds{1});
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.viewer_gone");
}

TEST(Screen, AGuestThatTakesNothingForAMinuteIsGone) {
  ScreenStage stage(false);
  stage.open();
  stage.guest_reads = false;
  stage.browser_says(pointer(0, 1, 1));
  for (int i = 0; i < 59; ++i) {
    stage.browser_raw(browser_frame({}, 10));  // alive
    stage.pass(Seconds{1}, Seconds{1});
  }
  EXPECT_FALSE(stage.screen->ended());
  stage.pass(Seconds{2}, Seconds{1});
  ASSERT_TRUE(stage.screen->ended());
  EXPECT_EQ(stage.screen->why().code, "console.guest_gone");
}

TEST(Screen, AQuietBrowserIsAskedAndOneThatIsSilentForAMinuteIsGone) {
  ScreenStage stage(false);
  stage.open();
  stage.pass(Seconds{21}, Seconds{1});
  EXPECT_EQ(stage.browser.pings, 1U);
  stage.browser_raw(browser_frame({}, 10));
  stage.pass(Seconds{59}, Seconds{1});
  EXPECT_FALSE(stage.screen->ended());
  stage.pass(Seconds{2}, Seconds{1});
  EXPECT_TRUE(stage.screen->ended());
}

TEST(Screen, AnswersToPingsDoNotPileUp) {
  ScreenStage stage(false);
  stage.open();
  stage.browser_reads = false;
  for (int i = 0; i < 20000 && !stage.screen->ended(); ++i) {
    stage.browser_raw(browser_frame(zeros(125), 9));
    stage.now += milliseconds(105);
    stage.screen->tick(stage.now);
  }
  EXPECT_LE(stage.screen->to_browser().size(), Screen::kToBrowser + 256);
}

TEST(Screen, ADeadlineThatHasComeIsGoneAfterTick) {
  ScreenStage stage;
  stage.open();
  for (int i = 0; i < 300; ++i) {
    const auto due = stage.screen->next_deadline();
    ASSERT_TRUE(due);
    stage.now = std::max(stage.now, *due);
    stage.record();
    stage.screen->tick(stage.now);
    stage.move();
    if (stage.screen->done()) break;
    ASSERT_TRUE(stage.screen->next_deadline());
    EXPECT_GT(*stage.screen->next_deadline(), stage.now);
  }
}

}  // namespace
}  // namespace sekisho::screens
