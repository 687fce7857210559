#include "recording/player.hpp"

#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

namespace sekisho::recording {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// Eight hours: work with pauses, seven minutes of film now and then, and an idle hour.
struct EightHours {
  EightHours() : stage(320, 200) {
    const Instant end = stage.header.started_at + hours(8);
    while (stage.now < end) {
      const auto minute = std::chrono::duration_cast<std::chrono::minutes>(stage.now - stage.header.started_at).count();
      if (minute >= 240 && minute < 300) {
        stage.pass(std::chrono::minutes(1));
      } else if (minute % 100 == 7) {
        stage.noise(0, 0, 320, 200);
        stage.pass(milliseconds(400));
      } else {
        const auto step = static_cast<std::uint16_t>(stage.chance() % 300);
        stage.fill(step, static_cast<std::uint16_t>(stage.chance() % 180), 12, 16, stage.chance() & 0xFFFFFF);
        if (step % 7 == 0) stage.recorder->pointer(stage.now, {step, step, 0});
        stage.pass(milliseconds(1500 + step * 4));
        if (step % 20 == 0) stage.pass(Seconds(40));
      }
      // The next picture may be of this very instant.
      const Instant before_it = stage.now - std::chrono::microseconds(1);
      if (stage.chance() % 200 == 0) seen.emplace_back(before_it, stage.canvas);
    }
    stage.close();
    seen.emplace_back(stage.now, stage.canvas);
  }
  RecordingStage stage;
  std::vector<std::pair<Instant, Canvas>> seen;
};

EightHours& eight_hours() {
  static EightHours all;
  return all;
}

}  // namespace

TEST(RecordingPlayer, AnyMomentOfEightHoursCostsABoundedNumberOfTilesAndChunks) {
  auto& [stage, seen] = eight_hours();
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  ASSERT_GT(player->contents().chunks.size(), 5000U);
  EXPECT_TRUE(player->contents().indexed);
  const std::size_t tiles = stage.recorder->screen().tiles();
  // Whole picture, what may have changed until the next one is due, and the chunk in which it became due; a screen
  // counts as at least 1 MiB.
  const std::size_t screen = std::max<std::size_t>(tiles, (1u << 20) / kTileBytes + 1);
  const std::size_t most = tiles + (stage.options.key_screens + stage.options.chunk_screens) * screen + kTilesPerRecord;
  std::mt19937 chance(5);
  std::uint64_t worst_tiles = 0, worst_chunks = 0;
  for (int i = 0; i < 300; ++i) {
    const auto before = player->effort();
    ASSERT_TRUE(player->seek(stage.header.started_at + Seconds(chance() % (8 * 3600))));
    worst_tiles = std::max(worst_tiles, player->effort().tiles - before.tiles);
    worst_chunks = std::max(worst_chunks, player->effort().chunks - before.chunks);
  }
  EXPECT_LE(worst_tiles, most);
  EXPECT_LE(worst_chunks, 30U) << "30 s of activity, in chunks of 5 s or as many as film makes of them";
}

TEST(RecordingPlayer, ASoughtMomentShowsWhatWasThereThen) {
  auto& [stage, seen] = eight_hours();
  ASSERT_GT(seen.size(), 20U);
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  std::mt19937 chance(6);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& [at, canvas] = seen[chance() % seen.size()];
    ASSERT_TRUE(player->seek(at));
    ASSERT_TRUE(canvas.shown_by(player->screen())) << to_rfc3339(at);
  }
}

TEST(RecordingPlayer, OpeningEightHoursReadsTheIndexAndNoChunkOfTheMiddle) {
  struct Counting : audit::File {
    explicit Counting(audit::File& inner) : inner_(inner) {}
    Result<void> write_at(std::uint64_t, std::string_view) override { return fail("test.write"); }
    Result<void> sync() override { return fail("test.write"); }
    Result<std::string> read_at(std::uint64_t offset, std::size_t size) override {
      ++reads;
      return inner_.read_at(offset, size);
    }
    Result<std::uint64_t> size() override { return inner_.size(); }
    Result<void> truncate(std::uint64_t) override { return fail("test.write"); }
    audit::File& inner_;
    int reads = 0;
  };
  const auto file = eight_hours().stage.open();
  Counting counting(*file);
  ASSERT_TRUE(read_contents(counting));
  EXPECT_LE(counting.reads, 6);
}

TEST(RecordingPlayer, WithoutItsIndexItIsWalkedToTheSameContents) {
  RecordingStage stage;
  for (int i = 0; i < 40; ++i) {
    stage.noise(0, 0, 50, 50);
    stage.pass(Seconds(2));
  }
  stage.close();
  const auto file = stage.open();
  const auto whole = read_contents(*file).value();
  ASSERT_TRUE(whole.indexed);
  // Killed before its last chunk.
  stage.set_bytes(stage.bytes().substr(0, whole.chunks.back().offset));
  const auto cut = stage.open();
  const auto walked = read_contents(*cut).value();
  EXPECT_FALSE(walked.indexed);
  EXPECT_FALSE(walked.complete);
  ASSERT_EQ(walked.chunks.size(), whole.chunks.size() - 1);
  for (std::size_t i = 0; i < walked.chunks.size(); ++i) {
    EXPECT_EQ(walked.chunks[i].offset, whole.chunks[i].offset);
    EXPECT_EQ(walked.chunks[i].flags, whole.chunks[i].flags);
  }
  EXPECT_EQ(walked.loose_bytes, 0U);
}

TEST(RecordingPlayer, AnUnfinishedEndIsLeftAsideAndTheRestPlays) {
  RecordingStage stage;
  for (int i = 0; i < 10; ++i) {
    stage.noise(0, 0, 50, 50);
    stage.pass(Seconds(2));
  }
  const std::string bytes = stage.bytes();
  const auto file = stage.open();
  const auto whole = read_contents(*file).value();
  const ChunkInfo& last = whole.chunks.back();
  for (const std::uint64_t cut : {std::uint64_t{1}, std::uint64_t{50}, std::uint64_t{last.length} / 2}) {
    stage.set_bytes(bytes.substr(0, bytes.size() - cut));
    const auto torn = stage.open();
    const auto contents = read_contents(*torn).value();
    EXPECT_EQ(contents.chunks.size(), whole.chunks.size() - 1) << cut;
    EXPECT_EQ(contents.loose_bytes, last.length - cut);
  }
  // A power cut may leave zeros in the middle of what the file system had already given room.
  std::string holes = bytes;
  std::fill(holes.begin() + static_cast<std::ptrdiff_t>(last.offset + 200), holes.end() - 45, '\0');
  stage.set_bytes(holes);
  const auto torn = stage.open();
  EXPECT_EQ(read_contents(*torn)->chunks.size(), whole.chunks.size() - 1);
  auto player = Player::open(*torn).value();
  ASSERT_TRUE(player->seek(stage.now));
  for (;;) {
    const auto moment = player->step();
    ASSERT_TRUE(moment) << moment.error().detail;
    if (!*moment) break;
  }
}

TEST(RecordingPlayer, GoesOnBehindTheSoughtMoment) {
  RecordingStage stage;
  std::vector<Instant> drawn;
  for (int i = 0; i < 60; ++i) {
    stage.fill(0, 0, 10, 10, static_cast<std::uint32_t>(i + 1));
    stage.pass(milliseconds(900));
    drawn.push_back(stage.now);
  }
  stage.close();
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  ASSERT_TRUE(player->seek(drawn[29]));
  int pictures = 0;
  Instant last = drawn[29];
  for (;;) {
    const auto moment = player->step();
    ASSERT_TRUE(moment);
    if (!*moment) break;
    EXPECT_GE((*moment)->at, last);
    last = (*moment)->at;
    const auto* picture = std::get_if<PictureChanged>(&(*moment)->what);
    if (picture != nullptr && !picture->whole) ++pictures;
  }
  EXPECT_GE(pictures, 29);
  EXPECT_LE(pictures, 30);
  EXPECT_TRUE(stage.canvas.shown_by(player->screen()));
  ASSERT_TRUE(player->seek(stage.header.started_at - hours(1))) << "before the begin: the begin";
  ASSERT_TRUE(player->seek(stage.now + hours(1))) << "behind the end: the end";
  EXPECT_TRUE(stage.canvas.shown_by(player->screen()));
  EXPECT_FALSE(*player->step());
}

/// What was on the screen when each chunk with a whole picture began.
struct KeyFrames {
  KeyFrames() {
    for (int i = 0; i < 90; ++i) {
      stage.noise(static_cast<std::uint16_t>(i * 3), static_cast<std::uint16_t>(i), 40, 40);
      seen.emplace_back(stage.now, stage.canvas);
      stage.pass(milliseconds(1000));
    }
    stage.close();
    file = stage.open();
    player = std::move(Player::open(*file).value());
    for (const ChunkInfo& chunk : player->contents().chunks) {
      if ((chunk.flags & flag_key) != 0) keys.push_back(chunk);
    }
  }
  /// The picture that had been drawn by then.
  [[nodiscard]] const Canvas& at(Instant then) const {
    const Canvas* out = &black;
    for (const auto& [when, canvas] : seen) {
      if (when <= then) out = &canvas;
    }
    return *out;
  }
  RecordingStage stage;
  Canvas black{320, 200};
  std::vector<std::pair<Instant, Canvas>> seen;
  std::vector<ChunkInfo> keys;
  std::unique_ptr<audit::File> file;
  std::unique_ptr<Player> player;
};

TEST(RecordingPlayer, AtTheVeryInstantOfAWholePictureThatOneIsShownAndNothingElseIsRead) {
  KeyFrames all;
  ASSERT_GE(all.keys.size(), 3U) << "the first, and one after each 30 s";
  for (const ChunkInfo& key : all.keys) {
    const Effort before = all.player->effort();
    ASSERT_TRUE(all.player->seek(key.begin));
    EXPECT_EQ(all.player->effort().chunks - before.chunks, 1U) << key.number;
    EXPECT_TRUE(all.at(key.begin).shown_by(all.player->screen())) << key.number;
    // One microsecond before it, it is the end of what the picture before it led to.
    if (key.number == 1) continue;
    const Effort between = all.player->effort();
    ASSERT_TRUE(all.player->seek(key.begin - std::chrono::microseconds(1)));
    EXPECT_GT(all.player->effort().chunks - between.chunks, 1U) << key.number;
    EXPECT_TRUE(all.at(key.begin - std::chrono::microseconds(1)).shown_by(all.player->screen())) << key.number;
  }
}

TEST(RecordingPlayer, BeforeTheFirstPictureTheFirstIsShownAndAllOfItFollows) {
  KeyFrames all;
  for (const Instant to : {Instant{}, all.stage.header.started_at - hours(24), all.stage.header.started_at,
                           all.stage.header.started_at - std::chrono::microseconds(1)}) {
    ASSERT_TRUE(all.player->seek(all.player->contents().end()));
    ASSERT_TRUE(all.player->seek(to));
    EXPECT_TRUE(all.seen[0].second.shown_by(all.player->screen())) << "what was drawn at the very beginning";
    std::size_t pictures = 0;
    for (;;) {
      const auto moment = all.player->step();
      ASSERT_TRUE(moment);
      if (!*moment) break;
      EXPECT_GE((*moment)->at, all.stage.header.started_at);
      pictures += std::holds_alternative<PictureChanged>((*moment)->what) ? 1 : 0;
    }
    EXPECT_GE(pictures, all.seen.size() - 1);
    EXPECT_TRUE(all.stage.canvas.shown_by(all.player->screen()));
  }
}

TEST(RecordingPlayer, BehindTheLastPictureTheLastIsShownAndNothingFollows) {
  KeyFrames all;
  const Instant end = all.player->contents().end();
  for (const Instant to : {end, end + std::chrono::microseconds(1), end + hours(24 * 365), Instant::max()}) {
    ASSERT_TRUE(all.player->seek(all.stage.header.started_at));
    ASSERT_TRUE(all.player->seek(to));
    EXPECT_TRUE(all.stage.canvas.shown_by(all.player->screen()));
    const auto moment = all.player->step();
    ASSERT_TRUE(moment);
    EXPECT_EQ(*moment, nullptr);
  }
}

TEST(RecordingPlayer, AWholePictureIsSeenAtOnceAndNeverInPart) {
  RecordingStage stage(1280, 800);  // 260 tiles: several records
  stage.noise(0, 0, 1280, 800);
  for (int i = 0; i < 50; ++i) {
    stage.pass(Seconds(1));
    stage.recorder->pointer(stage.now, {static_cast<std::uint16_t>(i), 0, 0});
  }
  stage.close();
  const auto file = stage.open();
  auto player = Player::open(*file).value();
  int whole = 0;
  for (;;) {
    const auto moment = player->step();
    ASSERT_TRUE(moment);
    if (!*moment) break;
    const auto* picture = std::get_if<PictureChanged>(&(*moment)->what);
    if (picture == nullptr || !picture->whole) continue;
    if (++whole > 1) {
      EXPECT_TRUE(stage.canvas.shown_by(player->screen()));
    }
  }
  EXPECT_GE(whole, 2);
}

TEST(RecordingPlayer, TheWrongChunkAtItsPlaceIsNotPlayed) {
  RecordingStage stage;
  for (int i = 0; i < 10; ++i) {
    stage.fill(0, 0, 10, 10, static_cast<std::uint32_t>(i + 1));
    stage.pass(Seconds(2));
  }
  stage.pass(Seconds(30));
  stage.close();
  std::string bytes = stage.bytes();
  const auto file = stage.open();
  const auto contents = read_contents(*file).value();
  // Two chunks of one length change places; the index does not know.
  std::size_t i = 1;
  while (contents.chunks[i].length != contents.chunks[i + 1].length) ASSERT_LT(++i + 1, contents.chunks.size());
  const ChunkInfo &a = contents.chunks[i], &b = contents.chunks[i + 1];
  const std::string first = bytes.substr(a.offset, a.length);
  bytes.replace(a.offset, a.length, bytes, b.offset, b.length);
  bytes.replace(b.offset, b.length, first);
  stage.set_bytes(bytes);
  const auto changed = stage.open();
  auto player = Player::open(*changed).value();
  const auto done = player->seek(b.begin);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "recording.malformed");
  EXPECT_NE(done.error().detail.find("chunk " + std::to_string(b.number)), std::string::npos) << done.error().detail;
}

}  // namespace sekisho::recording
