#include "frames.hpp"

#include "testing/bytes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sekisho::fortinet {
namespace {

using testing::Bytes;
using testing::hex;
using testing::to_hex;

constexpr std::size_t kLimit = 1354 + kFrameOverheadIn;

struct Seen {
  std::vector<std::pair<std::uint16_t, std::string>> frames;
  std::string broken;
};

Seen read_in_pieces(const Bytes& stream, std::size_t piece, std::size_t limit = kLimit) {
  FrameReader reader(limit);
  Seen seen;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // A copy of exact size, so that a read past the lent bytes shows under the address sanitizer.
    const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                     stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
    reader.take(lent);
    for (;;) {
      const auto step = reader.next();
      if (step.state == FrameReader::State::more) break;
      if (step.state == FrameReader::State::broken) {
        seen.broken = step.why;
        return seen;
      }
      seen.frames.emplace_back(step.frame.protocol, to_hex(step.frame.payload));
    }
  }
  return seen;
}

Bytes framed(std::uint16_t protocol, const Bytes& payload, bool address_control = false) {
  Bytes out(payload.size() + 16);
  out.resize(write_frame(protocol, payload, out, address_control));
  return out;
}

TEST(Frames, ReadsTheSameFramesHoweverTheStreamIsCut) {
  Bytes stream = hex("00 18 50 50 00 12 ff 03 c0 21 01 01 00 0e 01 04 05 99 05 06 0c f6 53 a4");
  const Bytes second = hex("00 12 50 50 00 0c 80 21 02 01 00 0a 03 06 0a ca 00 0a");
  const Bytes third = hex("00 0a 50 50 00 04 00 21 45 00");
  stream.insert(stream.end(), second.begin(), second.end());
  stream.insert(stream.end(), third.begin(), third.end());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    const Seen seen = read_in_pieces(stream, piece);
    ASSERT_EQ(seen.broken, "") << piece;
    ASSERT_EQ(seen.frames.size(), 3U) << piece;
    EXPECT_EQ(seen.frames[0].first, 0xc021);
    EXPECT_EQ(seen.frames[0].second, "01 01 00 0e 01 04 05 99 05 06 0c f6 53 a4");
    EXPECT_EQ(seen.frames[1].first, 0x8021);
    EXPECT_EQ(seen.frames[2].first, 0x0021);
    EXPECT_EQ(seen.frames[2].second, "45 00");
  }
}

TEST(Frames, ReadsEveryFormOfThePppHeader) {
  const std::pair<const char*, std::uint16_t> forms[] = {{"ff 03 c0 21 aa", 0xc021}, {"c0 21 aa", 0xc021},
                                                         {"ff 03 21 aa", 0x21},      {"21 aa", 0x21},
                                                         {"00 21 aa", 0x21},         {"ff 04 aa", 0xff}};
  for (const auto& [text, protocol] : forms) {
    const Bytes ppp = hex(text);
    Bytes stream = hex("00 00 50 50 00 00");
    stream[1] = static_cast<std::byte>(ppp.size() + 6);
    stream[5] = static_cast<std::byte>(ppp.size());
    stream.insert(stream.end(), ppp.begin(), ppp.end());
    const Seen seen = read_in_pieces(stream, stream.size());
    ASSERT_EQ(seen.frames.size(), 1U) << text;
    EXPECT_EQ(seen.frames[0].first, protocol) << text;
  }
}

TEST(Frames, RefusesEveryInconsistentHeader) {
  const char* bad[] = {
      "00 06 50 50 00 00",              // no content
      "00 00 50 50 00 00",              // less than a header
      "00 09 50 51 00 03 c0 21 01",     // magic
      "00 09 51 50 00 03 c0 21 01",     // magic
      "00 09 50 50 00 04 c0 21 01 01",  // lengths disagree
      "00 0a 50 50 00 03 c0 21 01",     // lengths disagree
      "00 08 50 50 00 02 ff 03",        // nothing after ff 03
      "00 07 50 50 00 01 c0",           // half a protocol number
      "48 54 54 50 2f 31 2e 31",        // "HTTP/1.1"
      "ff ff 50 50 ff f9 00",           // far over the limit
  };
  for (const char* text : bad) {
    const Bytes stream = hex(text);
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
      const Seen seen = read_in_pieces(stream, piece);
      EXPECT_NE(seen.broken, "") << text << " in pieces of " << piece;
      EXPECT_TRUE(seen.frames.empty()) << text;
    }
  }
}

TEST(Frames, StaysBrokenAfterTheFirstError) {
  FrameReader reader(kLimit);
  const Bytes bad = hex("00 06 50 50 00 00");
  reader.take(bad);
  EXPECT_EQ(reader.next().state, FrameReader::State::broken);
  const Bytes good = framed(0x0021, Bytes(20));
  reader.take(good);
  EXPECT_EQ(reader.next().state, FrameReader::State::broken);
}

TEST(Frames, AcceptsTheLargestFrameAndNotOneByteMore) {
  EXPECT_EQ(read_in_pieces(framed(0x0021, Bytes(1354), true), 100).frames.size(), 1U);
  EXPECT_EQ(read_in_pieces(framed(0x0021, Bytes(1355), true), 100).broken, "frame larger than the MRU allows");
  // The length alone is enough: nothing of an oversized frame is kept.
  EXPECT_EQ(read_in_pieces(hex("05 55 50 50 05 4f"), 1).broken, "frame larger than the MRU allows");
}

TEST(Frames, LendsWholeFramesWithoutCopying) {
  const Bytes stream = framed(0x0021, Bytes(100));
  FrameReader reader(kLimit);
  reader.take(stream);
  const auto step = reader.next();
  ASSERT_EQ(step.state, FrameReader::State::frame);
  EXPECT_EQ(step.frame.payload.data(), stream.data() + kFrameOverhead);
  EXPECT_EQ(reader.next().state, FrameReader::State::more);
  EXPECT_FALSE(reader.in_frame());
}

TEST(Frames, WritesTheBareFormAndTheClientsForm) {
  EXPECT_EQ(to_hex(framed(0xc021, hex("05 02 00 04"))), "00 0c 50 50 00 06 c0 21 05 02 00 04");
  EXPECT_EQ(to_hex(framed(0xc021, hex("05 02 00 04"), true)), "00 0e 50 50 00 08 ff 03 c0 21 05 02 00 04");
}

TEST(Frames, WritesNothingWhenTheRoomIsTooSmall) {
  Bytes out(27, std::byte{0xee});
  EXPECT_EQ(write_frame(0x0021, Bytes(20), out), 0U);
  EXPECT_EQ(out, Bytes(27, std::byte{0xee}));
  Bytes huge(70000);
  EXPECT_EQ(write_frame(0x0021, Bytes(65530), huge), 0U);
}

}  // namespace
}  // namespace sekisho::fortinet
