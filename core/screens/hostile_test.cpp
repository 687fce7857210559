// A thousand hostile guests and viewers through whole screens with their recordings (T-61): each may end its own
// screen, and nothing else may happen: no crash, no growth, no chunk that does not verify.
#include "screens/testing/screen_stage.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sekisho::screens {
namespace {

using namespace rfb::testing;
using std::chrono::milliseconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kStreams = 150;  // fifteen times slower there
#else
constexpr int kStreams = 1000;
#endif

Bytes damaged(Bytes stream, std::mt19937& chance) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : chance() % bound; };
  for (std::size_t edits = 1 + below(6); edits > 0 && !stream.empty(); --edits) {
    const auto at = stream.begin() + static_cast<std::ptrdiff_t>(below(stream.size()));
    const auto size =
        static_cast<std::ptrdiff_t>(std::min<std::size_t>(1 + below(16), static_cast<std::size_t>(stream.end() - at)));
    switch (below(4)) {
      case 0:
        *at = static_cast<std::byte>(chance());
        break;
      case 1:
        stream.erase(at, at + size);
        break;
      case 2: {
        const Bytes copy(at, at + size);
        stream.insert(at, copy.begin(), copy.end());
        break;
      }
      default:
        std::fill(at, at + size, static_cast<std::byte>(below(2) * 255));
    }
  }
  return stream;
}

void expect_bounded(const ScreenStage& stage) {
  EXPECT_LE(stage.screen->to_browser().size(), Screen::kToBrowser + 1024);
  EXPECT_LE(stage.screen->to_guest().size(), 2 * rfb::Console::kToGuest);
  EXPECT_GT(stage.tape->room() + 1024 * 1024, Tape::kCapacity);
}

TEST(HostileScreens, GuestsEndTheirOwnScreenAtMost) {
  std::mt19937 chance(20261126);
  std::vector<Bytes> real;
  for (const char* name : {"qemu_hextile", "qemu_zlib", "qemu_tight", "qemu_zrle", "qemu_all"}) {
    real.push_back(rfb::testing::recording(std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata", name));
    ASSERT_FALSE(real.back().empty());
  }
  ScreenStage neighbour;
  neighbour.open();
  int ended = 0, unrecorded = 0;
  for (int i = 0; i < kStreams; ++i) {
    ScreenStage stage;
    stage.open();
    stage.guest_says(damaged(real[static_cast<std::size_t>(i) % real.size()], chance));
    stage.pass(milliseconds(200));
    expect_bounded(stage);
    ended += stage.screen->ended() ? 1 : 0;
    unrecorded += stage.screen->ended() && stage.screen->why().code == "console.not_recorded" ? 1 : 0;
    EXPECT_TRUE(stage.check().findings.empty());
  }
  EXPECT_GT(ended, kStreams / 10) << "the damage is not felt: the test proves nothing";
  EXPECT_GT(unrecorded, 0) << "what the filter lets pass and the decoder cannot read ends the screen too";
  neighbour.guest_says(ScreenStage::picture(0, 0, 4, 4, 1));
  EXPECT_FALSE(neighbour.screen->ended());
}

TEST(HostileScreens, ViewersEndTheirOwnScreenAtMost) {
  std::mt19937 chance(20261127);
  const Bytes words = browser_frame(novnc_opening({640, 480})) + browser_frame(key(true, 'a') + key(false, 'a')) +
                      browser_frame(pointer(1, 5, 5), 2, false) + browser_frame(zeros(3), 9) +
                      browser_frame(cut_text(rfb::kClientCutText, 9, zeros(9)), 0) +
                      browser_frame(hex("fa 00 01 02") + cut_text(rfb::kClientCutText, 0xfffffff8U, zeros(8))) +
                      browser_frame(update_request(true, 0, 0, 640, 480));
  int ended = 0;
  for (int i = 0; i < kStreams; ++i) {
    ScreenStage stage;
    stage.open();
    stage.browser_raw(damaged(words, chance));
    stage.pass(milliseconds(200));
    expect_bounded(stage);
    // What reaches the guest is messages of the allow-list: no clipboard, no power, no file.
    for (const std::uint8_t type : {rfb::kClientCutText, rfb::kXvp}) {
      if (stage.guest_heard.empty()) continue;
      EXPECT_NE(rfb::u8(stage.guest_heard, 0), type);
    }
    ended += stage.screen->ended() ? 1 : 0;
  }
  EXPECT_GT(ended, kStreams / 10) << "the damage is not felt: the test proves nothing";
}

/// Each of consoles.md §1: what ends a screen, and by whose fault.
struct Forbidden {
  const char* name;
  bool by_guest;
  const char* bytes;
  const char* code;
};
constexpr Forbidden kForbidden[] = {
    {"UltraVNC file transfer", false, "07 00 00 00 00000000 00000000", "console.file_transfer"},
    {"SetScale", false, "08 02 00 00", "console.file_transfer"},
    {"text chat", false, "0b 00 00 00 00000001 41", "console.file_transfer"},
    {"TightVNC file list", false, "82 00 00 00", "console.file_transfer"},
    {"TightVNC 2 file transfer", false, "fc 00 01 02", "console.file_transfer"},
    {"SetServerInput", false, "09 00 00 00", "console.file_transfer"},
    {"SetSW", false, "0a 00 0000 0000", "console.file_transfer"},
    {"TightVNC upload", false, "8b 00 00 00", "console.file_transfer"},
    {"a fence that the guest never agreed on", false, "f8 000000 80000001 00", "console.unasked_message"},
    {"continuous updates likewise", false, "96 01 0000 0000 0001 0001", "console.unasked_message"},
    {"a scan code likewise", false, "ff 00 0001 00000061 0000001e", "console.unasked_message"},
    {"sound that QEMU does not have", false, "ff 01 0003", "console.unknown_message"},
    {"QEMU's next message", false, "ff 02", "console.unknown_message"},
    {"gii", false, "fd 81 00 00", "console.unknown_message"},
    {"VMware", false, "7f 00 00 04", "console.unknown_message"},
    {"unknown type", false, "c8 00 00 00", "console.unknown_message"},
    {"clipboard over 1 MiB", false, "06 00 00 00 00100001", "console.clipboard_size"},
    {"clipboard without absolute value", false, "06 00 00 00 80000000", "console.clipboard_size"},
    {"129 encodings", false, "02 00 00 81", "console.malformed"},
    {"eight bits a pixel", false, "00 000000 08 08 00 01 0007 0007 0003 00 03 06 000000", "console.pixel_format"},
    {"colour map", true, "01 00 0000 0001 000000000000", "console.colour_map"},
    {"clipboard over 1 MiB of the guest", true, "03 00 00 00 00100001", "console.clipboard_size"},
    {"clipboard of the guest without absolute value", true, "03 00 00 00 80000000", "console.clipboard_size"},
    {"sound over 1 MiB", true, "ff 01 0002 00100001", "console.clipboard_size"},
    {"VMware of the guest", true, "7f 00 0008", "console.unknown_message"},
    {"cursor beyond its cap", true, "00 00 0001 0000 0000 0201 0001 ffffff11", "console.screen_size"},
    {"name of 4 GiB", true, "00 00 0001 0000 0000 0000 0000 fffffecd ffffffff", "console.screen_size"},
    {"17 screens", true, "00 00 0001 0000 0000 0280 01e0 fffffecc 11000000", "console.malformed"},
    {"more ZRLE than a picture needs", true, "00 00 0001 0000 0000 0001 0001 00000010 7fffffff", "console.malformed"},
    {"PNG within Tight", true, "00 00 0001 0000 0000 0001 0001 00000007 a0", "console.encoding"},
    {"a Hextile mask of all bits", true, "00 00 0001 0000 0000 0010 0010 00000005 ff", "console.malformed"},
    {"copy from outside", true, "00 00 0001 0000 0000 0010 0010 00000001 0271 0000", "console.outside_screen"},
    {"unknown type of the guest", true, "c8", "console.unknown_message"},
    {"rectangle outside", true, "00 00 0001 0280 0000 0001 0001 00000000", "console.outside_screen"},
    {"encoding that nobody asked for", true, "00 00 0001 0000 0000 0001 0001 00000032", "console.encoding"},
    {"screen beyond the cap", true, "00 00 0001 0000 0000 2710 2710 ffffff21", "console.screen_size"},
};

TEST(HostileScreens, WhatIsForbiddenEndsTheScreenWithItsName) {
  for (const Forbidden& one : kForbidden) {
    ScreenStage stage;
    stage.open();
    const Bytes bytes = hex(one.bytes);
    one.by_guest ? stage.guest_says(bytes) : stage.browser_says(bytes);
    ASSERT_TRUE(stage.screen->ended()) << one.name;
    EXPECT_EQ(stage.screen->why().code, one.code) << one.name;
    EXPECT_TRUE(stage.guest_heard.empty()) << one.name;
    ASSERT_FALSE(stage.notices.empty()) << one.name;
    EXPECT_EQ(rfb::words(stage.notices.back().cause).code, one.code) << one.name;
  }
}

}  // namespace
}  // namespace sekisho::screens
