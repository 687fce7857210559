#include "console/rfb/guest_filter.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace sekisho::rfb {
namespace {

using namespace testing;

const std::string kRecordings = std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata";

struct Watcher final : Observer {
  void screen(Size size, PixelOrder) override { sizes.push_back(size); }
  void rect(const RectHead& head) override {
    EXPECT_FALSE(in_rect);
    in_rect = true;
    heads.push_back(head);
    payloads.emplace_back();
  }
  void rect_bytes(View bytes) override {
    EXPECT_TRUE(in_rect);
    put(payloads.back(), bytes);
  }
  void rect_done() override {
    EXPECT_TRUE(in_rect);
    in_rect = false;
  }
  void update_done() override {
    EXPECT_FALSE(in_rect);
    ++updates;
  }
  void key(bool, std::uint32_t, std::uint32_t) override {}
  void pointer(std::uint8_t, std::uint16_t, std::uint16_t) override {}
  std::vector<Size> sizes;
  std::vector<RectHead> heads;
  std::vector<Bytes> payloads;
  int updates = 0;
  bool in_rect = false;
};

/// One guest's stream, fed in pieces, towards a viewer who has asked for everything that is allowed.
struct Guest {
  explicit Guest(Size size = {640, 480}, bool asked_everything = true) {
    agreed.size = size;
    if (asked_everything) ask_everything(agreed.asked);
  }
  Bytes say(const Bytes& stream, std::size_t piece = 1 << 20) {
    Bytes out;
    for (std::size_t at = 0; at < stream.size() && !broken; at += piece) {
      const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
      const auto step = filter.feed(lent, out);
      taken += step.taken;
      broken = step.broken;
    }
    return out;
  }
  std::uint64_t stopped(Cause cause) const { return board.total(cause, Side::guest); }

  Caps caps{};
  Negotiation agreed;
  NoticeBoard board;
  Watcher watcher;
  GuestFilter filter{caps, agreed, board, &watcher};
  std::optional<Cause> broken;
  std::size_t taken = 0;
};

const Bytes kBellRings = hex("02");

TEST(GuestFilter, PassesWhatRealServersSendByteForByteHoweverItIsCut) {
  const std::map<std::string, std::pair<Size, std::size_t>> recordings{
      {"qemu_hextile", {{640, 480}, 1}}, {"qemu_zlib", {{640, 480}, 1}}, {"qemu_tight", {{640, 480}, 5}},
      {"qemu_zrle", {{640, 480}, 1}},    {"qemu_all", {{640, 480}, 10}}, {"tigervnc", {{160, 120}, 10}}};
  for (const auto& [name, expected] : recordings) {
    const Bytes stream = recording(kRecordings, name);
    ASSERT_FALSE(stream.empty()) << name;
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{13}, std::size_t{100}, stream.size()}) {
      Guest guest(expected.first);
      EXPECT_EQ(to_hex(guest.say(stream, piece)), to_hex(stream)) << name << " in pieces of " << piece;
      EXPECT_FALSE(guest.broken) << name << ": " << words(guest.broken.value_or(Cause::closed)).code;
      EXPECT_EQ(guest.watcher.heads.size(), expected.second) << name;
      EXPECT_FALSE(guest.watcher.in_rect) << name << " ends with a whole rectangle";
      EXPECT_GE(guest.watcher.updates, 1) << name;
      EXPECT_TRUE(guest.board.take(Instant{}, true).empty()) << name;
    }
  }
}

TEST(GuestFilter, LearnsFromRealServersWhatTheyCanDo) {
  Guest qemu;
  qemu.say(recording(kRecordings, "qemu_all"));
  EXPECT_TRUE(qemu.agreed.qemu_keys);
  EXPECT_TRUE(qemu.agreed.sizes);
  EXPECT_FALSE(qemu.agreed.fences);
  Guest tiger({160, 120});
  tiger.say(recording(kRecordings, "tigervnc"));
  EXPECT_TRUE(tiger.agreed.qemu_keys);
  EXPECT_TRUE(tiger.agreed.fences);
  EXPECT_TRUE(tiger.agreed.continuous);
  EXPECT_EQ(tiger.agreed.size, (Size{200, 150})) << "it was asked to change its size";
}

TEST(GuestFilter, ShowsARecorderEachRectangleWithItsPayload) {
  const Bytes stream = update(2) + rect({1, 2, 2, 1, kRaw}) + hex("0102030405060708") + rect({0, 0, 0, 0, kLastRect});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    Guest guest;
    EXPECT_EQ(to_hex(guest.say(stream, piece)), to_hex(stream));
    ASSERT_EQ(guest.watcher.heads.size(), 2U);
    EXPECT_EQ(guest.watcher.heads[0], (RectHead{1, 2, 2, 1, kRaw}));
    EXPECT_EQ(to_hex(guest.watcher.payloads[0]), "0102030405060708");
    EXPECT_TRUE(guest.watcher.payloads[1].empty());
    EXPECT_EQ(guest.watcher.updates, 1);
  }
}

TEST(GuestFilter, TakesTheClipboardOutInEveryFormAndGoesOn) {
  for (const Bytes& form :
       {cut_text(kServerCutText, 5, zeros(5)), cut_text(kServerCutText, 0, {}),
        cut_text(kServerCutText, 0xfffffffcU, hex("08000001")), cut_text(kServerCutText, 1, kBellRings),
        cut_text(kServerCutText, 1U << 20U, zeros(1U << 20U)),
        cut_text(kServerCutText, 0xfff00000U, zeros(1U << 20U))}) {
    for (const std::size_t piece : {std::size_t{3}, std::size_t{4096}, form.size() + 1}) {
      if (piece == 3 && form.size() > 1000) continue;
      Guest guest;
      EXPECT_EQ(to_hex(guest.say(form + kBellRings, piece)), to_hex(kBellRings));
      EXPECT_EQ(guest.stopped(Cause::clipboard), 1U);
      EXPECT_FALSE(guest.broken);
    }
  }
  for (const std::uint32_t length : {0x00100001U, 0x7fffffffU, 0x80000000U, 0xffefffffU}) {
    Guest guest;
    EXPECT_TRUE(guest.say(cut_text(kServerCutText, length, {})).empty());
    EXPECT_EQ(guest.broken, Cause::clipboard_size) << std::hex << length;
  }
}

TEST(GuestFilter, TakesPowerAndSoundOutAndGoesOn) {
  Guest guest;
  EXPECT_EQ(to_hex(guest.say(hex("fa 00 01 01") + hex("ff01 0001") + hex("ff01 0002 00000005 0202020202") +
                                 hex("ff01 0002 00000000") + hex("ff01 0000") + kBellRings,
                             3)),
            to_hex(kBellRings));
  EXPECT_EQ(guest.stopped(Cause::power), 1U);
  EXPECT_EQ(guest.stopped(Cause::sound), 4U);
  EXPECT_FALSE(guest.broken);
  guest.say(hex("ff01 0002 00100001"));
  EXPECT_EQ(guest.broken, Cause::clipboard_size);
}

TEST(GuestFilter, KnowsEveryTypeThatPassesAndEndsOnAllOthers) {
  std::map<int, std::optional<Cause>> expected;
  for (int type = 0; type < 256; ++type) expected[type] = Cause::unknown_message;
  for (const int type : {0, 2, 3, 150, 248, 250, 255}) expected[type] = std::nullopt;
  expected[1] = Cause::colour_map;
  for (const auto& [type, cause] : expected) {
    Guest guest;
    const Bytes out = guest.say({static_cast<std::byte>(type)});
    EXPECT_EQ(guest.broken, cause) << "type " << type;
    if (cause) {
      EXPECT_TRUE(out.empty()) << "type " << type;
    }
  }
}

TEST(GuestFilter, EndsOnWhatNobodyAskedFor) {
  const std::map<std::string, std::pair<Bytes, Cause>> cases{
      {"encoding", {update(1) + rect({0, 0, 1, 1, kZrle}), Cause::encoding}},
      {"pseudo-encoding", {update(1) + rect({0, 0, 8, 8, kCursor}), Cause::encoding}},
      {"new size", {update(1) + rect({0, 0, 800, 600, kDesktopSize}), Cause::encoding}},
      {"fence", {hex("f8 000000 80000001 00"), Cause::unasked_message}},
      {"end of continuous", {hex("96"), Cause::unasked_message}},
  };
  for (const auto& [name, value] : cases) {
    Guest guest({640, 480}, false);
    const Bytes out = guest.say(value.first);
    EXPECT_EQ(guest.broken, value.second) << name;
    EXPECT_LE(out.size(), 4U) << name;
  }
}

TEST(GuestFilter, WhatPassesBeforeAnEndDoesNotHangOnHowTheStreamIsCut) {
  const std::map<std::string, Bytes> cases{
      {"40 screens", update(1) + rect({0, 0, 800, 600, kExtendedDesktopSize}) + hex("28000000 00")},
      {"a length", update(1) + rect({0, 0, 1, 1, kZrle}) + hex("7fffffff 00")},
      {"a source", update(1) + rect({0, 0, 9, 9, kCopyRect}) + hex("ffff0000 00")},
      {"an encoding within a cursor", update(1) + rect({0, 0, 9, 9, kCursorAlpha}) + hex("00000010 00")},
      {"a mask", update(1) + rect({0, 0, 9, 9, kHextile}) + hex("ff 00")},
      {"a compact length", update(1) + rect({0, 0, 100, 100, kTight}) + hex("00 ffffff 00")},
  };
  for (const auto& [name, stream] : cases) {
    Guest whole;
    const Bytes passed = whole.say(stream);
    ASSERT_TRUE(whole.broken) << name;
    for (std::size_t piece = 1; piece < stream.size(); ++piece) {
      Guest cut;
      EXPECT_EQ(to_hex(cut.say(stream, piece)), to_hex(passed)) << name << " in pieces of " << piece;
      EXPECT_EQ(cut.broken, whole.broken) << name << " in pieces of " << piece;
    }
  }
}

TEST(GuestFilter, EndsOnPicturesOutsideTheScreen) {
  for (const RectHead& head :
       {RectHead{0, 0, 641, 1, kRaw}, RectHead{0, 0, 1, 481, kRaw}, RectHead{640, 0, 1, 1, kZrle},
        RectHead{0xffff, 0, 0xffff, 1, kTight}, RectHead{1, 0xffff, 1, 0xffff, kHextile}}) {
    Guest guest;
    guest.say(update(1) + rect(head));
    EXPECT_EQ(guest.broken, Cause::outside_screen);
  }
  Guest guest;
  guest.say(update(1) + rect({639, 479, 1, 1, kRaw}) + zeros(4));
  EXPECT_FALSE(guest.broken) << "the last pixel is inside";
}

TEST(GuestFilter, FollowsTheScreensSizeUpToTheCap) {
  Guest guest;
  const Bytes larger = update(2) + rect({0, 0, 3840, 2160, kDesktopSize}) + rect({3839, 2159, 1, 1, kRaw}) + zeros(4);
  EXPECT_EQ(to_hex(guest.say(larger)), to_hex(larger));
  EXPECT_EQ(guest.agreed.size, (Size{3840, 2160}));
  ASSERT_EQ(guest.watcher.sizes.size(), 1U);
  EXPECT_EQ(guest.watcher.sizes[0], (Size{3840, 2160}));
  const Bytes refused = update(1) + rect({1, 3, 9999, 9999, kExtendedDesktopSize}) + hex("00000000");
  EXPECT_EQ(to_hex(guest.say(refused)), to_hex(refused)) << "a wish that failed changes nothing";
  EXPECT_EQ(guest.agreed.size, (Size{3840, 2160}));
  for (const RectHead& head : {RectHead{0, 0, 3841, 100, kDesktopSize}, RectHead{0, 0, 100, 2161, kDesktopSize},
                               RectHead{0, 0, 0, 100, kDesktopSize}, RectHead{0, 0, 3841, 1, kExtendedDesktopSize}}) {
    Guest other;
    other.say(update(1) + rect(head));
    EXPECT_EQ(other.broken, Cause::screen_size);
  }
}

TEST(GuestFilter, AnUpdateWithoutCountEndsWithItsLastRectangle) {
  Guest guest;
  const Bytes stream =
      update(0xffff) + rect({0, 0, 1, 1, kRaw}) + zeros(4) + rect({0, 0, 0, 0, kLastRect}) + kBellRings;
  EXPECT_EQ(to_hex(guest.say(stream)), to_hex(stream));
  EXPECT_FALSE(guest.broken);
  EXPECT_EQ(guest.watcher.updates, 1);
}

TEST(GuestFilter, PicturesSettleTheOrderOfColours) {
  Guest guest;
  guest.say(update(1) + rect({0, 0, 640, 480, kQemuKeys}));
  EXPECT_FALSE(guest.agreed.order_settled);
  guest.say(update(1) + rect({0, 0, 1, 1, kCursor}) + zeros(5));
  EXPECT_TRUE(guest.agreed.order_settled);
}

TEST(GuestFilter, NothingPassesBehindAMessageThatEnds) {
  Guest guest;
  EXPECT_TRUE(guest.say(hex("7f 00 0008 00000000") + kBellRings).empty());
  EXPECT_EQ(guest.broken, Cause::unknown_message);
  Bytes out;
  EXPECT_EQ(guest.filter.feed(kBellRings, out).broken, Cause::unknown_message);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace sekisho::rfb
