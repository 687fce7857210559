#include "vici/packet.hpp"

#include <gtest/gtest.h>

namespace sekisho::vici {
namespace {

Bytes of(const Packet& packet) {
  Bytes out;
  EXPECT_TRUE(encode(packet, out));
  return out;
}
Packet event(const char* name, const std::string& value) {
  Packet out{.type = PacketType::event, .name = name};
  out.message.put("k", value);
  return out;
}
Bytes head(std::uint32_t length) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(length >> shift & 0xffU));
  return out;
}

TEST(Packet, HasLengthKindAndName) {
  const Bytes out = of({.type = PacketType::request, .name = "version"});
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()),
            std::string("\0\0\0\x09\0\x07version", 13));
  EXPECT_EQ(of({.type = PacketType::event_confirm}).size(), 5U);
}

TEST(Packet, EveryKindComesBackHoweverTheStreamIsCut) {
  std::vector<Packet> sent{{.type = PacketType::request, .name = "list-sas"},
                           {.type = PacketType::response},
                           {.type = PacketType::unknown_command},
                           {.type = PacketType::event_register, .name = "ike-updown"},
                           {.type = PacketType::event_unregister, .name = "ike-updown"},
                           {.type = PacketType::event_confirm},
                           {.type = PacketType::unknown_event},
                           event("ike-updown", std::string(300, 'x'))};
  sent[1].message.put("success", "yes");
  Bytes stream;
  for (const Packet& packet : sent) ASSERT_TRUE(encode(packet, stream));
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    PacketReader reader;
    std::vector<Packet> read;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      ASSERT_TRUE(reader.feed(View(stream).subspan(at, std::min(step, stream.size() - at)), read)) << step;
    }
    ASSERT_EQ(read, sent) << step;
    EXPECT_EQ(reader.held(), 0U);
  }
}

TEST(Packet, LengthIsJudgedBeforeAnythingIsKept) {
  for (const std::uint32_t length :
       {0U, static_cast<std::uint32_t>(kMaxPacket) + 1, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    PacketReader reader;
    std::vector<Packet> read;
    const auto fed = reader.feed(head(length), read);
    ASSERT_FALSE(fed) << length;
    EXPECT_EQ(fed.error().code, "vici.malformed");
    EXPECT_EQ(reader.held(), 0U);
    // The stream is lost for good: what follows is no packet's beginning.
    EXPECT_FALSE(reader.feed(of({.type = PacketType::event_confirm}), read));
    EXPECT_TRUE(read.empty());
  }
}

TEST(Packet, NoMoreIsKeptThanArrived) {
  PacketReader reader;
  std::vector<Packet> read;
  ASSERT_TRUE(reader.feed(head(kMaxPacket), read));
  EXPECT_EQ(reader.held(), 4U);
  ASSERT_TRUE(reader.feed(Bytes(10, std::byte(1)), read));
  EXPECT_EQ(reader.held(), 14U);
}

TEST(Packet, IsRefusedWhenItIsNoPacket) {
  const auto read = [](std::string_view text) {
    const auto packet = decode_packet(std::as_bytes(std::span(text)));
    return packet ? "read" : packet.error().code;
  };
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv, "\x08"sv, "\xff"sv, "\0"sv, "\0\0"sv, "\0\x05vers"sv, "\x07\0"sv, "\x03"sv, "\x05\x03\x01k\0\0"sv,
        "\x02x"sv, "\x06\0"sv, "\x03\x01k\x03\x01k\0\0"sv, "\x01\x03"sv}) {
    EXPECT_EQ(read(bad), "vici.malformed") << bad.size();
  }
  EXPECT_EQ(read("\0\x01v"sv), "read");
}

TEST(Packet, WhatComesBeforeABrokenOneStillCounts) {
  Bytes stream = of(event("a", "1"));
  const Bytes bad = head(0);
  stream.insert(stream.end(), bad.begin(), bad.end());
  PacketReader reader;
  std::vector<Packet> read;
  EXPECT_FALSE(reader.feed(stream, read));
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0], event("a", "1"));
}

TEST(Packet, ThatDoesNotFitIsNotWritten) {
  Packet large{.type = PacketType::request, .name = "load-cert"};
  for (int i = 0; i < 8; ++i) large.message.put("k" + std::to_string(i), std::string(65'530, 'v'));
  Bytes out(3);
  for (const Packet& bad :
       {large, Packet{.type = PacketType::request}, Packet{.type = PacketType::response, .name = "n"},
        Packet{.type = PacketType::request, .name = std::string(256, 'n')},
        Packet{.type = PacketType::event_confirm, .name = "", .message = large.message}}) {
    const auto written = encode(bad, out);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, "vici.too_long");
    EXPECT_EQ(out.size(), 3U);
  }
}

}  // namespace
}  // namespace sekisho::vici
