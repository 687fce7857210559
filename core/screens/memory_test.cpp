// What a console costs: 16 MiB at 1080p recorded, 64 MiB at the largest screen, while the guest shows noise as fast as
// it is taken, the browser does not read and the disk is slow. Counted by the allocator itself.
#include "screens/testing/screen_stage.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <random>

namespace sekisho::screens {
namespace {

using namespace rfb::testing;
using std::chrono::milliseconds;

constexpr std::size_t kMiB = 1u << 20;

std::size_t in_use() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// The most that a screen and its recording held, with chunks that are taken and thrown away.
std::size_t peak_of(rfb::Size size) {
  std::mt19937 chance(1);
  Bytes noise(kMiB);
  for (std::byte& byte : noise) byte = static_cast<std::byte>(chance());
  Bytes rows;
  rows.reserve(kMiB);
  const std::size_t before = in_use();
  ScreenStage stage;
  stage.open(size);
  std::size_t peak = 0;
  std::size_t written = 0;
  const auto work = [&](bool disk) {
    stage.recording->work(stage.now);
    peak = std::max(peak, in_use() - before);
    while (disk) {
      const recording::Chunk* chunk = stage.recording->next_chunk(stage.now);
      if (chunk == nullptr) break;
      written += chunk->bytes.size();
      stage.recording->durable(stage.now, {});
    }
  };
  for (int frame = 0; frame < 6; ++frame) {
    for (std::uint16_t y = 0; y + 8 <= size.height; y = static_cast<std::uint16_t>(y + 8)) {
      const std::size_t size_of = std::size_t{8} * size.width * 4;
      rows.clear();
      rfb::put(rows, update(1) + rect({0, y, size.width, 8, rfb::kRaw}));
      rfb::put(rows, View(noise).subspan(chance() % (noise.size() - size_of), size_of));
      View in = rows;
      while (!in.empty()) {
        const std::size_t taken = stage.screen->from_guest(in, stage.now);
        in = in.subspan(taken);
        stage.screen->sent_to_browser(stage.screen->to_browser().size(), stage.now);
        if (taken == 0) work(false);
        peak = std::max(peak, in_use() - before);
      }
    }
    stage.now += milliseconds(700);
    work(frame % 2 == 1);
    EXPECT_FALSE(stage.screen->ended());
  }
  EXPECT_GT(written, std::size_t{size.width} * size.height) << "noise does not pack: it must have been written";
  return peak;
}

TEST(Memory, ARecordedConsoleStaysWithinItsShare) {
  if (in_use() == 0) GTEST_SKIP() << "this allocator does not count (sanitizers)";
  const std::size_t common = peak_of({1920, 1080}), largest = peak_of({3840, 2160});
  EXPECT_LE(common, 16 * kMiB);
  EXPECT_LE(largest, 64 * kMiB);
  EXPECT_GE(common, 6 * kMiB) << "less than the picture alone: this counts nothing";
  std::printf("[ NUMBERS  ] 1080p %zu KiB, 2160p %zu KiB at the most\n", common / 1024, largest / 1024);
}

}  // namespace
}  // namespace sekisho::screens
