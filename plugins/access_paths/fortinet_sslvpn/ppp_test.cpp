#include "ppp.hpp"

#include "testing/bytes.hpp"
#include "testing/entropy.hpp"
#include "testing/transcripts.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace sekisho::fortinet {
namespace {

using namespace std::chrono_literals;
using testing::Bytes;
using testing::hex;
using testing::Line;
using testing::SeededEntropy;
using testing::to_hex;

constexpr Instant kStart = Instant(std::chrono::seconds(1'800'000'000));
constexpr std::uint32_t kSession = 0x0aca000a;  // 10.202.0.10

/// One end with its events sorted into what left and what happened.
struct End {
  End(PppOptions options, std::uint64_t seed, Bytes first = {})
      : entropy(seed, std::move(first)), ppp(std::move(options), entropy) {}

  void take(PppEvents events) {
    for (PppEvent& event : events) {
      if (auto* send = std::get_if<PppSend>(&event)) {
        Bytes frame(send->packet.size() + 16);
        frame.resize(write_frame(send->protocol, send->packet, frame));
        sent.push_back(std::move(frame));
      } else if (auto* up = std::get_if<PppUp>(&event)) {
        ups.push_back(*up);
      } else if (std::get_if<PppDown>(&event) != nullptr) {
        ++downs;
      } else {
        ended = std::get<PppEnded>(event);
      }
    }
  }
  /// Bytes of one or more frames, in pieces.
  void hear(const Bytes& bytes, Instant now, std::size_t piece = 4096) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.take(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      for (;;) {
        const auto step = reader.next();
        if (step.state != FrameReader::State::frame) break;
        if (step.frame.protocol == kIpv4) {
          delivered += ppp.take_data(step.frame.payload.size()) ? 1 : 0;
        } else {
          take(ppp.feed(step.frame, now));
        }
      }
    }
  }
  void hear(std::string_view text, Instant now) { hear(hex(text), now); }
  std::string next_sent() {
    if (sent.empty()) return "(nothing)";
    const Bytes first = sent.front();
    sent.pop_front();
    return to_hex(first);
  }

  SeededEntropy entropy;
  Ppp ppp;
  FrameReader reader{2048};
  std::deque<Bytes> sent;
  std::vector<PppUp> ups;
  int downs = 0, delivered = 0;
  std::optional<PppEnded> ended;
};

PppOptions server_options() {
  PppOptions options;
  options.peer_address = kSession;
  return options;
}
/// The server of the recorded transcripts.
PppOptions recorded(std::uint32_t own_address) {
  PppOptions options = server_options();
  options.mru = 0;
  options.own_address = own_address;
  return options;
}
PppOptions openconnect_client() {
  PppOptions options;
  options.mru = 1433;
  options.insist_mru = false;
  options.nak_smaller_mru = true;
  options.own_address = kSession;
  options.keep_own_address = true;
  return options;
}
PppOptions pppd_client() {
  PppOptions options;
  options.insist_mru = false;
  options.own_address = 0;
  options.peer_address = 0xa9fe0201;
  options.offer_vj = true;
  options.echo_at_open = true;
  options.extras.push_back({kCcp, hex("01 01 00 0f 1a 04 78 00 18 04 78 00 15 03 2f")});
  options.extras.push_back({kIp6cp, hex("01 01 00 0e 01 0a 8d 3b 6d 98 61 cd 42 72")});
  return options;
}

struct Recording {
  const char* name;
  std::span<const Line> lines;
  std::uint32_t server_address;
};
const Recording kRecordings[] = {{"openconnect", testing::kOpenconnect, 0x0aca0001},
                                 {"openfortivpn", testing::kOpenfortivpn, 0xa9fe0201}};

TEST(Ppp, ReplaysTheRecordedOpeningsByteForByteInPiecesOfAnySize) {
  for (const Recording& recording : kRecordings) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{7}, std::size_t{64}}) {
      End server(recorded(recording.server_address), 1, hex("a7 89 04 f4"));
      server.take(server.ppp.start(kStart));
      for (const Line& line : recording.lines) {
        if (line.direction == '<') {
          server.hear(hex(line.frame), kStart, piece);
        } else {
          ASSERT_EQ(server.next_sent(), line.frame) << recording.name;
        }
      }
      EXPECT_TRUE(server.sent.empty());
      ASSERT_EQ(server.ups.size(), 1U) << recording.name;
      EXPECT_EQ(server.ups[0].peer_address, kSession);
      EXPECT_TRUE(server.ppp.open());
    }
  }
}

/// Runs the clock until the machine is open or over; false when it is neither after a minute.
bool settles(End& end, Instant now) {
  for (int i = 0; i < 100 && !end.ended && !end.ppp.open(); ++i) {
    const auto at = end.ppp.next_deadline();
    if (!at || *at > now + 61s) return false;
    end.take(end.ppp.on_deadline(*at));
  }
  return end.ended || end.ppp.open();
}

TEST(Ppp, OpensWithTheSessionsAddressOrNotAtAllWhateverByteIsWrong) {
  for (const Recording& recording : kRecordings) {
    for (std::size_t wrong = 0; wrong < recording.lines.size(); ++wrong) {
      if (recording.lines[wrong].direction != '<') continue;
      const Bytes whole = hex(recording.lines[wrong].frame);
      for (std::size_t at = kFrameHeader; at < whole.size(); ++at) {
        for (const unsigned mask : {0x01U, 0x80U, 0xffU, 0x06U}) {
          End server(recorded(recording.server_address), 1, hex("a7 89 04 f4"));
          server.take(server.ppp.start(kStart));
          for (std::size_t i = 0; i < recording.lines.size(); ++i) {
            if (recording.lines[i].direction != '<') continue;
            Bytes frame = hex(recording.lines[i].frame);
            if (i == wrong) frame[at] ^= static_cast<std::byte>(mask);
            server.hear(frame, kStart);
          }
          ASSERT_TRUE(settles(server, kStart)) << recording.name << " line " << wrong << " byte " << at;
          for (const PppUp& up : server.ups) ASSERT_EQ(up.peer_address, kSession);
        }
      }
    }
  }
}

TEST(Ppp, SurvivesEveryStepLeftOutOrSentTwice) {
  for (const Recording& recording : kRecordings) {
    for (std::size_t wrong = 0; wrong < recording.lines.size(); ++wrong) {
      for (const int copies : {0, 2}) {
        End server(recorded(recording.server_address), 1, hex("a7 89 04 f4"));
        server.take(server.ppp.start(kStart));
        for (std::size_t i = 0; i < recording.lines.size(); ++i) {
          if (recording.lines[i].direction != '<') continue;
          for (int k = 0; k < (i == wrong ? copies : 1); ++k) server.hear(hex(recording.lines[i].frame), kStart);
        }
        ASSERT_TRUE(settles(server, kStart)) << recording.name << " line " << wrong;
        if (copies == 2) {
          EXPECT_TRUE(server.ppp.open()) << recording.name << " line " << wrong;
        }
      }
    }
  }
}

/// Two ends joined by a line that loses and doubles frames; virtual time.
struct Pair {
  Pair(PppOptions client_options, std::uint64_t seed, unsigned loss, unsigned twice)
      : server(server_options(), seed * 2), client(std::move(client_options), seed * 2 + 1), line(seed) {
    loss_ = loss;
    twice_ = twice;
    server.take(server.ppp.start(now));
    client.take(client.ppp.start(now));
  }
  void carry() {
    while (!server.sent.empty() || !client.sent.empty()) {
      step(server, client);
      step(client, server);
    }
  }
  void step(End& from, End& to) {
    if (from.sent.empty()) return;
    const Bytes frame = from.sent.front();
    from.sent.pop_front();
    if (line.chance(loss_)) return;
    to.hear(frame, now);
    if (line.chance(twice_)) to.hear(frame, now);
  }
  void run_until(Instant limit, const std::function<bool()>& done) {
    carry();
    while (!done()) {
      Instant next = limit;
      for (End* end : {&server, &client}) {
        if (const auto at = end->ppp.next_deadline()) next = std::min(next, *at);
      }
      now = std::max(now, next);
      if (now >= limit) return;
      for (End* end : {&server, &client}) {
        if (const auto at = end->ppp.next_deadline(); at && *at <= now) end->take(end->ppp.on_deadline(now));
      }
      carry();
    }
  }
  [[nodiscard]] bool both_open() const { return server.ppp.open() && client.ppp.open(); }

  Instant now = kStart;
  End server, client;
  SeededEntropy line;
  unsigned loss_, twice_;
};

TEST(Ppp, OpensAtOnceBetweenBothMachines) {
  for (const bool pppd : {false, true}) {
    Pair pair(pppd ? pppd_client() : openconnect_client(), 7, 0, 0);
    pair.carry();
    ASSERT_TRUE(pair.both_open()) << pppd;
    EXPECT_EQ(pair.client.ups.at(0).own_address, kSession);
    EXPECT_EQ(pair.server.ups.at(0).peer_address, kSession);
    EXPECT_EQ(pair.client.ups.at(0).peer_address, 0xa9fe0201U);
    EXPECT_EQ(pair.client.ppp.largest_packet(), 1354);
    EXPECT_EQ(pair.server.ppp.largest_packet(), 1354);
    EXPECT_EQ(pair.server.downs + pair.client.downs, 0);
  }
}

TEST(Ppp, OpensOverALineThatLosesAndDoublesFrames) {
  int opened = 0;
  constexpr int kRuns = 300;
  for (int seed = 1; seed <= kRuns; ++seed) {
    Pair pair(seed % 2 == 0 ? pppd_client() : openconnect_client(), static_cast<std::uint64_t>(seed), 12, 20);
    pair.run_until(kStart + 120s, [&] { return pair.both_open() || (pair.server.ended && pair.client.ended); });
    EXPECT_TRUE(pair.both_open() || (pair.server.ended && pair.client.ended)) << seed;
    opened += pair.both_open() ? 1 : 0;
  }
  EXPECT_GE(opened, kRuns * 95 / 100);
}

TEST(Ppp, RunsTheSameSeedTheSameWay) {
  const auto trace = [](std::uint64_t seed) {
    Pair pair(pppd_client(), seed, 30, 30);
    pair.run_until(kStart + 60s, [&] { return pair.both_open(); });
    return std::pair(pair.now, pair.server.ppp.dropped());
  };
  EXPECT_EQ(trace(42), trace(42));
}

End opened_server() {
  return End(server_options(), 3);
}
/// Brings `server` to open by a scripted client that acks whatever it is asked.
void open_fully(End& server, Instant now = kStart) {
  server.take(server.ppp.start(now));
  server.hear("00 18 50 50 00 12 ff 03 c0 21 01 01 00 0e 01 04 05 99 05 06 0c f6 53 a4", now);
  server.hear("00 14 50 50 00 0e ff 03 80 21 01 01 00 0a 03 06 0a ca 00 0a", now);
  for (int i = 0; i < 4; ++i) {
    std::deque<Bytes> sent = std::move(server.sent);
    server.sent.clear();
    for (Bytes& frame : sent) {
      if (frame[8] != std::byte{1}) continue;
      frame[8] = std::byte{2};
      server.hear(frame, now);
    }
    if (!server.ppp.open()) server.hear("00 14 50 50 00 0e ff 03 80 21 01 01 00 0a 03 06 0a ca 00 0a", now);
  }
  ASSERT_TRUE(server.ppp.open());
  server.sent.clear();
}

TEST(Ppp, AnnouncesItsMruAndInsistsOnceThenGivesUp) {
  End server = opened_server();
  server.take(server.ppp.start(kStart));
  const Bytes request = server.sent.front();
  EXPECT_EQ(to_hex(std::span(request).subspan(6, 10)), "c0 21 01 01 00 0e 01 04 05 4a");
  server.sent.clear();
  server.hear("00 10 50 50 00 0a c0 21 03 01 00 08 01 04 05 99", kStart);
  ASSERT_EQ(server.sent.size(), 1U);
  EXPECT_EQ(to_hex(std::span(server.sent.front()).subspan(6, 10)), "c0 21 01 02 00 0e 01 04 05 4a");
  server.sent.clear();
  server.hear("00 10 50 50 00 0a c0 21 03 02 00 08 01 04 05 99", kStart);
  ASSERT_EQ(server.sent.size(), 1U);
  EXPECT_EQ(server.sent.front()[8], std::byte{ppp_code::terminate_request});
  EXPECT_EQ(server.ppp.state(), Ppp::State::closing);
}

TEST(Ppp, OffersTheLargeMruOnceAndComesBackToTheUsualOne) {
  PppOptions options = server_options();
  options.large_mru = 16'000;
  End willing(options, 1, hex("a7 89 04 f4"));
  willing.take(willing.ppp.start(kStart));
  EXPECT_EQ(willing.next_sent(), "00 16 50 50 00 10 c0 21 01 01 00 0e 01 04 3e 80 05 06 a7 89 04 f4");
  EXPECT_EQ(willing.ppp.agreed_large(), 0) << "not before it is open";

  End other(options, 1, hex("a7 89 04 f4"));
  other.take(other.ppp.start(kStart));
  other.sent.clear();
  other.hear("00 10 50 50 00 0a c0 21 03 01 00 08 01 04 05 99", kStart);
  EXPECT_EQ(other.next_sent(), "00 16 50 50 00 10 c0 21 01 02 00 0e 01 04 05 4a 05 06 a7 89 04 f4");
}

TEST(Ppp, NaksItsOwnMagicNumberAndZero) {
  for (const char* magic : {"a7 89 04 f4", "00 00 00 00"}) {
    End server(server_options(), 1, hex("a7 89 04 f4 11 22 33 44"));
    server.take(server.ppp.start(kStart));
    server.sent.clear();
    server.hear(std::string("00 12 50 50 00 0c c0 21 01 05 00 0a 05 06 ") + magic, kStart);
    EXPECT_EQ(server.next_sent(), "00 12 50 50 00 0c c0 21 03 05 00 0a 05 06 11 22 33 44");
  }
}

TEST(Ppp, RejectsEveryOptionItDoesNotWant) {
  const char* options[] = {"02 06 00 00 00 00", "03 04 c0 23", "07 02", "08 02", "0d 03 06", "11 04 06 00", "01 03 05"};
  for (const char* option : options) {
    End server(server_options(), 5);
    server.take(server.ppp.start(kStart));
    server.sent.clear();
    const Bytes value = hex(option);
    const Bytes packet = make_packet(1, 9, value);
    Bytes frame(64);
    frame.resize(write_frame(kLcp, packet, frame));
    server.hear(frame, kStart);
    ASSERT_EQ(server.sent.size(), 1U) << option;
    EXPECT_EQ(to_hex(std::span(server.sent.front()).subspan(8)), to_hex(make_packet(4, 9, value))) << option;
  }
}

TEST(Ppp, GivesTheAddressToAPeerThatDoesNotAskForOne) {
  End server = opened_server();
  server.take(server.ppp.start(kStart));
  Bytes ack = server.sent.front();  // of our own LCP request
  ack[8] = std::byte{ppp_code::configure_ack};
  server.hear("00 18 50 50 00 12 ff 03 c0 21 01 01 00 0e 01 04 05 99 05 06 0c f6 53 a4", kStart);
  server.hear(ack, kStart);
  server.sent.clear();
  server.hear("00 0c 50 50 00 06 80 21 01 07 00 04", kStart);
  EXPECT_EQ(server.next_sent(), "00 12 50 50 00 0c 80 21 03 07 00 0a 03 06 0a ca 00 0a");
  EXPECT_FALSE(server.ppp.open());
}

TEST(Ppp, TakesTenConfigureRequestsAndEndsAtTheEleventh) {
  End server = opened_server();
  server.take(server.ppp.start(kStart));
  for (int i = 0; i < 10; ++i) {
    server.hear("00 0e 50 50 00 08 c0 21 01 05 00 06 07 02", kStart);
    ASSERT_NE(server.ppp.state(), Ppp::State::closing) << i;
  }
  server.hear("00 0e 50 50 00 08 c0 21 01 05 00 06 07 02", kStart);
  EXPECT_EQ(server.ppp.state(), Ppp::State::closing);
  server.take(server.ppp.on_deadline(kStart + 1s));
  ASSERT_TRUE(server.ended);
  EXPECT_EQ(server.ended->why, "LCP: too many Configure-Requests");
}

TEST(Ppp, RetransmitsEveryThreeSecondsAndGivesUpAfterHalfAMinute) {
  End server = opened_server();
  server.take(server.ppp.start(kStart));
  std::vector<Instant> sent;
  Instant now = kStart;
  while (!server.ended) {
    now = server.ppp.next_deadline().value();
    ASSERT_LE(now, kStart + 40s);
    server.sent.clear();
    server.take(server.ppp.on_deadline(now));
    if (!server.sent.empty() && server.sent.front()[8] == std::byte{1}) sent.push_back(now);
  }
  ASSERT_EQ(sent.size(), 9U);
  EXPECT_EQ(sent.front(), kStart + 3s);
  EXPECT_EQ(sent.back(), kStart + 27s);
  EXPECT_EQ(now, kStart + 31s);
}

TEST(Ppp, DropsDataUntilOpenAndCountsIt) {
  End server = opened_server();
  const Bytes data = hex("00 0c 50 50 00 06 00 21 45 00 00 00");
  server.take(server.ppp.start(kStart));
  server.hear(data, kStart);
  EXPECT_EQ(server.delivered, 0);
  EXPECT_EQ(server.ppp.dropped(), 1U);
  End second = opened_server();
  open_fully(second);
  second.hear(data, kStart);
  EXPECT_EQ(second.delivered, 1);
}

TEST(Ppp, DropsIpv6SilentlyAndRejectsItsControlProtocol) {
  End server = opened_server();
  open_fully(server);
  server.hear("00 0c 50 50 00 06 00 57 60 00 00 00", kStart);
  EXPECT_TRUE(server.sent.empty());
  server.hear("00 16 50 50 00 10 80 57 01 01 00 0e 01 0a 8d 3b 6d 98 61 cd 42 72", kStart);
  ASSERT_EQ(server.sent.size(), 1U);
  EXPECT_EQ(to_hex(std::span(server.sent.front()).subspan(6, 3)), "c0 21 08");
}

TEST(Ppp, AnswersEchoesWithItsMagicAndTheirData) {
  End server(server_options(), 1, hex("a7 89 04 f4"));
  open_fully(server);
  server.hear("00 12 50 50 00 0c c0 21 09 07 00 0a 0c f6 53 a4 68 69", kStart);
  EXPECT_EQ(server.next_sent(), "00 12 50 50 00 0c c0 21 0a 07 00 0a a7 89 04 f4 68 69");
  // Our own magic: a looped line gets no answer.
  server.hear("00 10 50 50 00 0a c0 21 09 07 00 08 a7 89 04 f4", kStart);
  EXPECT_TRUE(server.sent.empty());
}

TEST(Ppp, BoundsTheAnswersThatAPeerCanProvoke) {
  End server = opened_server();
  open_fully(server);
  for (int i = 0; i < 1000; ++i) server.hear("00 10 50 50 00 0a c0 21 09 07 00 08 0c f6 53 a4", kStart);
  EXPECT_EQ(server.sent.size(), 20U);
  server.sent.clear();
  for (int i = 0; i < 1000; ++i) server.hear("00 10 50 50 00 0a c0 21 63 07 00 08 0c f6 53 a4", kStart + 500ms);
  EXPECT_EQ(server.sent.size(), 5U);
  EXPECT_EQ(server.sent.front()[8], std::byte{ppp_code::code_reject});
}

TEST(Ppp, EndsAfterThreeUnansweredEchoes) {
  End server = opened_server();
  open_fully(server);
  int asked = 0;
  Instant now = kStart;
  while (!server.ended) {
    now = server.ppp.next_deadline().value();
    ASSERT_LE(now, kStart + 60s);
    server.sent.clear();
    server.take(server.ppp.on_deadline(now));
    asked += server.sent.empty() ? 0 : 1;
  }
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(now, kStart + 40s);
  EXPECT_FALSE(server.ended->by_peer);
  EXPECT_EQ(server.ended->why, "the peer is silent");
}

TEST(Ppp, StaysAliveWhileAnythingIsHeard) {
  End server = opened_server();
  open_fully(server);
  for (int i = 1; i <= 100; ++i) {
    server.take(server.ppp.on_deadline(kStart + i * 10s));
    ASSERT_TRUE(server.ppp.take_data(20));
  }
  EXPECT_FALSE(server.ended);
}

TEST(Ppp, SaysWhyItEndsAndWaitsASecondForTheAck) {
  End server = opened_server();
  open_fully(server);
  server.take(server.ppp.terminate("The right has ended.\n\xe7\xb5\x82", kStart));
  ASSERT_EQ(server.sent.size(), 1U);
  const Bytes frame = server.sent.front();
  EXPECT_EQ(testing::text_of(std::span(frame).subspan(12)), "The right has ended.????");
  EXPECT_FALSE(server.ppp.take_data(100));
  EXPECT_EQ(server.ppp.next_deadline(), kStart + 1s);
  Bytes ack = hex("00 0c 50 50 00 06 c0 21 06 00 00 04");
  ack[9] = frame[9];
  server.hear(ack, kStart + 10ms);
  ASSERT_TRUE(server.ended);
  EXPECT_FALSE(server.ended->by_peer);
  EXPECT_EQ(server.ppp.next_deadline(), std::nullopt);
}

TEST(Ppp, EndsOnceHoweverOftenItIsAsked) {
  End server = opened_server();
  open_fully(server);
  server.take(server.ppp.terminate("first", kStart));
  server.take(server.ppp.terminate("second", kStart));
  EXPECT_EQ(server.sent.size(), 1U);
  server.take(server.ppp.on_deadline(kStart + 1s));
  ASSERT_TRUE(server.ended);
  EXPECT_EQ(server.ended->why, "first");
  server.sent.clear();
  server.take(server.ppp.terminate("third", kStart + 2s));
  EXPECT_TRUE(server.sent.empty());
  EXPECT_FALSE(server.ended->peer_knows);
}

TEST(Ppp, AcksTheAskedEndAndReportsThePeersWords) {
  End server = opened_server();
  open_fully(server);
  server.hear("00 11 50 50 00 0b c0 21 05 02 00 09 62 79 65 01 07", kStart);
  EXPECT_EQ(server.next_sent(), "00 0c 50 50 00 06 c0 21 06 02 00 04");
  ASSERT_TRUE(server.ended);
  EXPECT_TRUE(server.ended->by_peer);
  EXPECT_EQ(server.ended->why, "bye??");
  EXPECT_TRUE(server.ended->peer_knows);
  server.hear("00 0c 50 50 00 06 c0 21 05 03 00 04", kStart);  // RFC 1661 "Stopping": each request gets its Ack
  EXPECT_EQ(server.next_sent(), "00 0c 50 50 00 06 c0 21 06 03 00 04");
  server.hear("00 0c 50 50 00 06 c0 21 06 03 00 04", kStart);
  EXPECT_TRUE(server.sent.empty());
}

TEST(Ppp, NegotiatesAnewWhenThePeerDoesAndStopsDataMeanwhile) {
  Pair pair(openconnect_client(), 9, 0, 0);
  pair.carry();
  ASSERT_TRUE(pair.both_open());
  pair.server.hear("00 18 50 50 00 12 ff 03 c0 21 01 77 00 0e 01 04 05 99 05 06 0c f6 53 a4", pair.now);
  EXPECT_EQ(pair.server.downs, 1);
  EXPECT_FALSE(pair.server.ppp.take_data(20));
  pair.run_until(kStart + 120s, [&] { return pair.both_open() || pair.server.ended; });
  EXPECT_TRUE(pair.both_open());
}

TEST(Ppp, EndsWhenThePeerRejectsWhatItNeeds) {
  for (const char* frame : {
           "00 0e 50 50 00 08 c0 21 07 01 00 06 01 01",  // Code-Reject of Configure-Request
           "00 0e 50 50 00 08 c0 21 08 01 00 06 80 21",  // Protocol-Reject of IPCP
           "00 0c 50 50 00 06 80 21 05 01 00 04",        // IPCP Terminate-Request
           "00 0e 50 50 00 08 80 21 07 01 00 06 01 01",  // IPCP Code-Reject
       }) {
    End server = opened_server();
    open_fully(server);
    server.hear(frame, kStart);
    EXPECT_EQ(server.ppp.state(), Ppp::State::closing) << frame;
  }
}

TEST(Ppp, WhoRejectsEchoesIsAskedAgainAndMayNotFallSilent) {
  End server = opened_server();
  open_fully(server);
  Instant now = kStart;
  for (int i = 1; i <= 20; ++i) {
    now = kStart + i * 10s;
    server.sent.clear();
    server.take(server.ppp.on_deadline(now));
    ASSERT_EQ(server.sent.size(), 1U) << i;
    server.hear("00 0e 50 50 00 08 c0 21 07 01 00 06 09 00", now);
  }
  ASSERT_FALSE(server.ended) << "a reject is an answer";
  while (!server.ended) {
    ASSERT_TRUE(server.ppp.next_deadline());
    now = *server.ppp.next_deadline();
    ASSERT_LE(now, kStart + 260s);
    server.take(server.ppp.on_deadline(now));
  }
  EXPECT_EQ(server.ended->why, "the peer is silent");
}

TEST(Ppp, DropsPacketsWhoseLengthsDoNotFit) {
  for (const char* frame : {"00 0b 50 50 00 05 c0 21 01 01 00", "00 0c 50 50 00 06 c0 21 01 01 00 03",
                            "00 0c 50 50 00 06 c0 21 01 01 00 05", "00 0e 50 50 00 08 c0 21 01 01 00 06 05 01",
                            "00 0e 50 50 00 08 c0 21 01 01 00 06 05 07", "00 0d 50 50 00 07 c0 21 01 01 00 05 05"}) {
    End server = opened_server();
    server.take(server.ppp.start(kStart));
    server.sent.clear();
    server.hear(frame, kStart);
    EXPECT_TRUE(server.sent.empty()) << frame;
    EXPECT_EQ(server.ppp.dropped(), 1U) << frame;
  }
}

TEST(Ppp, TakesAnotherAddressForItselfWhenThePeerInsists) {
  End server(recorded(0x0aca0001), 1, hex("a7 89 04 f4"));
  server.take(server.ppp.start(kStart));
  server.hear("00 16 50 50 00 10 c0 21 01 01 00 0e 01 04 05 4a 05 06 e7 a5 65 3e", kStart);
  server.hear("00 12 50 50 00 0c c0 21 02 01 00 0a 05 06 a7 89 04 f4", kStart);
  server.sent.clear();
  server.hear("00 12 50 50 00 0c 80 21 03 02 00 0a 03 06 a9 fe 02 01", kStart);
  EXPECT_EQ(server.next_sent(), "00 12 50 50 00 0c 80 21 01 03 00 0a 03 06 a9 fe 02 01");
}

TEST(PppCodec, ReadsAddressesStrictly) {
  EXPECT_EQ(parse_ipv4("169.254.2.1"), 0xa9fe0201U);
  EXPECT_EQ(parse_ipv4("0.0.0.0"), 0U);
  EXPECT_EQ(ipv4_text(0x0aca000a), "10.202.0.10");
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..3.4",
                          "a.b.c.d", "1.2.3.1000", "1.2.3.", "+1.2.3.4"}) {
    EXPECT_EQ(parse_ipv4(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace sekisho::fortinet
