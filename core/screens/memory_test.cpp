// What a console costs: 16 MiB at 1080p recorded, 64 MiB at the largest screen, while the guest shows noise as fast as
// it is taken, the browser does not read and the disk is slow. Counted by the allocator itself.
#include "screens/testing/painting_guest.hpp"
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

/// The most that a screen and its recording held, with chunks that are taken and thrown away: as the allocator counts,
/// and of the recorder alone as it counts itself.
struct Peak {
  std::size_t all = 0, recorder = 0;
};
Peak peak_of(rfb::Size size) {
  std::mt19937 chance(1);
  Bytes noise(kMiB);
  for (std::byte& byte : noise) byte = static_cast<std::byte>(chance());
  Bytes rows;
  rows.reserve(kMiB);
  const std::size_t before = in_use();
  ScreenStage stage;
  stage.open(size);
  Peak peak;
  std::size_t written = 0;
  const auto look = [&] {
    peak.all = std::max(peak.all, in_use() - before);
    peak.recorder = std::max(peak.recorder, stage.recording->recorder().memory());
  };
  const auto work = [&](bool disk) {
    stage.recording->work(stage.now);
    look();
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
        look();
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
  const Peak common = peak_of({1920, 1080}), largest = peak_of({3840, 2160});
  // The recorder's own count, under every allocator. The picture alone is 3 bytes a pixel: less would count nothing.
  EXPECT_LE(common.recorder, 16 * kMiB);
  EXPECT_GE(common.recorder, std::size_t{3} * 1920 * 1080 + recorder_options().max_waiting) << "the disk was not slow";
  EXPECT_LE(largest.recorder, 64 * kMiB);
  EXPECT_GE(largest.recorder, std::size_t{3} * 3840 * 2160 + recorder_options().max_waiting) << "the disk was not slow";
  if (in_use() == 0) GTEST_SKIP() << "this allocator does not count the rest (sanitizers)";
  EXPECT_LE(common.all, 16 * kMiB);
  EXPECT_LE(largest.all, 64 * kMiB);
  EXPECT_GE(common.all, common.recorder) << "the recorder counts what it has not";
  EXPECT_GE(largest.all, largest.recorder);
  std::printf("[ NUMBERS  ] 1080p %zu KiB (recorder %zu), 2160p %zu KiB (recorder %zu) at the most\n",
              common.all / 1024, common.recorder / 1024, largest.all / 1024, largest.recorder / 1024);
}

/// What a guest may say in few bytes that costs much.
struct Costly {
  const char* name;
  int times;
  Bytes (*words)(GuestPacker&);
};
Bytes with_length(const Bytes& packed) {
  Bytes out;
  rfb::put32(out, static_cast<std::uint32_t>(packed.size()));
  return out + packed;
}
const Costly kCostly[] = {
    {"sizes", 40,
     [](GuestPacker&) {
       return update(2) + rect({0, 0, 2160, 2160, rfb::kDesktopSize}) + rect({0, 0, 3840, 2160, rfb::kDesktopSize});
     }},
    {"zlib", 3,
     [](GuestPacker& packer) {
       return update(1) + rect({0, 0, 3840, 2160, rfb::kZlib}) +
              with_length(packer.pack(Bytes(std::size_t{3840} * 2160 * 4)));
     }},
    {"zlib without end", 1,
     [](GuestPacker& packer) {
       return update(1) + rect({0, 0, 64, 64, rfb::kZlib}) + with_length(packer.pack(Bytes(kMiB * 12)));
     }},
    {"ZRLE", 30,
     [](GuestPacker& packer) {
       Bytes tiles;
       for (int i = 0; i < 60 * 34; ++i) rfb::put32(tiles, 0x01405060);
       return update(1) + rect({0, 0, 3840, 2160, rfb::kZrle}) + with_length(packer.pack(tiles));
     }},
    {"Tight", 30,
     [](GuestPacker&) {
       return update(2) + rect({0, 0, 2048, 2160, rfb::kTight}) + hex("80 112233") +
              rect({2048, 0, 1792, 2160, rfb::kTight}) + hex("80 445566");
     }},
    {"copies", 40,
     [](GuestPacker&) {
       return update(1) + rect({0, 0, 3840, 2160, rfb::kCopyRect}) + hex("0000 0000");
     }},
    {"cursors", 8,
     [](GuestPacker&) {
       return update(1) + rect({0, 0, 512, 512, rfb::kCursor}) + zeros(512 * 512 * 4 + 64 * 512);
     }},
    {"names", 200,
     [](GuestPacker&) {
       return update(1) + rect({0, 0, 0, 0, rfb::kDesktopName}) + hex("00001000") + zeros(4096);
     }},
    {"clipboard", 8, [](GuestPacker&) { return cut_text(rfb::kServerCutText, 1U << 20U, zeros(kMiB)); }},
};

TEST(Memory, WhateverAGuestSaysItsScreenStaysWithinTheLargestShare) {
  if (in_use() == 0) GTEST_SKIP() << "this allocator does not count (sanitizers)";
  for (const Costly& costly : kCostly) {
    const std::size_t before = in_use();
    std::size_t peak = 0, counted = 0;
    bool ended = false;
    {
      ScreenStage stage;
      stage.open({3840, 2160});
      GuestPacker packer;
      for (int i = 0; i < costly.times && !stage.screen->ended(); ++i) {
        const Bytes words = costly.words(packer);
        for (View in = words; !in.empty() && !stage.screen->ended();) {
          const std::size_t taken = stage.screen->from_guest(in, stage.now);
          in = in.subspan(taken);
          stage.screen->sent_to_browser(stage.screen->to_browser().size(), stage.now);
          if (taken == 0 || in.empty()) stage.recording->work(stage.now);
          peak = std::max(peak, in_use() - before - words.capacity());
          ++counted;
        }
        stage.now += milliseconds(120);
        for (int turn = 0; turn < 200 && (turn == 0 || stage.recording->behind()); ++turn) {
          stage.recording->work(stage.now);
          peak = std::max(peak, in_use() - before - words.capacity());
        }
        while (const recording::Chunk* chunk = stage.recording->next_chunk(stage.now)) {
          EXPECT_LT(chunk->bytes.size(), 32 * kMiB);
          stage.recording->durable(stage.now, {});
        }
        stage.screen->tick(stage.now);
      }
      ended = stage.screen->ended();
    }
    EXPECT_LE(peak, 64 * kMiB) << costly.name;
    EXPECT_GE(counted, 1U);
    EXPECT_LE(in_use(), before + kMiB) << costly.name << ": its end gives everything back";
    std::printf("[ NUMBERS  ] %-16s %6zu KiB at the most%s\n", costly.name, peak / 1024, ended ? ", ended" : "");
  }
}

}  // namespace
}  // namespace sekisho::screens
