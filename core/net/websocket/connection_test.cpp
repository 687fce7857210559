#include "net/websocket/connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sekisho::websocket {
namespace {

using Bytes = Connection::Bytes;
using State = Connection::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kFin = 0x80, kContinue = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Bytes text(std::string_view words) {
  const auto bytes = std::as_bytes(std::span(words));
  return {bytes.begin(), bytes.end()};
}
Bytes raw(std::initializer_list<unsigned> values) {
  Bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}
std::string chars(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A client's frame, masked. `length_bytes`: 0 for the shortest form, else 2 or 8.
Bytes frame(unsigned first, const Bytes& payload, unsigned length_bytes = 0) {
  Bytes out = raw({first});
  const std::size_t size = payload.size();
  if (length_bytes == 0) length_bytes = size < 126 ? 1 : size < 65536 ? 2 : 8;
  if (length_bytes == 1) {
    out = out + raw({0x80U | static_cast<unsigned>(size)});
  } else {
    out = out + raw({length_bytes == 2 ? 0xfeU : 0xffU});
    for (unsigned i = length_bytes; i > 0; --i) out = out + raw({static_cast<unsigned>(size >> (8 * (i - 1)) & 255U)});
  }
  const Bytes mask = raw({0x37, 0xfa, 0x21, 0x3d});
  out = out + mask;
  for (std::size_t i = 0; i < size; ++i) out.push_back(payload[i] ^ mask[i % 4]);
  return out;
}

Bytes close_body(unsigned code, const Bytes& reason = {}) {
  return raw({code >> 8U, code & 255U}) + reason;
}

struct Peer {
  explicit Peer(Limits limits = {}) : connection(limits, now) {}
  void say(const Bytes& stream, std::size_t piece = 1 << 22) {
    for (std::size_t at = 0; at < stream.size() && connection.state() != State::closed; at += piece) {
      const Bytes lent(stream.begin() + static_cast<std::ptrdiff_t>(at),
                       stream.begin() + static_cast<std::ptrdiff_t>(std::min(stream.size(), at + piece)));
      connection.feed(lent, now, 1 << 22, payload, out);
    }
  }
  Instant now = *parse_rfc3339("2026-11-22T09:00:00Z");
  Connection connection;
  Bytes payload, out;
};

TEST(WebSocket, HandsOnWhatIsInsideHoweverTheStreamIsCut) {
  Bytes large(3000);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<std::byte>(i * 31);
  const Bytes stream = frame(kFin | kBinary, text("RFB 003.008\n")) + frame(kBinary, text("ab")) +
                       frame(kFin | kPing, text("hi")) + frame(kContinue, {}) + frame(kFin | kContinue, text("cd")) +
                       frame(kFin | kBinary, {}) + frame(kFin | kBinary, large);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    Peer peer;
    peer.say(stream, piece);
    EXPECT_EQ(peer.payload, text("RFB 003.008\nabcd") + large) << piece;
    EXPECT_EQ(chars(peer.out), "\x8a\x02hi") << "the ping is answered";
    EXPECT_EQ(peer.connection.state(), State::open);
    EXPECT_TRUE(peer.connection.at_message_edge());
  }
}

TEST(WebSocket, WritesFramesInTheShortestForm) {
  for (const auto& [size, head] : {std::pair<std::size_t, std::string>{0, std::string("\x82\x00", 2)},
                                   {125, "\x82\x7d"},
                                   {126, std::string("\x82\x7e\x00\x7e", 4)},
                                   {65535, "\x82\x7e\xff\xff"},
                                   {65536, std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10)}}) {
    Peer peer;
    peer.connection.send(Bytes(size), peer.out);
    ASSERT_EQ(peer.out.size(), head.size() + size);
    EXPECT_EQ(chars(peer.out).substr(0, head.size()), head);
  }
}

struct Fault {
  const char* name;
  Bytes stream;
  std::uint16_t code;
};

TEST(WebSocket, ClosesWithTheStandardsCodeOnEveryFault) {
  std::vector<Fault> faults{
      {"not masked", raw({0x82, 0x01, 0x41}), kProtocolError},
      {"not masked, empty", raw({0x82, 0x00}), kProtocolError},
      {"text", frame(kFin | kText, text("a")), kUnsupported},
      {"text in pieces", frame(kText, text("a")), kUnsupported},
      {"nothing to continue", frame(kFin | kContinue, text("a")), kProtocolError},
      {"message within a message", frame(kBinary, text("a")) + frame(kFin | kBinary, text("b")), kProtocolError},
      {"continued after the end", frame(kFin | kBinary, text("a")) + frame(kFin | kContinue, text("b")),
       kProtocolError},
      {"length 125 in two bytes", frame(kFin | kBinary, Bytes(125), 2), kProtocolError},
      {"length 0 in two bytes", frame(kFin | kBinary, {}, 2), kProtocolError},
      {"length 65535 in eight bytes", frame(kFin | kBinary, Bytes(65535), 8), kProtocolError},
      {"length 1 in eight bytes", frame(kFin | kBinary, Bytes(1), 8), kProtocolError},
      {"length 2^63", raw({0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}), kProtocolError},
      {"length 2^64-1", raw({0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}), kProtocolError},
      {"length 2^62", raw({0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}), kTooBig},
      {"a byte too long", raw({0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4}), kTooBig},
      {"too long in pieces", frame(kBinary, Bytes(65536)) + frame(kFin | kContinue, Bytes(1)), kTooBig},
      {"ping in pieces", frame(kPing, text("a")), kProtocolError},
      {"close in pieces", frame(kClose, {}), kProtocolError},
      {"ping of 126", frame(kFin | kPing, Bytes(126)), kProtocolError},
      {"pong of 64 KiB", frame(kFin | kPong, Bytes(65536)), kProtocolError},
      {"close of one byte", frame(kFin | kClose, raw({3})), kProtocolError},
      {"close of 126", frame(kFin | kClose, Bytes(126)), kProtocolError},
  };
  for (const unsigned opcode : {kContinue, kText, kBinary, kClose, kPing, kPong}) {
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10) {
      faults.push_back({"reserved bit", frame(kFin | bits | opcode, {}), kProtocolError});
    }
    faults.push_back({"not masked, any opcode", raw({kFin | opcode, 0x00}), kProtocolError});
  }
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    faults.push_back({"opcode", frame(kFin | opcode, {}), kProtocolError});
    faults.push_back({"opcode, not final", frame(opcode, text("a")), kProtocolError});
  }
  for (const unsigned code : {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    faults.push_back({"close code", frame(kFin | kClose, close_body(code)), kProtocolError});
  }
  // Broken UTF-8 in a reason: lone continuation, overlong, surrogate, above U+10FFFF, cut short.
  for (const Bytes& reason :
       {raw({0x80}), raw({0xc0, 0xaf}), raw({0xc1, 0x81}), raw({0xe0, 0x80, 0xaf}), raw({0xed, 0xa0, 0x80}),
        raw({0xf0, 0x80, 0x80, 0xaf}), raw({0xf4, 0x90, 0x80, 0x80}), raw({0xf5, 0x80, 0x80, 0x80}), raw({0xe3, 0x81}),
        raw({0xff}), raw({0xc3, 0x28}), raw({0xf0, 0x9f, 0x92, 0x41})}) {
    faults.push_back({"close reason", frame(kFin | kClose, close_body(1000, reason)), kBadText});
  }
  ASSERT_GE(faults.size(), 110U);
  for (const Fault& fault : faults) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, fault.stream.size()}) {
      if (piece < fault.stream.size() && fault.stream.size() > 1000) continue;
      Peer peer;
      peer.say(fault.stream + frame(kFin | kBinary, text("after")), piece);
      EXPECT_EQ(peer.connection.state(), State::closed) << fault.name;
      EXPECT_EQ(peer.connection.code(), fault.code) << fault.name;
      EXPECT_NE(peer.connection.fault(), "") << fault.name;
      EXPECT_EQ(chars(peer.payload).find("after"), std::string::npos) << fault.name;
      const std::string answer{'\x88', '\x02', static_cast<char>(fault.code >> 8U),
                               static_cast<char>(fault.code & 255U)};
      EXPECT_EQ(chars(peer.out), answer) << fault.name << ": the peer is told";
    }
  }
}

TEST(WebSocket, TakesAMessageOfExactlyTheLimit) {
  Peer peer;
  peer.say(frame(kFin | kBinary, Bytes(65536)));
  EXPECT_EQ(peer.payload.size(), 65536U);
  EXPECT_EQ(peer.connection.state(), State::open);
}

TEST(WebSocket, LimitsTheFragmentsOfAMessage) {
  Peer peer;
  Bytes stream = frame(kBinary, text("a"));
  for (int i = 0; i < 62; ++i) stream = stream + frame(kContinue, text("a"));
  peer.say(stream + frame(kFin | kContinue, text("a")));
  EXPECT_EQ(peer.connection.state(), State::open) << "64 are allowed";
  EXPECT_EQ(peer.payload.size(), 64U);
  peer.say(stream + frame(kContinue, {}));
  EXPECT_EQ(peer.connection.state(), State::open) << "counted anew for each message";
  peer.say(frame(kContinue, {}));
  EXPECT_EQ(peer.connection.code(), kPolicy);
}

TEST(WebSocket, LimitsControlFramesASecond) {
  Peer peer;
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 10; ++i) peer.say(frame(kFin | kPing, {}));
    EXPECT_EQ(peer.connection.state(), State::open);
    peer.now += seconds(1);
  }
  for (int i = 0; i < 11; ++i) peer.say(frame(kFin | kPong, {}));
  EXPECT_EQ(peer.connection.code(), kPolicy);
}

TEST(WebSocket, TakesOnlyWhatThereIsRoomFor) {
  const Bytes stream = frame(kFin | kBinary, text("0123456789")) + frame(kFin | kBinary, text("abc"));
  Connection::View rest = stream;
  Peer peer;
  for (int i = 0; i < 100 && !rest.empty(); ++i) {
    const std::size_t before = peer.payload.size();
    rest = rest.subspan(peer.connection.feed(rest, peer.now, 4, peer.payload, peer.out));
    ASSERT_LE(peer.payload.size() - before, 4U);
  }
  EXPECT_EQ(chars(peer.payload), "0123456789abc");
  rest = stream;
  EXPECT_EQ(peer.connection.feed(rest, peer.now, 0, peer.payload, peer.out), 6U) << "a head takes no room";
  EXPECT_FALSE(peer.connection.at_message_edge());
}

TEST(WebSocket, AnswersAPeerThatCloses) {
  for (const auto& [body, answer] : {std::pair<Bytes, std::string>{{}, "\x88\x02\x03\xe8"},
                                     {close_body(1001, text("終了")), "\x88\x02\x03\xe9"},
                                     {close_body(4999), "\x88\x02\x13\x87"}}) {
    Peer peer;
    peer.say(frame(kFin | kClose, body) + frame(kFin | kBinary, text("after")));
    EXPECT_EQ(peer.connection.state(), State::closed);
    EXPECT_EQ(chars(peer.out), answer);
    EXPECT_TRUE(peer.payload.empty());
    EXPECT_EQ(peer.connection.fault(), "") << "no fault";
  }
}

TEST(WebSocket, ClosesAndWaitsForTheAnswerButNotForEver) {
  Peer peer;
  peer.connection.close(kGoingAway, "console.closed", peer.now, peer.out);
  EXPECT_EQ(chars(peer.out),
            "\x88\x10\x03\xe9"
            "console.closed");
  EXPECT_EQ(peer.connection.state(), State::closing);
  peer.connection.send(text("late"), peer.out);
  EXPECT_EQ(peer.out.size(), 18U) << "nothing is sent behind a close";
  peer.say(frame(kFin | kBinary, text("still talking")) + frame(kFin | kPing, text("p")));
  EXPECT_TRUE(peer.payload.empty());
  EXPECT_EQ(peer.out.size(), 18U);
  EXPECT_EQ(peer.connection.state(), State::closing);
  peer.say(frame(kFin | kClose, close_body(1001)));
  EXPECT_EQ(peer.connection.state(), State::closed);

  Peer silent;
  silent.connection.close(kNormal, "", silent.now, silent.out);
  ASSERT_EQ(silent.connection.next_deadline(), silent.now + seconds(5));
  silent.now += seconds(5);
  silent.connection.tick(silent.now, silent.out);
  EXPECT_EQ(silent.connection.state(), State::closed);
}

TEST(WebSocket, CutsALongReasonAtACharactersBorder) {
  std::string reason = "a";
  for (int i = 0; i < 60; ++i) reason += "関";  // three bytes each
  Peer peer;
  peer.connection.close(kNormal, reason, peer.now, peer.out);
  EXPECT_EQ(peer.out.size(), 2U + 2 + 121) << "1 + 40 * 3 bytes; 123 would split one";
}

TEST(WebSocket, PingsAQuietPeerAndGivesADeadOneUp) {
  Peer peer;
  const Instant begun = peer.now;
  int pings = 0;
  while (peer.connection.state() == State::open) {
    const auto due = peer.connection.next_deadline();
    ASSERT_TRUE(due);
    ASSERT_GT(*due, peer.now);
    peer.now = *due;
    peer.connection.tick(peer.now, peer.out);
    pings += static_cast<int>(std::count(peer.out.begin(), peer.out.end(), std::byte{0x89}));
    peer.out.clear();
  }
  EXPECT_EQ(peer.now - begun, seconds(60));
  EXPECT_EQ(pings, 2);
  EXPECT_EQ(peer.connection.code(), 1006);
  EXPECT_FALSE(peer.connection.next_deadline());

  Peer alive;
  for (int i = 0; i < 20; ++i) {
    alive.now += seconds(19);
    alive.connection.tick(alive.now, alive.out);
    alive.say(frame(kFin | kBinary, text("x")));
  }
  EXPECT_EQ(alive.connection.state(), State::open);
  EXPECT_TRUE(alive.out.empty()) << "who talks is not pinged";
}

}  // namespace
}  // namespace sekisho::websocket
