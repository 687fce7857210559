#include "console/rfb/rect_reader.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::rfb {
namespace {

using namespace testing;

constexpr Size kScreen{640, 480};

struct Read {
  std::optional<Cause> broken;
  bool done = false;
  std::size_t taken = 0;
};

Read read(const RectHead& head, const Bytes& payload, std::size_t piece = 1 << 20) {
  const Caps caps;
  RectReader reader(caps);
  Read out;
  out.broken = reader.begin(head, kScreen);
  if (out.broken) return out;
  out.done = reader.feed({}).done;
  for (std::size_t at = 0; at < payload.size() && !out.done && !out.broken; at += piece) {
    const Bytes lent(payload.begin() + static_cast<std::ptrdiff_t>(at),
                     payload.begin() + static_cast<std::ptrdiff_t>(std::min(payload.size(), at + piece)));
    const auto step = reader.feed(lent);
    out.taken += step.taken;
    out.done = step.done;
    out.broken = step.broken;
  }
  return out;
}

/// The payload ends exactly behind `payload`, however it is cut; what follows is not touched.
void expect_exact(const char* what, const RectHead& head, const Bytes& payload) {
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{64}, payload.size() + 8}) {
    const Read whole = read(head, payload + hex("0102030405060708"), piece);
    EXPECT_FALSE(whole.broken) << what << " in pieces of " << piece;
    EXPECT_TRUE(whole.done) << what << " in pieces of " << piece;
    EXPECT_EQ(whole.taken, payload.size()) << what << " in pieces of " << piece;
  }
  if (!payload.empty()) {
    EXPECT_FALSE(read(head, Bytes(payload.begin(), payload.end() - 1)).done) << what << ", one byte short";
  }
}

TEST(RectReader, KnowsWhereEachPayloadEnds) {
  expect_exact("raw", {0, 0, 3, 2, kRaw}, zeros(24));
  expect_exact("raw, no area", {0, 0, 0, 2, kRaw}, {});
  expect_exact("copy", {0, 0, 640, 480, kCopyRect}, zeros(4));
  expect_exact("zlib", {0, 0, 3, 2, kZlib}, hex("00000003 aabbcc"));
  expect_exact("zrle", {0, 0, 3, 2, kZrle}, hex("00000002 aabb"));
  expect_exact("zrle, empty", {0, 0, 3, 2, kZrle}, hex("00000000"));
  expect_exact("desktop size", {0, 0, 800, 600, kDesktopSize}, {});
  expect_exact("last", {0, 0, 0, 0, kLastRect}, {});
  expect_exact("scan codes", {0, 0, 640, 480, kQemuKeys}, {});
  expect_exact("pointer type", {1, 0, 640, 480, kPointerType}, {});
  expect_exact("cursor", {1, 1, 9, 3, kCursor}, zeros(9 * 3 * 4 + 2 * 3));
  expect_exact("cursor, none", {0, 0, 0, 0, kCursor}, {});
  expect_exact("cursor with alpha", {1, 1, 2, 3, kCursorAlpha}, hex("00000000") + zeros(24));
  expect_exact("lights", {0, 0, 0, 0, kLedState}, hex("03"));
  expect_exact("name", {0, 0, 0, 0, kDesktopName}, hex("00000004 6e616d65"));
  expect_exact("screens", {0, 0, 640, 480, kExtendedDesktopSize}, hex("02000000") + zeros(32));
}

TEST(RectReader, FollowsHextile) {
  // 18 x 17: tiles of 16x16, 2x16, 16x1, 2x1.
  expect_exact("hextile", {0, 0, 18, 17, kHextile},
               hex("01") + zeros(16 * 16 * 4)                  // raw
                   + hex("02 aabbccdd")                        // background
                   + hex("0e aabbccdd 11223344 02 0000 0010")  // both colours, two subrectangles
                   + hex("18 01 aabbccdd 0000"));              // one, coloured
  expect_exact("hextile, edge tiles raw", {0, 0, 18, 17, kHextile},
               hex("00 01") + zeros(2 * 16 * 4) + hex("01") + zeros(16 * 4) + hex("01") + zeros(2 * 4));
  expect_exact("hextile, no subrectangle", {0, 0, 1, 1, kHextile}, hex("08 00"));
  expect_exact("hextile, no area", {0, 0, 16, 0, kHextile}, {});
  EXPECT_EQ(read({0, 0, 16, 16, kHextile}, hex("20")).broken, Cause::malformed);
}

TEST(RectReader, FollowsTight) {
  expect_exact("fill", {0, 0, 100, 100, kTight}, hex("8f 112233"));
  expect_exact("jpeg", {0, 0, 100, 100, kTight}, hex("90 03 ffd8ff"));
  expect_exact("copy, short", {0, 0, 3, 1, kTight}, hex("00") + zeros(9));
  expect_exact("copy, 12 bytes are compressed", {0, 0, 2, 2, kTight}, hex("00 02 aabb"));
  expect_exact("length of two bytes", {0, 0, 100, 100, kTight}, hex("00 8101") + zeros(129));
  expect_exact("length of three bytes", {0, 0, 200, 200, kTight}, hex("00 818001") + zeros(16385));
  expect_exact("filter copy", {0, 0, 3, 1, kTight}, hex("40 00") + zeros(9));
  expect_exact("two colours, short", {0, 0, 9, 5, kTight}, hex("40 01 01 112233445566") + zeros(10));
  expect_exact("two colours", {0, 0, 9, 6, kTight}, hex("50 01 01 112233445566 03 aabbcc"));
  expect_exact("three colours, short", {0, 0, 11, 1, kTight}, hex("60 01 02 112233445566778899") + zeros(11));
  expect_exact("256 colours", {0, 0, 4, 3, kTight}, hex("70 01 ff") + zeros(768) + hex("01 aa"));
  expect_exact("gradient", {0, 0, 2, 2, kTight}, hex("40 02 01 aa"));
  expect_exact("no area", {0, 0, 0, 5, kTight}, hex("00"));
}

TEST(RectReader, RefusesWhatTightDoesNotHave) {
  for (const char* payload : {"b0", "c0", "d0", "e0", "f0", "40 03", "40 ff", "40 01 00", "00 00", "90 00"}) {
    EXPECT_EQ(read({0, 0, 100, 100, kTight}, hex(payload)).broken, Cause::malformed) << payload;
  }
  EXPECT_EQ(read({0, 0, 100, 100, kTight}, hex("a0")).broken, Cause::encoding) << "TightPNG was not asked for";
  EXPECT_EQ(read({0, 0, 2049, 1, kTight}, {}).broken, Cause::malformed) << "wider than the standard allows";
  EXPECT_EQ(read({0, 0, 2, 2, kTight}, hex("00 ffffff")).broken, Cause::malformed) << "4 MiB for four pixels";
}

TEST(RectReader, RefusesLengthsBeyondWhatAPictureNeeds) {
  EXPECT_EQ(read({0, 0, 10, 10, kZrle}, hex("000011f5")).broken, Cause::malformed);
  EXPECT_FALSE(read({0, 0, 10, 10, kZrle}, hex("000011f4")).broken);
  EXPECT_EQ(read({0, 0, 10, 10, kZlib}, hex("ffffffff")).broken, Cause::malformed);
  EXPECT_EQ(read({0, 0, 0, 0, kDesktopName}, hex("00001001")).broken, Cause::screen_size);
  EXPECT_EQ(read({0, 0, 513, 1, kCursor}, {}).broken, Cause::screen_size);
  EXPECT_EQ(read({0, 0, 1, 513, kCursorAlpha}, {}).broken, Cause::screen_size);
  EXPECT_EQ(read({0, 0, 2, 2, kCursorAlpha}, hex("00000010")).broken, Cause::encoding);
  EXPECT_EQ(read({0, 0, 640, 480, kExtendedDesktopSize}, hex("11000000")).broken, Cause::malformed);
}

TEST(RectReader, ACopyComesFromTheScreen) {
  EXPECT_FALSE(read({0, 0, 40, 30, kCopyRect}, hex("0258 01c2")).broken) << "600, 450: to the last pixel";
  EXPECT_EQ(read({0, 0, 40, 30, kCopyRect}, hex("0259 01c2")).broken, Cause::outside_screen);
  EXPECT_EQ(read({0, 0, 40, 30, kCopyRect}, hex("0258 01c3")).broken, Cause::outside_screen);
  EXPECT_EQ(read({0, 0, 1, 1, kCopyRect}, hex("ffff ffff")).broken, Cause::outside_screen);
}

TEST(RectReader, DoesNotKnowOtherEncodings) {
  for (const std::int32_t encoding : {2, 4, 8, 9, 15, 17, 21, 22, 50, -260, -309, -26, -254, -312, -313}) {
    EXPECT_EQ(read({0, 0, 1, 1, encoding}, {}).broken, Cause::encoding) << encoding;
  }
}

}  // namespace
}  // namespace sekisho::rfb
