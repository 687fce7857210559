// What the console bench draws is what a viewer reads, from any pieces, and what a recorder decodes.
#include "console/picture/decoder.hpp"
#include "console/rfb/testing/streams.hpp"
#include "console_picture.hpp"
#include "console_wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sekisho::bench {
namespace {

using rfb::testing::hex;
using rfb::testing::operator+;

/// Three updates: the whole screen and two parts.
Bytes three_updates() {
  Painter painter;
  Bytes out;
  painter.whole(out, 100);
  painter.part(out, 200);
  painter.part(out, 300);
  return out;
}

TEST(ConsolePicture, IsReadFromAnyPieces) {
  const Bytes all = three_updates();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, all.size()}) {
    UpdateReader reader;
    std::vector<Stamp> seen;
    for (View left = all; !left.empty();) {
      const View now = left.first(std::min(piece, left.size()));
      left = left.subspan(now.size());
      ASSERT_TRUE(reader.feed(now, [&](const std::optional<Stamp>& stamp) {
        ASSERT_TRUE(stamp);
        seen.push_back(*stamp);
      })) << piece;
    }
    ASSERT_EQ(seen.size(), 3U) << piece;
    EXPECT_EQ(seen[2].number, 2U);
    EXPECT_EQ(seen[2].at_ns, 300U);
  }
}

TEST(ConsolePicture, BulkIsOneUpdateWithoutAStamp) {
  UpdateReader reader;
  int updates = 0;
  EXPECT_TRUE(reader.feed(Painter::bulk(), [&](const std::optional<Stamp>& stamp) {
    ++updates;
    EXPECT_FALSE(stamp);
  }));
  EXPECT_EQ(updates, 1);
  EXPECT_GT(Painter::bulk().size(), std::size_t{kScreen.width} * kScreen.height * 4);
}

TEST(ConsolePicture, AnythingElseIsNoUpdate) {
  UpdateReader bell;
  EXPECT_FALSE(bell.feed(hex("02000000"), [](const auto&) {}));
  UpdateReader hextile;
  EXPECT_FALSE(hextile.feed(hex("00000001 0000 0000 0010 0010 00000005"), [](const auto&) {}));
  EXPECT_FALSE(read_stamp(rfb::testing::zeros(kStampBytes)));
}

/// What a recorder makes of it: the pixels in the order of Rectangle (B, G, R and a byte).
struct Canvas final : picture::Canvas {
  void resize(rfb::Size) override {}
  void paint(const picture::Area& area, View pixels) override {
    ++paints;
    if (area.width != kStampPixels || area.height != 1) return;
    Bytes colours;
    for (std::size_t i = 0; i < kStampPixels; ++i) {
      for (const std::size_t part : {2, 1, 0}) colours.push_back(pixels[i * 4 + part]);
    }
    stamp = read_stamp(colours);
  }
  void copy(const picture::Area&, std::uint16_t, std::uint16_t) override {}
  void update_done() override {}
  int paints = 0;
  std::optional<Stamp> stamp;
};

TEST(ConsolePicture, ARecorderDecodesItWithItsStamp) {
  Painter painter;
  Bytes first, part;
  painter.whole(first, 1);
  painter.part(part, 77);
  Canvas canvas;
  picture::Decoder decoder(canvas);
  decoder.screen(kScreen, rfb::PixelOrder::rgbx);
  // 240 parts and a stamp; the compressor's stream goes on in the second update.
  const auto feed = [&](View in, std::size_t rects) {
    in = in.subspan(4);
    for (std::size_t i = 0; i < rects; ++i) {
      rfb::RectHead head{rfb::be16(in, 0), rfb::be16(in, 2), rfb::be16(in, 4), rfb::be16(in, 6),
                         static_cast<std::int32_t>(rfb::be32(in, 8))};
      in = in.subspan(12);
      std::size_t size = std::size_t{kStampPixels} * 4;
      if (head.encoding == rfb::kTight) {
        const bool two = (rfb::u8(in, 9) & 128U) != 0;
        size = two ? 11U + ((rfb::u8(in, 9) & 127U) | std::size_t{rfb::u8(in, 10)} << 7U) : 10U + rfb::u8(in, 9);
      }
      decoder.rect(head);
      decoder.rect_bytes(in.first(size));
      decoder.rect_done();
      in = in.subspan(size);
    }
    decoder.update_done();
    EXPECT_TRUE(in.empty());
  };
  feed(first, 241);
  ASSERT_FALSE(decoder.broken());
  ASSERT_TRUE(canvas.stamp);
  EXPECT_EQ(canvas.stamp->number, 0U);
  feed(part, 2);
  ASSERT_FALSE(decoder.broken());
  EXPECT_EQ(canvas.stamp->number, 1U);
  EXPECT_EQ(canvas.stamp->at_ns, 77U);
  EXPECT_GE(canvas.paints, 243);
}

TEST(ConsoleRequests, AreCountedFromAnyPieces) {
  const Bytes all = rfb::testing::novnc_opening(kScreen) + rfb::testing::key(true, 'a') +
                    rfb::testing::update_request(true, 0, 0, 10, 10) + rfb::testing::pointer(0, 1, 1) +
                    rfb::testing::update_request(true, 0, 0, 10, 10);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, all.size()}) {
    RequestReader reader;
    RequestReader::Asked asked;
    for (View left = all; !left.empty(); left = left.subspan(std::min(piece, left.size()))) {
      ASSERT_TRUE(reader.feed(left.first(std::min(piece, left.size())), asked));
    }
    EXPECT_EQ(asked.whole, 1U);
    EXPECT_EQ(asked.changes, 2U);
  }
  RequestReader reader;
  RequestReader::Asked asked;
  EXPECT_FALSE(reader.feed(hex("96"), asked)) << "continuous updates were not offered";
}

struct Frames final : FrameReader::Handler {
  void on_data(View piece) override { rfb::put(data, piece); }
  void on_ping(View payload) override { rfb::put(pings, payload); }
  void on_close(std::uint16_t the_code) override { code = the_code; }
  Bytes data, pings;
  std::uint16_t code = 0;
};

TEST(ConsoleFrames, OfAServerAreReadFromAnyPieces) {
  Bytes all = hex("8203 010203 8902 aabb 827e 0100");
  rfb::put(all, rfb::testing::zeros(256));
  all = all + hex("827f 0000000000000002 0405 8802 03e8");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, all.size()}) {
    FrameReader reader;
    Frames frames;
    for (View left = all; !left.empty(); left = left.subspan(std::min(piece, left.size()))) {
      ASSERT_TRUE(reader.feed(left.first(std::min(piece, left.size())), frames));
    }
    EXPECT_EQ(frames.data.size(), 3U + 256U + 2U);
    EXPECT_EQ(frames.pings, hex("aabb"));
    EXPECT_EQ(frames.code, 1000);
  }
}

TEST(ConsoleFrames, MaskedOnesAreNoServers) {
  FrameReader reader;
  Frames frames;
  EXPECT_FALSE(reader.feed(masked_frame(hex("010203"), 2, 0x11223344), frames));
  EXPECT_EQ(masked_frame(hex("0102030405"), 2, 0x11223344), hex("8285 11223344 1020304014"));
}

}  // namespace
}  // namespace sekisho::bench
