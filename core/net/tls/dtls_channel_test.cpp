// DTLS without a network: loss, reordering, replay, cookies, certificates, time.
#include "net/tls/dtls_channel.hpp"

#include "net/tls/testing/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace sekisho::tls {
namespace {

using testing::Authority;
using testing::Identity;
using Bytes = std::vector<std::byte>;

struct Chance final : Entropy {
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(random());
  }
  std::mt19937 random{7};
};

struct Zoo {
  Authority server_ca{"server authority"}, client_ca{"client authority"}, foreign{"client authority"};
  Identity server = server_ca.issue({.name = "vpn.test", .dns = {"vpn.test"}, .client = false});
  Identity good = client_ca.issue({}), strange = foreign.issue({}), old = client_ca.issue({.expired = true});
};
Zoo& zoo() {
  static Zoo all;
  return all;
}

DtlsServerContext server_context() {
  return std::move(DtlsServerContext::make(
                       {zoo().server.certificate_pem, Secret(zoo().server.key_pem), zoo().client_ca.pem()}))
      .value();
}
DtlsClientContext client_context(const Identity* identity) {
  ClientSettings settings{zoo().server_ca.pem(), "vpn.test", "", Secret(), {}};
  if (identity != nullptr) {
    settings.certificate_pem = identity->certificate_pem;
    settings.key_pem = Secret(identity->key_pem);
  }
  return std::move(DtlsClientContext::make(settings)).value();
}
Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text.data(), text.size()));
  return {view.begin(), view.end()};
}
std::vector<Bytes> take(SecureChannel& from) {
  std::vector<Bytes> out;
  auto rest = from.output();
  for (const std::uint16_t size : from.datagram_sizes()) {
    out.emplace_back(rest.begin(), rest.begin() + size);
    rest = rest.subspan(size);
  }
  EXPECT_TRUE(rest.empty());
  from.consume_output(from.output().size());
  return out;
}

/// One client, a listener, what it made of him, and the network between them.
struct Net {
  explicit Net(const Identity* identity = &zoo().good) : client_side(client_context(identity)) {}

  void start() {
    client.note_time(now);
    client.start();
    run();
  }
  /// What each side reads and whether it failed.
  static void read(SecureChannel& channel, const Bytes& datagram, std::vector<Bytes>& heard, std::string& error) {
    channel.feed(datagram);
    Bytes plain(16384);
    for (;;) {
      const auto size = channel.read_plain(plain);
      if (!size) error = size.error().code;
      if (!size || *size == 0) return;
      heard.emplace_back(plain.begin(), plain.begin() + static_cast<long>(*size));
    }
  }
  void to_server(const Bytes& datagram, std::string_view from = "192.0.2.7:40000") {
    if (server) return read(*server, datagram, at_server, server_error);
    auto heard = listener.on_datagram(datagram, bytes_of(from), now);
    if (!heard.answer.empty()) {
      ++verifies;
      verify_bytes = heard.answer.size();
      to_client(Bytes(heard.answer.begin(), heard.answer.end()));
    }
    if (!heard.channel) return;
    server = std::move(heard.channel);
    server->note_time(now);
    read(*server, {}, at_server, server_error);
  }
  void to_client(const Bytes& datagram) { read(client, datagram, at_client, client_error); }
  void run() {
    for (int round = 0; round < 100; ++round) {
      std::vector<Bytes> up = take(client), down = server ? take(*server) : std::vector<Bytes>{};
      if (up.empty() && down.empty()) return;
      if (reorder) {
        std::reverse(up.begin(), up.end());
        std::reverse(down.begin(), down.end());
      }
      for (const Bytes& datagram : up) {
        largest = std::max(largest, datagram.size());
        if (!lost(datagram)) to_server(datagram);
        if (twice) to_server(datagram);
      }
      for (const Bytes& datagram : down) {
        largest = std::max(largest, datagram.size());
        if (!lost(datagram)) to_client(datagram);
        if (twice) to_client(datagram);
      }
    }
  }
  bool lost(const Bytes&) { return ++sent == lose; }
  void wait(Instant::duration by) {
    now += by;
    for (SecureChannel* channel : {static_cast<SecureChannel*>(&client), static_cast<SecureChannel*>(server.get())}) {
      if (channel == nullptr) continue;
      channel->note_time(now);
      channel->on_deadline();
    }
    run();
  }
  [[nodiscard]] bool open() const {
    return server && server->state() == ChannelState::open && client.state() == ChannelState::open;
  }

  BufferPool pool;
  Chance chance;
  DtlsServerContext server_side = server_context();
  DtlsClientContext client_side;
  DtlsListener listener{server_side, pool, chance};
  DtlsChannel client{client_side, pool};
  std::unique_ptr<DtlsChannel> server;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  std::vector<Bytes> at_client, at_server;
  std::string client_error, server_error;
  int verifies = 0, sent = 0, lose = -1;
  std::size_t largest = 0, verify_bytes = 0;
  bool reorder = false, twice = false;
};

TEST(DtlsChannel, OpensAfterACookieAndCarriesWholeDatagrams) {
  Net net;
  net.start();
  ASSERT_TRUE(net.open()) << net.server_error << net.client_error;
  EXPECT_EQ(net.verifies, 1);
  EXPECT_EQ(net.server->version(), "DTLSv1.2");
  EXPECT_THAT(net.server->cipher(), ::testing::HasSubstr("ECDHE"));
  EXPECT_EQ(net.server->peer_certificate(), PeerCertificate::verified);
  EXPECT_EQ(net.server->peer_chain().size(), 1u);
  for (const std::size_t size : {std::size_t{1}, std::size_t{700}, DtlsChannel::kLargestRecord}) {
    ASSERT_TRUE(net.client.write_record(Bytes(size, std::byte{1})));
    ASSERT_TRUE(net.server->write_record(Bytes(size, std::byte{2})));
  }
  EXPECT_EQ(net.server->datagram_sizes().size(), 3u);
  net.run();
  ASSERT_EQ(net.at_server.size(), 3u);
  ASSERT_EQ(net.at_client.size(), 3u);
  EXPECT_EQ(net.at_client[2].size(), DtlsChannel::kLargestRecord);
  EXPECT_LE(net.largest, kLargestDatagram);
}

TEST(DtlsChannel, HandshakeDatagramsFitANarrowPath) {
  Net net;
  net.start();
  ASSERT_TRUE(net.open());
  EXPECT_LE(net.largest, kHandshakeDatagram);
}

TEST(DtlsChannel, TooLargeARecordIsRefusedAndNothingElse) {
  Net net;
  net.start();
  EXPECT_FALSE(net.server->write_record(Bytes(DtlsChannel::kLargestRecord + 1)));
  EXPECT_TRUE(net.server->write_record(Bytes(10)));
}

TEST(DtlsListener, AnswersHellosWithLessThanTheyCostAndKeepsNothing) {
  Net net;
  net.client.start();
  const Bytes hello = take(net.client).at(0);
  for (int i = 0; i < 1000; ++i) {
    const auto heard = net.listener.on_datagram(hello, bytes_of("198.51.100." + std::to_string(i)), net.now);
    ASSERT_FALSE(heard.channel);
    ASSERT_FALSE(heard.answer.empty());
    ASSERT_LT(heard.answer.size(), hello.size()) << "no lever for floods";
  }
}

TEST(DtlsListener, ACookieCountsAtItsAddressAlone) {
  Net net;
  net.client.start();
  const auto first = net.listener.on_datagram(take(net.client).at(0), bytes_of("192.0.2.7:40000"), net.now);
  net.to_client(Bytes(first.answer.begin(), first.answer.end()));
  const Bytes second = take(net.client).at(0);
  ASSERT_EQ(hello_mark(second)->number, 1);
  EXPECT_FALSE(net.listener.on_datagram(second, bytes_of("192.0.2.8:40000"), net.now).channel) << "another address";
  EXPECT_FALSE(net.listener.on_datagram(second, bytes_of("192.0.2.7:40001"), net.now).channel) << "another port";
  for (std::size_t at = 61; at < 93; ++at) {
    Bytes forged = second;
    forged[at] ^= std::byte{1};
    EXPECT_FALSE(net.listener.on_datagram(forged, bytes_of("192.0.2.7:40000"), net.now).channel) << at;
  }
  EXPECT_TRUE(net.listener.on_datagram(second, bytes_of("192.0.2.7:40000"), net.now).channel);
}

TEST(DtlsListener, ACookieGrowsOld) {
  for (const auto& [age, counts] : {std::pair{Seconds{59}, true}, std::pair{Seconds{121}, false}}) {
    Net net;
    net.client.start();
    const auto first = net.listener.on_datagram(take(net.client).at(0), bytes_of("192.0.2.7:40000"), net.now);
    net.to_client(Bytes(first.answer.begin(), first.answer.end()));
    const auto later = net.listener.on_datagram(take(net.client).at(0), bytes_of("192.0.2.7:40000"), net.now + age);
    EXPECT_EQ(later.channel != nullptr, counts) << age.count();
  }
}

TEST(DtlsListener, EveryPieceAndEveryWrongByteOfAHelloIsSurvived) {
  Net net;
  net.client.start();
  const Bytes hello = take(net.client).at(0);
  for (std::size_t at = 0; at < hello.size(); ++at) {
    EXPECT_FALSE(net.listener.on_datagram(std::span(hello).first(at), bytes_of("a"), net.now).channel);
    Bytes wrong = hello;
    wrong[at] ^= std::byte{0xff};
    EXPECT_FALSE(net.listener.on_datagram(wrong, bytes_of("a"), net.now).channel);
  }
  net.to_server(hello);
  net.run();
  EXPECT_TRUE(net.open()) << "and the next client is served";
}

TEST(DtlsChannel, WithoutACertificateThereIsNoAssociation) {
  const std::array<const Identity*, 3> wrong{nullptr, &zoo().strange, &zoo().old};
  for (const Identity* identity : wrong) {
    Net net(identity);
    net.start();
    ASSERT_TRUE(net.server);
    EXPECT_EQ(net.server->state(), ChannelState::failed);
    EXPECT_EQ(net.server_error, "tls.handshake");
    EXPECT_NE(net.client.state(), ChannelState::open);
    EXPECT_TRUE(net.server->peer_chain().empty());
  }
}

TEST(DtlsChannel, AnyOneLostDatagramOfTheHandshakeIsMadeGood) {
  Net whole;
  whole.start();
  // The server's last word is repeated when the client's comes again under new numbers, which this client does not do.
  for (int lose = 1; lose < whole.sent; ++lose) {
    Net net;
    net.lose = lose;
    net.start();
    for (int second = 0; second < 9 && !net.open(); ++second) net.wait(Seconds{1});
    EXPECT_TRUE(net.open()) << "datagram " << lose << " " << net.server_error << net.client_error;
  }
}

TEST(DtlsChannel, ResendsAfterOneTwoAndFourSecondsOfTheCallersTime) {
  Net net;
  net.client.start();
  net.to_server(take(net.client).at(0));
  net.to_server(take(net.client).at(0));
  const auto flight = take(*net.server);
  ASSERT_GT(flight.size(), 0u);
  EXPECT_EQ(net.server->next_deadline(), net.now + Seconds{1});
  std::vector<int> seconds;
  for (int second = 1; second <= 9; ++second) {
    net.server->note_time(net.now + Seconds{second});
    net.server->on_deadline();
    if (const auto again = take(*net.server); !again.empty()) {
      EXPECT_EQ(again, flight);
      seconds.push_back(second);
    }
  }
  EXPECT_EQ(seconds, (std::vector<int>{1, 3, 7}));
}

TEST(DtlsChannel, OrderAndRepetitionOfDatagramsDoNotMatter) {
  Net net;
  net.reorder = net.twice = true;
  net.start();
  for (int second = 0; second < 9 && !net.open(); ++second) net.wait(Seconds{1});
  ASSERT_TRUE(net.open());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(net.client.write_record(Bytes(100, static_cast<std::byte>(i))));
  net.run();
  EXPECT_EQ(net.at_server.size(), 20u) << "each once";
  EXPECT_EQ(net.at_server.front()[0], std::byte{19}) << "as they came";
}

TEST(DtlsChannel, AReplayedDatagramIsDropped) {
  Net net;
  net.start();
  ASSERT_TRUE(net.client.write_record(bytes_of("once")));
  const Bytes datagram = take(net.client).at(0);
  for (int i = 0; i < 3; ++i) net.to_server(datagram);
  EXPECT_EQ(net.at_server, std::vector<Bytes>{bytes_of("once")});
  EXPECT_EQ(net.server->state(), ChannelState::open);
}

TEST(DtlsChannel, ForgedDatagramsAreDroppedWithoutAWord) {
  Net net;
  net.start();
  ASSERT_TRUE(net.client.write_record(bytes_of("sound")));
  const Bytes datagram = take(net.client).at(0);
  for (std::size_t at = 0; at < datagram.size(); ++at) {
    Bytes forged = datagram;
    forged[at] ^= std::byte{1};
    net.to_server(forged);
    net.to_server(Bytes(datagram.begin(), datagram.begin() + static_cast<long>(at)));
  }
  net.to_server(Bytes{std::byte{21}, std::byte{0xfe}, std::byte{0xfd}, std::byte{0}, std::byte{0}, std::byte{0},
                      std::byte{0}, std::byte{0}, std::byte{0}, std::byte{9}, std::byte{9}, std::byte{0}, std::byte{2},
                      std::byte{2}, std::byte{40}});  // a fatal alert in clear
  EXPECT_EQ(net.at_server, std::vector<Bytes>{}) << "a wrong byte anywhere, a piece of any size";
  EXPECT_TRUE(net.server->output().empty());
  net.to_server(datagram);
  EXPECT_EQ(net.at_server, std::vector<Bytes>{bytes_of("sound")});
}

TEST(DtlsChannel, ADatagramLargerThanAnyRecordIsSurvived) {
  Net net;
  net.start();
  net.to_server(Bytes(65'535, std::byte{23}));
  ASSERT_TRUE(net.client.write_record(bytes_of("on")));
  net.run();
  EXPECT_EQ(net.at_server, std::vector<Bytes>{bytes_of("on")});
}

TEST(DtlsChannel, GoodbyeIsHeard) {
  Net net;
  net.start();
  net.client.close();
  net.run();
  EXPECT_EQ(net.server->state(), ChannelState::closed);
  EXPECT_FALSE(net.client.write_record(bytes_of("more")));
}

TEST(DtlsServerContext, NeedsAClientCa) {
  const auto made = DtlsServerContext::make({zoo().server.certificate_pem, Secret(zoo().server.key_pem), ""});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "tls.client_ca");
}

}  // namespace
}  // namespace sekisho::tls
