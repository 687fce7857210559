// How long a seek takes in a long recording at 1080p. By default the recording is short and nothing is asserted of
// time; SEKISHO_RECORDED_S (28800: eight hours), SEKISHO_SEEKS and SEKISHO_SEEK_LIMIT_MS make it what `./dev soak
// recording_seek` measures (issue "Desktops and consoles" part 3: any moment of eight hours in less than a second).
#include "base/testing/environment.hpp"
#include "recording/testing/stage.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace sekisho::recording {
namespace {

using std::chrono::milliseconds;

/// Typing, scrolling, and for half a minute of every twenty a whole screen that changes ten times a second: what a seek
/// has most to unpack of.
void work(RecordingStage& stage, Seconds time) {
  const Instant begun = stage.now;
  while (stage.now < begun + time) {
    const auto second = std::chrono::duration_cast<Seconds>(stage.now - begun).count() % 1200;
    if (second >= 60 && second < 90) {
      stage.fill(0, 0, 1920, 1080, stage.chance() & 0xFFFFFFU);
      for (std::uint16_t y = 0; y < 1080; y = static_cast<std::uint16_t>(y + 64)) {
        stage.fill(static_cast<std::uint16_t>(stage.chance() % 1800), y, 100, 20, stage.chance() & 0xFFFFFFU);
      }
      stage.pass(milliseconds(100));
    } else if (second % 30 == 0) {
      stage.noise(static_cast<std::uint16_t>(stage.chance() % 1500), static_cast<std::uint16_t>(stage.chance() % 900),
                  300, 100);
      stage.pass(milliseconds(1000));
    } else {
      stage.fill(static_cast<std::uint16_t>(stage.chance() % 1900), static_cast<std::uint16_t>(stage.chance() % 1060),
                 12, 16, stage.chance() & 0xFFFFFFU);
      stage.pass(milliseconds(400 + stage.chance() % 1500));
    }
  }
}

}  // namespace

TEST(RecordingSeek, ShowsAnyMomentOfALongRecording) {
  const Seconds length{number_from_environment("SEKISHO_RECORDED_S", 100, 1)};
  const std::uint32_t seeks = number_from_environment("SEKISHO_SEEKS", 20, 1),
                      limit = number_from_environment("SEKISHO_SEEK_LIMIT_MS", 0);
  RecordingStage stage(1920, 1080);
  stage.chance.seed(number_from_environment("SEKISHO_SEED", 7));
  work(stage, length);
  const Canvas at_end = stage.canvas;
  stage.close();
  ASSERT_TRUE(stage.check().ok);
  const auto file = stage.open();
  std::vector<double> took;
  const auto timed = [&](auto what) {
    const auto begun = std::chrono::steady_clock::now();
    what();
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  };
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < seeks; ++i) {
    const auto to =
        stage.header.started_at +
        std::chrono::microseconds(std::chrono::microseconds(length).count() / seeks * i + stage.chance() % 100'000);
    // As a viewer does it who has just chosen the recording: nothing of it is known yet.
    timed([&] {
      auto player = Player::open(*file).value();
      ASSERT_TRUE(player->seek(to));
      most = std::max(most, player->effort().tiles);
    });
  }
  // In the middle of what changes most, where the next whole picture is just due.
  for (int i = 0; i < 20; ++i) {
    timed([&] {
      auto player = Player::open(*file).value();
      ASSERT_TRUE(player->seek(stage.header.started_at + milliseconds(61'000 + i * 1'400)));
      most = std::max(most, player->effort().tiles);
    });
  }
  auto player = Player::open(*file).value();
  ASSERT_TRUE(player->seek(stage.now));
  EXPECT_TRUE(at_end.shown_by(player->screen()));
  std::sort(took.begin(), took.end());
  if (limit != 0) {
    EXPECT_LT(took.back(), limit) << "milliseconds for the slowest seek";
  }
  std::printf(
      "[ NUMBERS  ] %lld s at 1920x1080, %zu bytes, %zu chunks; %zu seeks: median %.0f ms, most %.0f ms, %llu tiles\n",
      static_cast<long long>(length.count()), stage.bytes().size(), player->contents().chunks.size(), took.size(),
      took[took.size() / 2], took.back(), static_cast<unsigned long long>(most));
}

}  // namespace sekisho::recording
