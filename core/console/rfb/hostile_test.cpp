// A thousand hostile guests and viewers: recordings of real ones, damaged. Each may end its own console, and nothing
// else may happen: no crash, no growth, nothing that the allow-lists forbid on the other side.
#include "console/rfb/console.hpp"
#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace sekisho::rfb {
namespace {

using namespace testing;

constexpr int kStreams = 1000;
const Instant kNow = *parse_rfc3339("2026-11-22T09:00:00Z");

/// Changes a few bytes, cuts out, repeats or inserts pieces.
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

TEST(Hostile, GuestsEndTheirOwnConsoleAtMost) {
  std::mt19937 chance(20261122);
  const std::string folder = std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata";
  std::vector<Bytes> real;
  for (const char* name : {"qemu_hextile", "qemu_zlib", "qemu_tight", "qemu_zrle", "qemu_all"}) {
    real.push_back(recording(folder, name));
    ASSERT_FALSE(real.back().empty());
  }
  int ended = 0;
  for (int i = 0; i < kStreams; ++i) {
    Caps caps;
    Negotiation agreed;
    agreed.size = {640, 480};
    ask_everything(agreed.asked);
    NoticeBoard board;
    GuestFilter filter(caps, agreed, board, nullptr);
    const Bytes stream = damaged(real[static_cast<std::size_t>(i) % real.size()], chance);
    Bytes out;
    std::optional<Cause> broken;
    for (std::size_t at = 0; at < stream.size() && !broken; at += 37) {
      broken = filter.feed(View(stream).subspan(at, std::min<std::size_t>(37, stream.size() - at)), out).broken;
      ASSERT_LE(out.size(), at + 37);
    }
    ended += broken.has_value() ? 1 : 0;
    // What passed is what an honest guest could have sent: it passes again, whole, and nothing of it is stopped.
    Negotiation again;
    again.size = {640, 480};
    ask_everything(again.asked);
    NoticeBoard quiet;
    GuestFilter second(caps, again, quiet, nullptr);
    Bytes once_more;
    EXPECT_FALSE(second.feed(out, once_more).broken);
    EXPECT_TRUE(once_more == out);
    EXPECT_TRUE(quiet.take(kNow, true).empty());
  }
  EXPECT_GT(ended, kStreams / 10) << "the damage is not felt: the test proves nothing";
}

TEST(Hostile, ViewersEndTheirOwnConsoleAtMost) {
  std::mt19937 chance(20261123);
  const Bytes real = novnc_opening({640, 480}) + key(true, 'a') + key(false, 'a') + pointer(1, 5, 5) +
                     cut_text(kClientCutText, 9, zeros(9)) + qemu_key(true, 0x5c, 0x7d) + qemu_key(false, 0x5c, 0x7d) +
                     hex("f8 000000 80000001 03 616263") + hex("96 01 0000 0000 0280 01e0") + hex("fa 00 01 02") +
                     hex("fb 00 0320 0258 01 00 00000000 0000 0000 0320 0258 00000000") +
                     cut_text(kClientCutText, 0xfffffff8U, zeros(8)) + update_request(true, 0, 0, 640, 480);
  const auto filtered = [](View stream, std::optional<Cause>& broken, NoticeBoard& board) {
    Caps caps;
    ViewerPolicy policy{.resize = true, .key_presses_per_s = 0};
    Negotiation agreed;
    agreed.size = {640, 480};
    agreed.qemu_keys = agreed.fences = agreed.continuous = agreed.sizes = true;
    ViewerFilter filter(policy, caps, agreed, board, nullptr);
    Bytes out;
    for (std::size_t at = 0; at < stream.size() && !broken; at += 11) {
      broken = filter.feed(stream.subspan(at, std::min<std::size_t>(11, stream.size() - at)), kNow, out).broken;
    }
    return out;
  };
  int ended = 0;
  for (int i = 0; i < kStreams; ++i) {
    const Bytes stream = damaged(real, chance);
    std::optional<Cause> broken, again;
    NoticeBoard board, quiet;
    const Bytes out = filtered(stream, broken, board);
    ASSERT_LE(out.size(), stream.size() + 4 * 8);
    ended += broken.has_value() ? 1 : 0;
    EXPECT_TRUE(filtered(out, again, quiet) == out);
    EXPECT_FALSE(again);
    EXPECT_TRUE(quiet.take(kNow, true).empty());
  }
  EXPECT_GT(ended, kStreams / 10) << "the damage is not felt: the test proves nothing";
}

TEST(Hostile, ANeighbourNeverNotices) {
  Console good({.name = "good"}, nullptr, kNow);
  const Bytes hello = recording(std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata", "qemu_handshake");
  std::mt19937 chance(20261124);
  for (int i = 0; i < kStreams; ++i) {
    Console bad({.name = "bad"}, nullptr, kNow);
    const Bytes stream = damaged(hello, chance);
    static_cast<void>(bad.from_guest(stream, kNow));
    static_cast<void>(bad.from_viewer(stream, kNow));
    EXPECT_LE(bad.to_guest().size() + bad.to_viewer().size(), 1024U);
  }
  EXPECT_EQ(good.from_guest(hello, kNow), hello.size());
  EXPECT_EQ(good.state(), Console::State::opening);
}

}  // namespace
}  // namespace sekisho::rfb
