#include "console/picture/decoder.hpp"

#include "console/rfb/guest_filter.hpp"
#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>

namespace sekisho::picture {
namespace {

using namespace rfb::testing;
using rfb::Cause;

/// Of QEMU's screen in the recordings.
constexpr std::uint32_t kScreenHash = 0xd43dc22dU;

/// Keeps the picture as 0xRRGGBB, and refuses paint outside of it.
struct Picture final : Canvas {
  void resize(Size to) override {
    size = to;
    pixels.assign(std::size_t{to.width} * to.height, 0xffffffff);
  }
  void paint(const Area& area, View bytes) override {
    ASSERT_LE(area.x + area.width, size.width);
    ASSERT_LE(area.y + area.height, size.height);
    ASSERT_LE(area.height, 64);
    ASSERT_EQ(bytes.size(), std::size_t{area.width} * area.height * 4);
    for (std::size_t i = 0; i < bytes.size() / 4; ++i) {
      pixels[(area.y + i / area.width) * size.width + area.x + i % area.width] =
          std::uint32_t{rfb::u8(bytes, i * 4 + 2)} << 16U | std::uint32_t{rfb::u8(bytes, i * 4 + 1)} << 8U |
          rfb::u8(bytes, i * 4);
    }
    ++paints;
  }
  void copy(const Area& area, std::uint16_t from_x, std::uint16_t from_y) override {
    copies.emplace_back(area, from_x, from_y);
  }
  void update_done() override { ++updates; }
  std::uint32_t at(std::size_t x, std::size_t y) const { return pixels.at(y * size.width + x); }
  Size size{};
  std::vector<std::uint32_t> pixels;
  std::vector<std::tuple<Area, int, int>> copies;
  int paints = 0, updates = 0;
};

/// A guest's stream through the relay's own filter into the decoder.
struct Shown {
  explicit Shown(Size size, PixelOrder order = PixelOrder::bgrx) {
    agreed.size = size;
    agreed.order = order;
    ask_everything(agreed.asked);
    decoder.screen(size, order);
  }
  Shown& say(const Bytes& stream, std::size_t piece = 1 << 20) {
    for (std::size_t at = 0; at < stream.size() && !refused; at += piece) {
      const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
      refused = filter.feed(lent, passed).broken;
    }
    return *this;
  }
  Picture picture;
  Decoder decoder{picture};
  rfb::Caps caps{};
  rfb::Negotiation agreed;
  rfb::NoticeBoard board;
  rfb::GuestFilter filter{caps, agreed, board, &decoder};
  Bytes passed;
  std::optional<Cause> refused;
};

/// A zlib stream of a server, synchronised after each message, as theirs are.
class Packer {
 public:
  Packer() { EXPECT_EQ(::deflateInit(&stream_, 6), Z_OK); }
  ~Packer() { ::deflateEnd(&stream_); }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;
  Bytes pack(const Bytes& plain) {
    Bytes in = plain, out(plain.size() + 1024);
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream_, Z_SYNC_FLUSH), Z_OK);
    out.resize(out.size() - stream_.avail_out);
    return out;
  }
  Bytes pack_with_length(const Bytes& plain) {
    const Bytes packed = pack(plain);
    Bytes out;
    rfb::put32(out, static_cast<std::uint32_t>(packed.size()));
    return out + packed;
  }
  Bytes pack_tight(const Bytes& plain) {
    const Bytes packed = pack(plain);
    EXPECT_LT(packed.size(), 1U << 14U);
    Bytes out;
    rfb::put8(out, static_cast<std::uint8_t>((packed.size() & 127U) | (packed.size() > 127 ? 128U : 0U)));
    if (packed.size() > 127) rfb::put8(out, static_cast<std::uint8_t>(packed.size() >> 7U));
    return out + packed;
  }

 private:
  z_stream stream_{};
};

Bytes one(const RectHead& head, const Bytes& payload) {
  return update(1) + rect(head) + payload;
}

TEST(Decoder, ShowsTheSameScreenInEveryEncodingOfARealQemu) {
  const std::string folder = std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata";
  for (const char* name : {"qemu_hextile", "qemu_zlib", "qemu_tight", "qemu_zrle", "qemu_all"}) {
    const Bytes stream = recording(folder, name);
    ASSERT_FALSE(stream.empty()) << name;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{11}, std::size_t{500}, stream.size()}) {
      Shown shown({640, 480});
      shown.say(stream, piece);
      ASSERT_FALSE(shown.decoder.broken()) << name << " in pieces of " << piece;
      std::uint32_t hash = 2166136261U;  // FNV-1a over B, G, R of the same screen sent as Raw
      for (const std::uint32_t pixel : shown.picture.pixels) {
        for (const unsigned shift : {0U, 8U, 16U}) hash = (hash ^ (pixel >> shift & 255U)) * 16777619U;
      }
      EXPECT_EQ(hash, kScreenHash) << name << " in pieces of " << piece;
      EXPECT_GE(shown.picture.updates, 1);
    }
  }
}

TEST(Decoder, PaintsRawInBothOrdersOfColours) {
  const Bytes stream = one({1, 1, 2, 1, rfb::kRaw}, hex("01020300 0a0b0c00"));
  Shown bgrx({4, 3});
  bgrx.say(stream, 1);
  EXPECT_EQ(bgrx.picture.at(1, 1), 0x030201U);
  EXPECT_EQ(bgrx.picture.at(2, 1), 0x0c0b0aU);
  EXPECT_EQ(bgrx.picture.at(0, 0), 0xffffffffU) << "not painted";
  Shown rgbx({4, 3}, PixelOrder::rgbx);
  rgbx.say(stream);
  EXPECT_EQ(rgbx.picture.at(1, 1), 0x010203U);
}

TEST(Decoder, CopiesAndResizes) {
  Shown shown({40, 30});
  shown.say(one({10, 20, 4, 5, rfb::kCopyRect}, hex("0001 0002")), 1);
  ASSERT_EQ(shown.picture.copies.size(), 1U);
  EXPECT_EQ(shown.picture.copies[0], std::tuple(Area{10, 20, 4, 5}, 1, 2));
  shown.say(one({0, 0, 80, 60, rfb::kDesktopSize}, {}));
  EXPECT_EQ(shown.picture.size, (Size{80, 60}));
  shown.say(one({79, 59, 1, 1, rfb::kRaw}, hex("01020300")));
  EXPECT_EQ(shown.picture.at(79, 59), 0x030201U);
  EXPECT_EQ(shown.picture.updates, 3);
}

TEST(Decoder, PaintsHextile) {
  // 17 x 1: a tile of 16 with background and two coloured subrectangles, a raw tile of one pixel.
  const Bytes payload = hex("1a 01000000  02  02000000 10 10  03000000 30 00") + hex("01 04000000");
  for (std::size_t piece = 1; piece < 40; ++piece) {
    Shown shown({17, 1});
    shown.say(one({0, 0, 17, 1, rfb::kHextile}, payload), piece);
    ASSERT_FALSE(shown.decoder.broken());
    EXPECT_EQ(shown.picture.pixels, (std::vector<std::uint32_t>{1, 2, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4}));
  }
  Shown outside({17, 1});
  outside.say(one({0, 0, 17, 1, rfb::kHextile}, hex("0a 01000000 01 00 01") + hex("01 04000000")));
  EXPECT_TRUE(outside.decoder.broken()) << "a subrectangle below its tile";
}

TEST(Decoder, KeepsItsZlibStreamFromRectangleToRectangle) {
  Packer server;
  const Bytes first = server.pack_with_length(hex("01020300 04050600")),
              second = server.pack_with_length(hex("01020300 04050600"));
  EXPECT_LT(second.size(), first.size()) << "the second leans on the first";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    Shown shown({2, 2});
    shown.say(one({0, 0, 2, 1, rfb::kZlib}, first) + one({0, 1, 2, 1, rfb::kZlib}, second), piece);
    EXPECT_FALSE(shown.decoder.broken());
    EXPECT_EQ(shown.picture.pixels, (std::vector<std::uint32_t>{0x030201, 0x060504, 0x030201, 0x060504}));
  }
}

TEST(Decoder, RefusesZlibThatIsMoreOrLessThanTheRectangle) {
  for (const auto& [name, plain] : {std::pair{"less", zeros(7)}, {"more", zeros(9)}, {"a bomb", zeros(1 << 16)}}) {
    Packer server;
    Shown shown({2, 1});
    shown.say(one({0, 0, 2, 1, rfb::kZlib}, server.pack_with_length(plain)));
    EXPECT_FALSE(shown.refused);
    EXPECT_TRUE(shown.decoder.broken()) << name;
  }
  Shown garbage({2, 1});
  garbage.say(one({0, 0, 2, 1, rfb::kZlib}, hex("00000004 deadbeef")));
  EXPECT_TRUE(garbage.decoder.broken());
}

/// One ZRLE tile of 4 x 2 on a screen of that size.
Picture zrle(const Bytes& tile, bool& broken, std::size_t piece = 1 << 20) {
  Packer server;
  Shown shown({4, 2});
  shown.say(one({0, 0, 4, 2, rfb::kZrle}, server.pack_with_length(tile)), piece);
  EXPECT_FALSE(shown.refused);
  broken = shown.decoder.broken();
  return shown.picture;
}

TEST(Decoder, PaintsEveryKindOfZrleTile) {
  const std::map<std::string, std::pair<Bytes, std::vector<std::uint32_t>>> kinds{
      {"raw", {hex("00 010000 020000 030000 040000 050000 060000 070000 080000"), {1, 2, 3, 4, 5, 6, 7, 8}}},
      {"solid", {hex("01 090000"), {9, 9, 9, 9, 9, 9, 9, 9}}},
      {"two colours", {hex("02 010000 020000 50 a0"), {1, 2, 1, 2, 2, 1, 2, 1}}},
      {"three colours", {hex("03 010000 020000 030000 18 91"), {1, 2, 3, 1, 3, 2, 1, 2}}},
      {"five colours", {hex("05 010000 020000 030000 040000 050000 0123 4321"), {1, 2, 3, 4, 5, 4, 3, 2}}},
      {"runs", {hex("80 010000 02 020000 04"), {1, 1, 1, 2, 2, 2, 2, 2}}},
      {"runs of a palette", {hex("82 010000 020000 00 81 02 80 03"), {1, 2, 2, 2, 1, 1, 1, 1}}},
  };
  for (const auto& [name, kind] : kinds) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{1000}}) {
      bool broken = true;
      EXPECT_EQ(zrle(kind.first, broken, piece).pixels, kind.second) << name << " in pieces of " << piece;
      EXPECT_FALSE(broken) << name;
    }
  }
}

TEST(Decoder, RefusesWhatZrleDoesNotHave) {
  for (const char* tile :
       {"11", "7f", "81", "80 010000 08", "80 010000 ff ff ff ff", "82 010000 020000 02", "82 010000 020000 81 08",
        "03 010000 020000 030000 ff ff", "01 090000 00", "01 0900", "00 010000"}) {
    bool broken = false;
    static_cast<void>(zrle(hex(tile), broken));
    EXPECT_TRUE(broken) << tile;
  }
}

TEST(Decoder, PaintsZrleTilesFromLeftToRightAndDown) {
  Packer server;
  Shown shown({65, 65});
  shown.say(one({0, 0, 65, 65, rfb::kZrle}, server.pack_with_length(hex("01 010000 01 020000 01 030000 01 040000"))),
            2);
  ASSERT_FALSE(shown.decoder.broken());
  EXPECT_EQ(shown.picture.at(63, 63), 1U);
  EXPECT_EQ(shown.picture.at(64, 63), 2U);
  EXPECT_EQ(shown.picture.at(63, 64), 3U);
  EXPECT_EQ(shown.picture.at(64, 64), 4U);
  EXPECT_EQ(shown.picture.paints, 4);
}

Picture tight(Size size, const Bytes& payload, bool& broken, std::size_t piece = 1 << 20,
              PixelOrder order = PixelOrder::bgrx) {
  Shown shown(size, order);
  shown.say(one({0, 0, size.width, size.height, rfb::kTight}, payload), piece);
  EXPECT_FALSE(shown.refused);
  broken = shown.decoder.broken();
  return shown.picture;
}

TEST(Decoder, PaintsEveryKindOfTightRectangle) {
  using Pixels = std::vector<std::uint32_t>;
  struct Kind {
    const char* name;
    Size size;
    std::function<Bytes(Packer&)> payload;
    Pixels pixels;
  };
  const std::vector<Kind> kinds{
      {"fill", {3, 2}, [](Packer&) { return hex("80 112233"); }, Pixels(6, 0x112233)},
      {"copy, short", {2, 1}, [](Packer&) { return hex("00 112233 445566"); }, {0x112233, 0x445566}},
      {"copy",
       {2, 2},
       [](Packer& server) { return hex("00") + server.pack_tight(hex("000001 000002 000003 000004")); },
       {1, 2, 3, 4}},
      {"copy, stream 2",
       {2, 2},
       [](Packer& server) { return hex("60 00") + server.pack_tight(hex("000001 000002 000003 000004")); },
       {1, 2, 3, 4}},
      {"two colours, short",
       {9, 2},
       [](Packer&) { return hex("40 01 01 000001 000002  aa80 5500"); },
       {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1}},
      {"three colours, short",
       {3, 2},
       [](Packer&) { return hex("40 01 02 000001 000002 000003  00 01 02 02 01 00"); },
       {1, 2, 3, 3, 2, 1}},
      {"three colours",
       {3, 4},
       [](Packer& server) {
         return hex("40 01 02 000001 000002 000003") + server.pack_tight(hex("000102 020100 000000 010101"));
       },
       {1, 2, 3, 3, 2, 1, 1, 1, 1, 2, 2, 2}},
      // Each colour is the difference to left + above - above left, kept within a byte.
      {"gradient",
       {2, 2},
       [](Packer& server) { return hex("40 02") + server.pack_tight(hex("0a0a0a 050505 010101 ff0000")); },
       {0x0a0a0a, 0x0f0f0f, 0x0b0b0b, 0x0f1010}},
      {"gradient, clamped",
       {2, 2},
       [](Packer& server) { return hex("40 02") + server.pack_tight(hex("0000c8 0000f0 0000f0 000001")); },
       {0xc8, 0xb8, 0xb8, 0xa9}},
  };
  for (const Kind& kind : kinds) {
    for (const PixelOrder order : {PixelOrder::bgrx, PixelOrder::rgbx}) {
      for (const std::size_t piece : {std::size_t{1}, std::size_t{4}, std::size_t{1000}}) {
        Packer server;
        bool broken = true;
        EXPECT_EQ(tight(kind.size, kind.payload(server), broken, piece, order).pixels, kind.pixels)
            << kind.name << " in pieces of " << piece;
        EXPECT_FALSE(broken) << kind.name;
      }
    }
  }
}

TEST(Decoder, ResetsATightStreamWhenTold) {
  Packer first, second;
  Shown shown({2, 2});
  const Bytes plain = hex("000001 000002 000003 000004");
  shown.say(one({0, 0, 2, 2, rfb::kTight}, hex("00") + first.pack_tight(plain)));
  shown.say(one({0, 0, 2, 2, rfb::kTight}, hex("01") + second.pack_tight(plain)));
  EXPECT_FALSE(shown.decoder.broken());
  Packer third;
  shown.say(one({0, 0, 2, 2, rfb::kTight}, hex("00") + third.pack_tight(plain)));
  EXPECT_TRUE(shown.decoder.broken()) << "a new stream without a word";
}

TEST(Decoder, RefusesTightThatItCannotShow) {
  const std::map<std::string, Bytes> cases{
      {"jpeg", hex("90 02 ffd8")},
      {"colour beyond the palette", hex("40 01 02 000001 000002 000003  00 01 03 02")},
      {"garbage", hex("00 04 deadbeef")},
  };
  for (const auto& [name, payload] : cases) {
    bool broken = false;
    static_cast<void>(tight({2, 2}, payload, broken));
    EXPECT_TRUE(broken) << name;
  }
  for (const auto& [name, plain] : {std::pair{"less", zeros(11)}, {"more", zeros(13)}}) {
    Packer server;
    bool broken = false;
    static_cast<void>(tight({2, 2}, hex("00") + server.pack_tight(plain), broken));
    EXPECT_TRUE(broken) << name;
  }
}

TEST(Decoder, StaysBrokenAndPaintsNoMore) {
  Shown shown({4, 4});
  shown.say(one({0, 0, 4, 4, rfb::kTight}, hex("90 02 ffd8")));
  ASSERT_TRUE(shown.decoder.broken());
  shown.say(one({0, 0, 1, 1, rfb::kRaw}, hex("01020300")));
  EXPECT_TRUE(shown.decoder.broken());
  EXPECT_EQ(shown.picture.paints, 0);
  EXPECT_EQ(shown.picture.updates, 0);
}

TEST(Decoder, PassesOverWhatIsNoPicture) {
  Shown shown({640, 480});
  shown.say(update(4) + rect({0, 0, 1, 1, rfb::kCursor}) + zeros(5) + rect({0, 0, 0, 0, rfb::kLedState}) + hex("01") +
                rect({0, 0, 0, 0, rfb::kDesktopName}) + hex("00000001 78") + rect({0, 0, 0, 0, rfb::kQemuKeys}),
            1);
  EXPECT_FALSE(shown.decoder.broken());
  EXPECT_EQ(shown.picture.paints, 0);
  EXPECT_EQ(shown.picture.updates, 1);
}

TEST(Decoder, NamesTheEncodingsThatItCannotShow) {
  const auto list = rfb::rewrite_encodings(std::vector<std::int32_t>{rfb::kTight, -26, -32, -23, -254},
                                           {.withheld = encodings_not_decoded()});
  EXPECT_EQ(list.encodings, (std::vector<std::int32_t>{rfb::kTight, -254, rfb::kRaw}));
}

}  // namespace
}  // namespace sekisho::picture
