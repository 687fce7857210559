#include "console/rfb/handshake.hpp"

#include "console/rfb/testing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace sekisho::rfb {
namespace {

using namespace testing;

Bytes text(std::string_view words) {
  Bytes out;
  put(out, words);
  return out;
}

const Bytes kHello = text("RFB 003.008\n");

struct Guest {
  std::optional<Cause> say(const Bytes& stream, std::size_t piece = 1 << 20) {
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
      const auto step = handshake.feed(lent, PixelOrder::bgrx, out);
      taken += step.taken;
      if (step.broken) return step.broken;
    }
    return std::nullopt;
  }
  Caps caps{};
  ChallengeAnswer answer;
  GuestHandshake handshake{caps, [this](std::span<const std::byte, 16> challenge) { return answer(challenge); }};
  Bytes out;
  std::size_t taken = 0;
};

Bytes server_init(std::uint16_t width, std::uint16_t height, std::uint32_t name_length, const Bytes& name) {
  Bytes out;
  put16(out, width);
  put16(out, height);
  put(out, zeros(16));
  put32(out, name_length);
  put(out, name);
  return out;
}

const std::string kOurSide = to_hex(kHello) + "01" + "01" + "00000000" +
                             "20180001"
                             "00ff00ff00ff"
                             "100800"
                             "000000";

TEST(GuestHandshake, OpensARealQemuHoweverItsBytesAreCut) {
  const Bytes stream = recording(std::string(SEKISHO_SOURCE_DIR) + "/core/console/rfb/testdata", "qemu_handshake");
  ASSERT_FALSE(stream.empty());
  for (std::size_t piece = 1; piece <= stream.size() + 1; ++piece) {
    Guest guest;
    EXPECT_FALSE(guest.say(stream + hex("0000"), piece));
    ASSERT_TRUE(guest.handshake.result());
    EXPECT_EQ(guest.handshake.result()->size, (Size{640, 480}));
    EXPECT_EQ(guest.handshake.result()->name, "QEMU");
    EXPECT_EQ(guest.taken, stream.size()) << "what follows belongs to the next reader";
    EXPECT_EQ(to_hex(guest.out), kOurSide) << "None, shared, our pixel format";
  }
}

TEST(GuestHandshake, NeverChoosesTightAndPrefersNone) {
  Guest both;
  EXPECT_FALSE(both.say(kHello + hex("03 10 02 01")));
  EXPECT_EQ(to_hex(both.out), to_hex(kHello) + "01");
  for (const char* types : {"01 10", "02 10 13", "01 05"}) {
    Guest guest;
    EXPECT_EQ(guest.say(kHello + hex(types)), Cause::security) << types;
  }
}

TEST(GuestHandshake, ChoosesAPasswordOnlyWithAnAnswerAtHand) {
  Caps caps;
  Bytes out;
  GuestHandshake without(caps, {});
  EXPECT_EQ(without.feed(kHello + hex("02 10 02"), PixelOrder::bgrx, out).broken, Cause::security);
  Guest with;
  with.answer = [](std::span<const std::byte, 16> challenge) {
    std::array<std::byte, 16> answer{};
    std::ranges::reverse_copy(challenge, answer.begin());
    return answer;
  };
  EXPECT_FALSE(with.say(kHello + hex("02 10 02") + hex("000102030405060708090a0b0c0d0e0f")));
  EXPECT_EQ(to_hex(with.out), to_hex(kHello) + "02" + "0f0e0d0c0b0a09080706050403020100");
}

TEST(GuestHandshake, RefusesOtherVersions) {
  for (const char* version :
       {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.889\n", "RFB 004.001\n", "RFB 003.008\r", "HTTP/1.1 400"}) {
    Guest guest;
    EXPECT_EQ(guest.say(text(version)), Cause::version) << version;
    EXPECT_TRUE(guest.out.empty());
  }
}

TEST(GuestHandshake, HearsWhyAGuestRefuses) {
  Guest early;
  EXPECT_EQ(early.say(kHello + hex("00 00000004") + text("full")), Cause::guest_refused);
  EXPECT_EQ(early.handshake.reason(), "full");
  Guest late;
  EXPECT_EQ(late.say(kHello + hex("01 01 00000001 00000000")), Cause::guest_refused);
  EXPECT_EQ(late.handshake.reason(), "");
  Guest chatty;
  EXPECT_EQ(chatty.say(kHello + hex("00 00001000") + zeros(4096), 100), Cause::guest_refused);
  EXPECT_EQ(chatty.handshake.reason().size(), 256U);
  Guest too_chatty;
  EXPECT_EQ(too_chatty.say(kHello + hex("00 00001001")), Cause::malformed) << "at its length";
}

TEST(GuestHandshake, TakesScreensAndNamesUpToTheirCaps) {
  const Bytes before = kHello + hex("01 01 00000000");
  const std::map<std::string, std::pair<Bytes, std::optional<Cause>>> cases{
      {"largest", {server_init(3840, 2160, 4096, zeros(4096)), std::nullopt}},
      {"too wide", {server_init(3841, 2160, 0, {}), Cause::screen_size}},
      {"too high", {server_init(3840, 2161, 0, {}), Cause::screen_size}},
      {"no width", {server_init(0, 100, 0, {}), Cause::malformed}},
      {"no height", {server_init(100, 0, 0, {}), Cause::malformed}},
      {"name too long", {server_init(100, 100, 4097, {}), Cause::screen_size}},
      {"name of 4 GiB", {server_init(100, 100, 0xffffffff, {}), Cause::screen_size}},
      {"no name", {server_init(1, 1, 0, {}), std::nullopt}},
  };
  for (const auto& [name, value] : cases) {
    Guest guest;
    EXPECT_EQ(guest.say(before + value.first), value.second) << name;
    EXPECT_EQ(guest.handshake.result().has_value(), !value.second) << name;
  }
}

TEST(ViewerHandshake, OffersNoneAndIgnoresWhetherAViewerWantsToShare) {
  for (const char* shared : {"00", "01", "ff"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
      ViewerHandshake viewer;
      Bytes out;
      viewer.begin(out);
      const Bytes first = kHello + hex("01");
      for (std::size_t at = 0; at < first.size(); at += piece) {
        const auto step = viewer.feed(View(first).subspan(at, std::min(piece, first.size() - at)), out);
        EXPECT_FALSE(step.broken);
      }
      EXPECT_EQ(to_hex(out), to_hex(kHello) + "0101");
      ASSERT_TRUE(viewer.waiting());
      EXPECT_EQ(viewer.feed(hex("01"), out).taken, 0U) << "nothing is read until the guest is there";
      viewer.accept(out);
      EXPECT_EQ(viewer.feed(hex(shared) + hex("0304"), out).taken, 1U) << "the rest is for the next reader";
      EXPECT_TRUE(viewer.ready());
      EXPECT_EQ(to_hex(out), to_hex(kHello) + "010100000000");
    }
  }
}

TEST(ViewerHandshake, RefusesOtherVersionsAndTypes) {
  for (const char* version : {"RFB 003.003\n", "RFB 003.007\n", "RFB 005.000\n", "GET / HTTP/1"}) {
    ViewerHandshake viewer;
    Bytes out;
    EXPECT_EQ(viewer.feed(text(version), out).broken, Cause::version) << version;
  }
  for (int type = 0; type < 256; ++type) {
    ViewerHandshake viewer;
    Bytes out;
    const auto step = viewer.feed(kHello + Bytes{static_cast<std::byte>(type)}, out);
    EXPECT_EQ(step.broken, type == 1 ? std::nullopt : std::optional(Cause::security)) << type;
  }
}

TEST(ViewerHandshake, SaysWhyItRefusesWhereTheStandardHasRoom) {
  const std::string reason =
      "0000000377"
      "6879";  // "why"
  ViewerHandshake early;
  Bytes out;
  early.refuse("why", out);
  EXPECT_EQ(to_hex(out), "00" + reason) << "no types, and why";
  ViewerHandshake later;
  out.clear();
  static_cast<void>(later.feed(kHello + hex("01"), out));
  out.clear();
  later.refuse("why", out);
  EXPECT_EQ(to_hex(out), "00000001" + reason) << "failed, and why";
  ViewerHandshake late;
  static_cast<void>(late.feed(kHello + hex("01"), out));
  late.accept(out);
  out.clear();
  late.refuse("why", out);
  EXPECT_TRUE(out.empty());
}

TEST(ViewerHandshake, GivesTheViewerOurFormatAndOurName) {
  Bytes out;
  ViewerHandshake::server_init({1024, 768}, PixelOrder::bgrx, "web-01", out);
  EXPECT_EQ(to_hex(out),
            "04000300"
            "20180001"
            "00ff00ff00ff"
            "100800"
            "000000"
            "00000006"
            "7765622d3031");
}

}  // namespace
}  // namespace sekisho::rfb
