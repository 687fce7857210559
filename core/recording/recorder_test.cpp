#include "recording/recorder.hpp"

#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

namespace sekisho::recording {
namespace {

using std::chrono::milliseconds;
using State = Recorder::State;

/// Everything that a recording holds, in its order.
std::vector<Moment> moments(RecordingStage& stage) {
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  std::vector<Moment> out;
  for (;;) {
    auto moment = player->step();
    EXPECT_TRUE(moment) << moment.error().detail;
    if (!moment || !*moment) return out;
    out.push_back(**moment);
  }
}

template <class What>
std::vector<What> only(const std::vector<Moment>& all) {
  std::vector<What> out;
  for (const Moment& moment : all) {
    if (const auto* what = std::get_if<What>(&moment.what)) out.push_back(*what);
  }
  return out;
}

bool shows(RecordingStage& stage, const Canvas& canvas, Instant at) {
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  const auto done = player->seek(at);
  EXPECT_TRUE(done) << done.error().detail;
  return canvas.shown_by(player->screen());
}

}  // namespace

TEST(Recorder, KeepsThePictureFromTheFirstFrameToTheLast) {
  RecordingStage stage;
  std::vector<std::pair<Instant, Canvas>> seen;
  stage.fill(0, 0, 320, 200, 0x102030);
  stage.pass(milliseconds(0));
  seen.emplace_back(stage.now, stage.canvas);
  for (int i = 0; i < 300; ++i) {
    stage.noise(static_cast<std::uint16_t>(i % 250), static_cast<std::uint16_t>(i % 150), 40, 30);
    stage.pass(milliseconds(730));
    // The next picture may be of this very instant.
    seen.emplace_back(stage.now - std::chrono::microseconds(1), stage.canvas);
  }
  stage.fill(10, 10, 5, 5, 0xFFFFFF);
  stage.close();
  seen.emplace_back(stage.now, stage.canvas);
  ASSERT_EQ(stage.recorder->state(), State::closed);
  for (const auto& [at, canvas] : seen) ASSERT_TRUE(shows(stage, canvas, at)) << to_rfc3339(at);
  const auto file = stage.open();
  const auto contents = read_contents(*file).value();
  EXPECT_TRUE(contents.complete);
  EXPECT_TRUE(contents.indexed);
  EXPECT_EQ(contents.begin(), stage.header.started_at);
  EXPECT_EQ(contents.end(), stage.now);
  EXPECT_TRUE(stage.check().ok);
}

TEST(Recorder, ACopiedPartIsSeen) {
  RecordingStage stage;
  stage.noise(0, 0, 100, 100);
  std::vector<std::byte> part(4 * 100 * 100);
  for (std::size_t row = 0; row < 100; ++row) {
    std::memcpy(part.data() + 400 * row, stage.canvas.pixels.data() + 4 * row * 320, 400);
  }
  stage.recorder->copied({stage.now, 120, 50, 100, 100, 0, 0});
  stage.canvas.draw(120, 50, 100, 100, part);
  stage.pass(milliseconds(200));
  stage.close();
  EXPECT_TRUE(shows(stage, stage.canvas, stage.now));
}

TEST(Recorder, AtMostTenPicturesASecondAreKept) {
  RecordingStage stage;
  for (int i = 0; i < 1000; ++i) {
    stage.fill(0, 0, 10, 10, static_cast<std::uint32_t>(i + 1));
    stage.pass(milliseconds(5));
  }
  const Canvas last = stage.canvas;
  stage.close();
  const auto pictures = only<PictureChanged>(moments(stage)).size();
  EXPECT_LE(pictures, 54U) << "5 s: 50, the first, the last, and the whole ones";
  EXPECT_GE(pictures, 49U);
  EXPECT_TRUE(shows(stage, last, stage.now));
}

TEST(Recorder, WhatIsDrawnAsItWasCostsNothing) {
  RecordingStage stage;
  stage.fill(0, 0, 320, 200, 0x808080);
  stage.pass(Seconds(60));
  const auto before = stage.bytes().size();
  for (int i = 0; i < 100; ++i) {
    stage.fill(0, 0, 320, 200, 0x808080);
    stage.pass(milliseconds(50));
  }
  EXPECT_LT(stage.bytes().size() - before, 500U) << "nothing but the chunks' own heads";
}

TEST(Recorder, APointerIsKeptWithThePictureAndAPressAtOnce) {
  RecordingStage stage;
  for (std::uint16_t i = 0; i < 100; ++i) {
    stage.recorder->pointer(stage.now, {i, i, 0});
    stage.pass(milliseconds(10));
  }
  const Instant pressed = stage.now;
  stage.recorder->pointer(stage.now, {100, 100, 1});
  stage.recorder->pointer(stage.now, {100, 100, 0});
  stage.pass(Seconds(1));
  stage.close();
  const auto all = moments(stage);
  const auto pointers = only<Pointer>(all);
  EXPECT_LE(pointers.size(), 15U);
  ASSERT_GE(pointers.size(), 10U);
  EXPECT_EQ(pointers[pointers.size() - 2], (Pointer{100, 100, 1}));
  EXPECT_EQ(pointers.back(), (Pointer{100, 100, 0}));
  const auto press = std::ranges::find_if(all, [](const Moment& moment) {
    const auto* pointer = std::get_if<Pointer>(&moment.what);
    return pointer != nullptr && pointer->buttons == 1;
  });
  ASSERT_NE(press, all.end());
  EXPECT_EQ(press->at, pressed);
}

TEST(Recorder, KeysAreKeptAsThePolicySays) {
  for (const Keys keys : {Keys::none, Keys::masked, Keys::clear}) {
    RecorderOptions options;
    options.keys = keys;
    RecordingStage stage(320, 200, options);
    stage.recorder->key(stage.now, {true, false, 0x70, 0x19});
    stage.recorder->key(stage.now, {false, false, 0x70, 0x19});
    stage.close();
    const auto kept = only<Key>(moments(stage));
    if (keys == Keys::none) {
      EXPECT_TRUE(kept.empty());
      continue;
    }
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0], keys == Keys::clear ? (Key{true, false, 0x70, 0x19}) : (Key{true, true, 0, 0}));
    EXPECT_FALSE(kept[1].down);
  }
}

TEST(Recorder, ASecretEntryIsMaskedFromThatMomentAndSaysSo) {
  RecorderOptions options;
  options.keys = Keys::clear;
  RecordingStage stage(320, 200, options);
  stage.recorder->key(stage.now, {true, false, 0x61, 30});
  stage.recorder->set_keys(stage.now, Keys::masked);
  stage.recorder->key(stage.now, {true, false, 0x73, 31});
  stage.recorder->set_keys(stage.now, Keys::clear);
  stage.recorder->key(stage.now, {true, false, 0x62, 48});
  stage.close();
  const auto all = moments(stage);
  const auto keys = only<Key>(all);
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0].keysym, 0x61U);
  EXPECT_EQ(keys[1], (Key{true, true, 0, 0}));
  EXPECT_EQ(keys[2].keysym, 0x62U);
  EXPECT_EQ(only<PolicyEvent>(all),
            (std::vector<PolicyEvent>{{"recording.keys", "masked"}, {"recording.keys", "clear"}}));
}

TEST(Recorder, PolicyEventsStandBesideThePicture) {
  RecordingStage stage;
  stage.pass(Seconds(3));
  const Instant then = stage.now;
  stage.recorder->event(stage.now, {"clipboard.dropped", "server to browser, 120 bytes"});
  stage.pass(Seconds(3));
  stage.close("console.closed");
  const auto all = moments(stage);
  ASSERT_EQ(only<PolicyEvent>(all).size(), 1U);
  EXPECT_EQ(only<PolicyEvent>(all)[0].code, "clipboard.dropped");
  EXPECT_TRUE(std::ranges::any_of(all, [&](const Moment& m) { return m.at == then && m.what.index() == 3; }));
  ASSERT_EQ(only<Ended>(all).size(), 1U);
  EXPECT_EQ(only<Ended>(all)[0].why, "console.closed");
}

TEST(Recorder, ANewSizeIsAPictureOfItsOwn) {
  RecordingStage stage;
  stage.noise(0, 0, 320, 200);
  stage.pass(Seconds(2));
  const Canvas before = stage.canvas;
  const Instant last_before = stage.now;
  stage.pass(Seconds(1));
  stage.resize(640, 120);
  stage.noise(600, 100, 40, 20);
  stage.pass(Seconds(2));
  stage.close();
  EXPECT_TRUE(shows(stage, before, last_before));
  EXPECT_TRUE(shows(stage, stage.canvas, stage.now));
  const auto file = stage.open();
  EXPECT_EQ(read_contents(*file)->width(), 640);
  EXPECT_EQ(read_contents(*file)->height(), 200);
  EXPECT_TRUE(stage.check().ok);
}

TEST(Recorder, NoMoreThanTenSecondsAreEverOutsideOfTheDisk) {
  // What 50 kills at random moments lose, asked at every moment instead: a kill keeps what durable_until() says.
  RecordingStage stage;
  std::mt19937 chance(11);
  for (int i = 0; i < 3000; ++i) {
    if (chance() % 3 == 0) stage.noise(0, 0, 64, 64);
    if (chance() % 50 == 0) stage.recorder->event(stage.now, {"a.b", "c"});
    stage.pass(milliseconds(chance() % 200));
    ASSERT_LE(stage.now - stage.recorder->durable_until(), Seconds(10));
  }
}

TEST(Recorder, AHungDiskFailsTheRecordingWithinTenSecondsOfWhatItLost) {
  RecordingStage stage;
  stage.fill(0, 0, 10, 10, 0x01);
  stage.pass(Seconds(7));
  ASSERT_EQ(stage.recorder->state(), State::recording);
  stage.writes = false;
  const Instant durable = stage.recorder->durable_until();
  while (stage.recorder->state() == State::recording) {
    stage.fill(0, 0, 10, 10, static_cast<std::uint32_t>(stage.now.time_since_epoch().count()));
    stage.pass(milliseconds(100));
    ASSERT_LE(stage.now - durable, Seconds(10)) << "the console must be closed by now";
  }
  EXPECT_EQ(stage.recorder->failure()->code, "recording.stalled");
  EXPECT_FALSE(stage.recorder->next_deadline());
  EXPECT_EQ(stage.recorder->next_chunk(stage.now), nullptr);
  stage.fill(0, 0, 10, 10, 0x02);
  EXPECT_EQ(stage.recorder->state(), State::failed) << "it never becomes good again";
  EXPECT_TRUE(stage.check().ok) << "what is on the disk verifies";
}

TEST(Recorder, AChunkThatIsOutWhenItFailsMayStillBeReadByTheDriver) {
  RecordingStage stage;
  stage.writes = false;
  stage.noise(0, 0, 320, 200);
  stage.pass(Seconds(5));
  const Chunk* out = stage.recorder->next_chunk(stage.now);
  ASSERT_NE(out, nullptr);
  const std::string copy = out->bytes;
  stage.pass(Seconds(6));
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(out->bytes, copy);
  stage.recorder->durable(stage.now, {});
  EXPECT_EQ(stage.recorder->state(), State::failed) << "too late is not well";
  EXPECT_EQ(stage.recorder->waiting(), 0U);
}

TEST(Recorder, AnAnswerBehindTheLimitIsTooLateEvenWhenNobodyTicked) {
  RecordingStage stage;
  stage.writes = false;
  stage.fill(0, 0, 10, 10, 0x01);
  stage.pass(Seconds(5));
  ASSERT_NE(stage.recorder->next_chunk(stage.now), nullptr);
  stage.recorder->durable(stage.now + Seconds(5) + milliseconds(1), {});
  EXPECT_EQ(stage.recorder->state(), State::failed);
}

TEST(Recorder, AShortTroubleOfTheDiskIsGotOver) {
  RecordingStage stage;
  stage.fill(0, 0, 320, 200, 0x334455);
  stage.pass(Seconds(4));
  stage.disk.fail_after(0, 6, fail("audit.full", "no space left"));
  for (int i = 0; i < 100; ++i) {
    stage.fill(0, 0, 10, 10, static_cast<std::uint32_t>(i + 1));
    stage.pass(milliseconds(100));
  }
  EXPECT_EQ(stage.recorder->state(), State::recording);
  stage.close();
  EXPECT_TRUE(stage.check().ok);
  EXPECT_TRUE(shows(stage, stage.canvas, stage.now));
}

TEST(Recorder, ARetryWaitsForTheRecordingsOwnTimeWhateverTheClockOfWhoAsks) {
  RecordingStage stage;
  stage.writes = false;
  stage.fill(0, 0, 320, 200, 0x334455);
  stage.pass(Seconds(6));
  ASSERT_NE(stage.recorder->next_chunk(stage.now), nullptr);
  stage.recorder->durable(stage.now, fail("audit.full", "no space left"));
  EXPECT_EQ(stage.recorder->next_chunk(stage.now), nullptr) << "not at once";
  stage.recorder->tick(stage.now + Seconds(2));
  ASSERT_EQ(stage.recorder->state(), State::recording);
  EXPECT_NE(stage.recorder->next_chunk(stage.now - Seconds(1)), nullptr) << "a clock that went back";
}

TEST(Recorder, AFullDiskFailsItWithTheDisksOwnWords) {
  RecordingStage stage;
  stage.fill(0, 0, 320, 200, 0x334455);
  stage.disk.fail_after(0, 1'000'000, fail("audit.full", "no space left"));
  stage.pass(Seconds(12));
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(stage.recorder->failure()->code, "recording.stalled");
  EXPECT_NE(stage.recorder->failure()->detail.find("audit.full no space left"), std::string::npos);
}

TEST(Recorder, ASlowDiskMakesPicturesComeTogetherAndMemoryStaysBounded) {
  RecordingStage stage(640, 480);
  std::size_t worst = 0;
  Instant written = stage.now;
  for (int i = 0; i < 150; ++i) {
    stage.writes = false;
    stage.noise(0, 0, 640, 480);  // does not compress: 1.2 MB a picture
    stage.pass(milliseconds(50));
    worst = std::max(worst, stage.recorder->waiting());
    if (stage.now - written >= Seconds(2)) {
      written = stage.now;
      if (const Chunk* chunk = stage.recorder->next_chunk(stage.now)) {
        ASSERT_TRUE(stage.file->append(*chunk));
        stage.journal.push_back(chunk_entry(stage.header, note_of(*chunk), stage.now));
        stage.recorder->durable(stage.now, {});
      }
    }
    if (stage.recorder->state() != State::recording) break;
  }
  const std::size_t picture = stage.recorder->screen().tiles() * kTileBytes;
  EXPECT_GT(worst, stage.options.max_waiting) << "the bound must bite";
  EXPECT_LE(worst, stage.options.max_waiting + picture + (1u << 20));
}

TEST(Recorder, AFloodOfInputEndsTheRecordingAndNotTheMemory) {
  RecorderOptions options;
  options.keys = Keys::clear;
  RecordingStage stage(320, 200, options);
  stage.writes = false;
  std::size_t worst = 0;
  for (int i = 0; i < 1'000'000 && stage.recorder->state() == State::recording; ++i) {
    stage.recorder->key(stage.now, {true, false, 0x61, 30});
    worst = std::max(worst, stage.recorder->waiting());
  }
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(stage.recorder->failure()->code, "recording.flooded");
  EXPECT_LE(worst, options.max_input_waiting + (1u << 20));
}

TEST(Recorder, InputIsKeptWhileALargePictureWaits) {
  RecorderOptions options;
  options.keys = Keys::clear;
  RecordingStage stage(1920, 1080, options);
  stage.writes = false;
  stage.noise(0, 0, 1920, 1080);
  stage.pass(milliseconds(100));
  ASSERT_GT(stage.recorder->waiting(), options.max_input_waiting);
  stage.recorder->key(stage.now, {true, false, 0x61, 30});
  EXPECT_EQ(stage.recorder->state(), State::recording);
  stage.writes = true;
  stage.close();
  EXPECT_EQ(only<Key>(moments(stage)).size(), 1U);
}

TEST(Recorder, AScreenThatFlapsItsSizeEndsTheRecording) {
  RecordingStage stage;
  for (int i = 0; i < 200; ++i) {
    stage.resize(static_cast<std::uint16_t>(100 + i % 2), 100);
    stage.pass(milliseconds(20));
  }
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(stage.recorder->failure()->code, "recording.flooded");
}

TEST(Recorder, AScreenThatIsTooLargeIsNotRecordedInPart) {
  RecordingStage stage;
  stage.recorder->resize(stage.now, kMaxWidth + 1, 100);
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(stage.recorder->failure()->code, "recording.screen_too_large");
  TilePacker packer;
  const Recorder at_start({}, packer, test_header(), Hash{}, 100, kMaxHeight + 1);
  EXPECT_EQ(at_start.state(), State::failed);
}

TEST(Recorder, ARectangleOutsideOfTheScreenEndsTheRecording) {
  RecordingStage stage;
  const std::vector<std::byte> pixels(4 * 10 * 10);
  stage.recorder->rectangle({stage.now, 315, 0, 10, 10, pixels});
  ASSERT_EQ(stage.recorder->state(), State::failed);
  EXPECT_EQ(stage.recorder->failure()->code, "recording.bad_rectangle");
}

TEST(Recorder, ACloseWhileTheDiskIsBehindKeepsTheLastPicture) {
  RecordingStage stage(1280, 800);
  stage.writes = false;
  for (int i = 0; i < 10; ++i) {
    stage.noise(0, 0, 1280, 800);
    stage.pass(milliseconds(100));
  }
  stage.recorder->close(stage.now, "session.ended");
  EXPECT_EQ(stage.recorder->state(), State::closing);
  EXPECT_LE(stage.recorder->waiting(), stage.options.max_waiting + stage.recorder->screen().tiles() * kTileBytes);
  stage.writes = true;
  stage.write();
  ASSERT_EQ(stage.recorder->state(), State::closed);
  EXPECT_FALSE(stage.recorder->next_deadline());
  EXPECT_TRUE(shows(stage, stage.canvas, stage.now));
}

TEST(Recorder, AClosingThatCannotBeWrittenFailsToo) {
  RecordingStage stage;
  stage.writes = false;
  stage.fill(0, 0, 10, 10, 0x01);
  stage.recorder->close(stage.now, "session.ended");
  stage.pass(Seconds(5));
  EXPECT_EQ(stage.recorder->state(), State::failed);
}

TEST(Recorder, TimeThatGoesBackIsTheLastTime) {
  RecordingStage stage;
  stage.pass(Seconds(2));
  stage.now -= Seconds(1);
  stage.fill(0, 0, 10, 10, 0x123456);
  stage.now += Seconds(1) + milliseconds(200);
  stage.pass(milliseconds(0));
  stage.close();
  EXPECT_TRUE(stage.check().ok);
  EXPECT_TRUE(shows(stage, stage.canvas, stage.now));
}

}  // namespace sekisho::recording
