#include "console/rfb/viewer_filter.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

namespace sekisho::rfb {
namespace {

using namespace testing;

struct Keys final : Observer {
  void screen(Size, PixelOrder) override {}
  void rect(const RectHead&) override {}
  void rect_bytes(View) override {}
  void rect_done() override {}
  void update_done() override {}
  void key(bool down, std::uint32_t symbol, std::uint32_t scan_code) override {
    keys.emplace_back(down, symbol, scan_code);
  }
  void pointer(std::uint8_t, std::uint16_t, std::uint16_t) override { ++moves; }
  std::vector<std::tuple<bool, std::uint32_t, std::uint32_t>> keys;
  int moves = 0;
};

/// One viewer's stream, fed in pieces, in front of a guest that has said that it can do everything.
struct Viewer {
  explicit Viewer(ViewerPolicy the_policy = {}, bool guest_can = true) : policy(std::move(the_policy)) {
    agreed.size = {640, 480};
    agreed.qemu_keys = agreed.fences = agreed.continuous = agreed.sizes = guest_can;
  }
  /// What passes of `stream`.
  Bytes say(const Bytes& stream, std::size_t piece = 1 << 20) {
    Bytes out;
    for (std::size_t at = 0; at < stream.size() && !broken && !filter.waits(); at += piece) {
      const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
      const auto step = filter.feed(lent, now, out);
      taken += step.taken;
      broken = step.broken;
    }
    return out;
  }
  std::uint64_t stopped(Cause cause) const { return board.total(cause, Side::viewer); }

  ViewerPolicy policy;
  Caps caps{};
  Negotiation agreed;
  NoticeBoard board;
  Keys keys;
  ViewerFilter filter{policy, caps, agreed, board, &keys};
  Instant now = *parse_rfc3339("2026-11-22T09:00:00Z");
  std::optional<Cause> broken;
  std::size_t taken = 0;
};

const Bytes kAfter = key(true, 'x') + key(false, 'x');

TEST(ViewerFilter, PassesWhatIsAllowedHoweverTheStreamIsCut) {
  const Bytes stream = set_encodings({kZrle, kCopyRect, kRaw, kQemuKeys}) + update_request(true, 1, 2, 3, 4) +
                       key(true, 0xff0d) + key(false, 0xff0d) + pointer(1, 639, 479) + qemu_key(true, 'a', 0x1e) +
                       hex("96 01 0000 0000 0280 01e0") + hex("f8 000000 80000001 03 616263");
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Viewer viewer;
    ASSERT_EQ(to_hex(viewer.say(stream, piece)), to_hex(stream)) << piece;
    ASSERT_FALSE(viewer.broken);
    ASSERT_EQ(viewer.taken, stream.size());
  }
}

TEST(ViewerFilter, TakesTheClipboardOutInEveryFormAndGoesOn) {
  const std::map<std::string, Bytes> forms{
      {"plain", cut_text(kClientCutText, 5, zeros(5))},
      {"empty", cut_text(kClientCutText, 0, {})},
      {"extended", cut_text(kClientCutText, 0xfffffffcU, hex("01000001"))},
      {"extended with data", cut_text(kClientCutText, 0xffffff9cU, zeros(100))},
      {"largest", cut_text(kClientCutText, 1U << 20U, zeros(1U << 20U))},
      {"largest extended", cut_text(kClientCutText, 0xfff00000U, zeros(1U << 20U))},
      {"looks like a message", cut_text(kClientCutText, 8, key(true, 'e'))},
  };
  for (const auto& [name, form] : forms) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, form.size() + kAfter.size()}) {
      if (piece == 1 && form.size() > 1000) continue;
      Viewer viewer;
      EXPECT_EQ(to_hex(viewer.say(form + kAfter, piece)), to_hex(kAfter)) << name << " in pieces of " << piece;
      EXPECT_FALSE(viewer.broken) << name;
      EXPECT_EQ(viewer.stopped(Cause::clipboard), 1U) << name;
    }
  }
}

TEST(ViewerFilter, RefusesAClipboardLengthBeyondTheCapAtItsHead) {
  for (const std::uint32_t length : {0x00100001U, 0x7fffffffU, 0x80000000U, 0x80000001U, 0xffefffffU}) {
    Viewer viewer;
    EXPECT_TRUE(viewer.say(cut_text(kClientCutText, length, {})).empty()) << std::hex << length;
    EXPECT_EQ(viewer.broken, Cause::clipboard_size) << std::hex << length;
  }
}

TEST(ViewerFilter, KnowsEveryTypeThatPassesAndEndsOnAllOthers) {
  std::map<int, std::optional<Cause>> expected;
  for (int type = 0; type < 256; ++type) expected[type] = Cause::unknown_message;
  for (const int type : {7, 8, 9, 10, 11, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 252}) {
    expected[type] = Cause::file_transfer;
  }
  for (const int type : {0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 255}) expected[type] = std::nullopt;
  for (const auto& [type, cause] : expected) {
    Viewer viewer;
    EXPECT_TRUE(viewer.say({static_cast<std::byte>(type)}).empty());
    EXPECT_EQ(viewer.broken, cause) << "type " << type;
    if (cause) {
      EXPECT_EQ(viewer.stopped(*cause), 1U) << "type " << type;
    }
  }
}

TEST(ViewerFilter, NothingPassesBehindAMessageThatEnds) {
  Viewer viewer;
  EXPECT_TRUE(viewer.say(hex("fd 01 0004 00000000") + kAfter).empty());
  EXPECT_EQ(viewer.broken, Cause::unknown_message);
  Bytes out;
  EXPECT_EQ(viewer.filter.feed(kAfter, viewer.now, out).broken, Cause::unknown_message);
  EXPECT_TRUE(out.empty());
}

TEST(ViewerFilter, RewritesTheListOfEncodings) {
  Viewer viewer;
  const Bytes out = viewer.say(novnc_opening({640, 480}));
  EXPECT_EQ(to_hex(out),
            to_hex(set_pixel_format(PixelOrder::rgbx) +
                   set_encodings({1, 7, 16, 5, 6, 0, -26, -254, -223, -224, -258, -261, -308, -312, -313, -307, -239}) +
                   update_request(false, 0, 0, 640, 480)));
  EXPECT_EQ(viewer.stopped(Cause::encoding_held), 6U);
  EXPECT_TRUE(viewer.agreed.asked.has(kTight));
  EXPECT_FALSE(viewer.agreed.asked.has(kZlib + 100));
}

TEST(ViewerFilter, RefusesNumbersBeyondTheirCapsAtTheHead) {
  for (const Bytes& head :
       {hex("02 00 0081"), hex("02 00 ffff"), hex("f8 000000 00000000 41"), hex("fb 00 0280 01e0 11 00")}) {
    Viewer viewer;
    EXPECT_TRUE(viewer.say(head).empty());
    EXPECT_EQ(viewer.broken, Cause::malformed) << to_hex(head);
  }
  Viewer viewer;
  viewer.say(set_encodings(std::vector<std::int32_t>(128, kZrle)));
  EXPECT_FALSE(viewer.broken) << "128 are not too many";
}

TEST(ViewerFilter, TakesTwoPixelFormatsAndNoOther) {
  Viewer same;
  EXPECT_TRUE(same.say(set_pixel_format(PixelOrder::bgrx)).empty()) << "the guest has it already";
  EXPECT_FALSE(same.broken);
  Viewer other;
  EXPECT_EQ(to_hex(other.say(set_pixel_format(PixelOrder::rgbx))), to_hex(set_pixel_format(PixelOrder::rgbx)));
  EXPECT_EQ(other.agreed.order, PixelOrder::rgbx);
  for (std::size_t at = 4; at < 17; ++at) {
    Viewer viewer;
    Bytes format = set_pixel_format(PixelOrder::bgrx);
    format[at] ^= std::byte{0x40};
    EXPECT_TRUE(viewer.say(format).empty());
    EXPECT_EQ(viewer.broken, Cause::pixel_format) << at;
  }
}

TEST(ViewerFilter, KeepsTheOrderOfColoursOncePicturesFlow) {
  Viewer viewer;
  viewer.say(update_request(false, 0, 0, 640, 480) + set_pixel_format(PixelOrder::bgrx));
  EXPECT_FALSE(viewer.broken) << "no change";
  viewer.say(set_pixel_format(PixelOrder::rgbx));
  EXPECT_EQ(viewer.broken, Cause::pixel_format);
}

TEST(ViewerFilter, CutsAreasAndPointersToTheScreen) {
  Viewer viewer;
  EXPECT_EQ(to_hex(viewer.say(update_request(true, 600, 0, 100, 65535))),
            to_hex(update_request(true, 600, 0, 40, 480)));
  EXPECT_EQ(to_hex(viewer.say(update_request(true, 65535, 65535, 65535, 65535))),
            to_hex(update_request(true, 640, 480, 0, 0)));
  EXPECT_EQ(to_hex(viewer.say(hex("96 01 0000 0000 ffff ffff"))), "960100000000028001e0");
  EXPECT_EQ(to_hex(viewer.say(pointer(7, 65535, 480))), to_hex(pointer(7, 639, 479)));
}

TEST(ViewerFilter, PaddingCarriesNothing) {
  Viewer viewer;
  const std::map<std::string, std::string> pairs{
      {"04 01 beef 00000061", "0401000000000061"},     {"04 77 beef 00000061", "0401000000000061"},
      {"02 99 0001 00000000", "0200000100000000"},     {"03 80 0000 0000 0001 0001", "03010000000000010001"},
      {"f8 abcdef 80000001 00", "f80000008000000100"}, {"ff00 8000 00000061 0000001e", "ff000001000000610000001e"},
  };
  for (const auto& [in, out] : pairs) EXPECT_EQ(to_hex(viewer.say(hex(in))), out);
  Viewer resizer({.resize = true});
  EXPECT_EQ(to_hex(resizer.say(hex("fb 77 0320 0258 00 99"))), "fb00032002580000");
}

TEST(ViewerFilter, PassesTheScanCodesOfJapaneseKeyboards) {
  struct Key {
    const char* name;
    std::uint32_t symbol, scan_code;
  };
  // PC/XT set 1, E0 keys with 0x80: what noVNC and TigerVNC send for the keys that only 106/109 keyboards have.
  for (const Key& k :
       {Key{"hankaku/zenkaku", 0xff2a, 0x29}, Key{"yen", 0x5c, 0x7d}, Key{"ro", 0x5c, 0x73},
        Key{"henkan", 0xff23, 0x79}, Key{"muhenkan", 0xff22, 0x7b}, Key{"katakana/hiragana", 0xff27, 0x70},
        Key{"eisu", 0xff30, 0x3a}, Key{"right alt", 0xffea, 0xb8}, Key{"at mark", 0x40, 0x1a}}) {
    Viewer viewer;
    const Bytes both = qemu_key(true, k.symbol, k.scan_code) + qemu_key(false, k.symbol, k.scan_code);
    EXPECT_EQ(to_hex(viewer.say(both)), to_hex(both)) << k.name;
    ASSERT_EQ(viewer.keys.keys.size(), 2U);
    EXPECT_EQ(viewer.keys.keys[0], std::tuple(true, k.symbol, k.scan_code)) << k.name;
  }
}

TEST(ViewerFilter, EndsOnMessagesThatTheGuestNeverAgreedOn) {
  for (const Bytes& message : {qemu_key(true, 'a', 0x1e), hex("96 01 0000 0000 0001 0001"),
                               hex("f8 000000 80000001 00"), hex("fb 00 0320 0258 00 00")}) {
    Viewer viewer({.resize = true}, false);
    EXPECT_TRUE(viewer.say(message).empty());
    EXPECT_EQ(viewer.broken, Cause::unasked_message) << to_hex(message);
    Viewer agreed({.resize = true});
    EXPECT_EQ(to_hex(agreed.say(message)), to_hex(message)) << "agreed on, it passes";
  }
}

TEST(ViewerFilter, TakesPowerAndSoundOutAndGoesOn) {
  Viewer viewer;
  EXPECT_EQ(to_hex(viewer.say(hex("fa 00 01 02") + hex("fa 00 01 03") + hex("fa 00 01 04") + hex("ff01 0000") +
                              hex("ff01 0001") + hex("ff01 0002 03 02 0000ac44") + kAfter)),
            to_hex(kAfter));
  EXPECT_EQ(viewer.stopped(Cause::power), 3U);
  EXPECT_EQ(viewer.stopped(Cause::sound), 3U);
  EXPECT_FALSE(viewer.broken);
  viewer.say(hex("ff01 0003"));
  EXPECT_EQ(viewer.broken, Cause::unknown_message);
  Viewer other;
  other.say(hex("ff02"));
  EXPECT_EQ(other.broken, Cause::unknown_message);
}

TEST(ViewerFilter, ChangesTheScreensSizeByPolicyAndWithinTheCapsOnly) {
  const Bytes good = hex("fb 00 0320 0258 01 00 00000000 0000 0000 0320 0258 00000000");
  Viewer without;
  EXPECT_TRUE(without.say(good).empty());
  EXPECT_EQ(without.stopped(Cause::resize), 1U);
  Viewer with({.resize = true});
  EXPECT_EQ(to_hex(with.say(good)), to_hex(good));
  for (const Bytes& bad : {hex("fb 00 0f01 0258 00 00"), hex("fb 00 0320 0871 00 00"), hex("fb 00 0000 0258 00 00")}) {
    EXPECT_TRUE(with.say(bad).empty()) << to_hex(bad);
  }
  EXPECT_EQ(with.stopped(Cause::resize), 3U);
  EXPECT_FALSE(with.broken);
}

TEST(ViewerFilter, ALookerTouchesNothing) {
  Viewer viewer({.view_only = true, .resize = true});
  EXPECT_EQ(to_hex(viewer.say(key(true, 'a') + qemu_key(true, 'a', 0x1e) + pointer(1, 5, 5) +
                              hex("fb 00 0320 0258 00 00") + update_request(true, 0, 0, 640, 480))),
            to_hex(update_request(true, 0, 0, 640, 480)));
  EXPECT_EQ(viewer.stopped(Cause::view_only), 3U);
  EXPECT_TRUE(viewer.keys.keys.empty());
  EXPECT_EQ(viewer.keys.moves, 0);
}

Bytes typed(std::size_t letters) {
  Bytes out;
  for (std::size_t i = 0; i < letters; ++i) {
    const auto letter = static_cast<std::uint32_t>('a' + i % 26);
    put(out, key(true, letter) + key(false, letter));
  }
  return out;
}

TEST(ViewerFilter, SlowsAScriptThatTypesAndLosesNothing) {
  Viewer viewer;
  const Bytes text = typed(120);
  const Instant begun = viewer.now;
  Bytes out;
  View rest = text;
  for (int turns = 0; !rest.empty() || viewer.filter.waits(); ++turns) {
    ASSERT_LT(turns, 1000);
    const auto step = viewer.filter.feed(rest, viewer.now, out);
    ASSERT_FALSE(step.broken);
    rest = rest.subspan(step.taken);
    if (viewer.filter.waits()) {
      ASSERT_GT(*viewer.filter.waits(), viewer.now) << "it must ask for time that passes";
      viewer.now = *viewer.filter.waits();
    }
  }
  EXPECT_EQ(to_hex(out), to_hex(text));
  EXPECT_GE(viewer.now - begun, std::chrono::milliseconds(2990)) << "30 at once, 90 more at 30 a second";
  EXPECT_LE(viewer.now - begun, std::chrono::milliseconds(3100));
  EXPECT_EQ(viewer.stopped(Cause::fast_typing), 90U);
}

TEST(ViewerFilter, APersonIsNeverSlowed) {
  Viewer viewer;
  Bytes out;
  for (int i = 0; i < 200; ++i) {
    const Bytes one = typed(1);
    ASSERT_EQ(viewer.filter.feed(one, viewer.now, out).taken, one.size());
    viewer.now += std::chrono::milliseconds(40);  // 25 a second
  }
  for (int i = 0; i < 500; ++i) viewer.say(key(true, 0xff51));  // an arrow key held down repeats
  EXPECT_FALSE(viewer.filter.waits());
  EXPECT_EQ(viewer.stopped(Cause::fast_typing), 0U);
}

TEST(ViewerFilter, TwoKeysHeldAtOnceAreNoWayAroundThePace) {
  Viewer viewer;
  Bytes text;
  for (int i = 0; i < 100; ++i) put(text, key(true, i % 2 == 0 ? 'a' : 'b'));
  viewer.say(text);
  EXPECT_TRUE(viewer.filter.waits());
}

}  // namespace
}  // namespace sekisho::rfb
