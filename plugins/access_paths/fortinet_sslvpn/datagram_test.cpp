// The tunnel over datagrams: the hello with the cookie, silence until the client speaks, frames, loss, other cookies.
#include "datagram_connection.hpp"
#include "datagram_hello.hpp"
#include "testing/front.hpp"
#include "testing/lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sekisho::fortinet::testing {
namespace {

using ::testing::HasSubstr;

const std::string kCookie(43, 'C'), kOther(43, 'D');

SessionView view_of() {
  SessionView view;
  view.session = "S20261122-1-000042";
  view.state = SessionState::admitted;
  view.address = "10.202.0.10";
  view.gate_address = "10.202.0.1";
  view.remaining_s = 28800;
  view.language = "ja";
  return view;
}

/// Keeps each datagram apart.
struct DatagramHost final : PathHost {
  void write(std::span<const std::byte> bytes) override { records.emplace_back(bytes.begin(), bytes.end()); }
  void close(std::string_view why) override { closes.emplace_back(why); }
  std::uint64_t ask(GateRequest request) override {
    asked.push_back(std::move(request));
    return asked.size();
  }
  void notice(FrontNotice what) override { notices.push_back(std::move(what)); }
  void attach_tunnel(const SessionView& view) override { attached.push_back(view); }
  void detach_tunnel() override { ++detached; }
  void limit_packets(std::uint16_t most) override { largest = most; }
  void deliver(std::span<const std::byte> packet) override { delivered.emplace_back(packet.begin(), packet.end()); }
  Entropy& entropy() override { return chance; }
  [[nodiscard]] bool takes_datagrams() const override { return true; }
  std::vector<Bytes> taken() { return std::exchange(records, {}); }

  SeededEntropy chance;
  std::vector<Bytes> records, delivered;
  std::vector<std::string> closes;
  std::vector<GateRequest> asked;
  std::vector<FrontNotice> notices;
  std::vector<SessionView> attached;
  int detached = 0;
  std::uint16_t largest = 0;
};

class Datagrams : public ::testing::Test {
 protected:
  Datagrams() {
    Arrival arrival;
    arrival.tls_version = "DTLSv1.2";
    arrival.certificate_chain = {"leaf"};
    connection = path->open_datagrams(host, std::move(arrival), now);
  }
  void hear(std::span<const std::byte> record) { connection->on_bytes(record, now); }
  void grant() { connection->on_reply(host.asked.size(), Resumed{view_of()}, now); }
  void open_hello() {
    hear(client_hello(kCookie));
    grant();
    host.taken();
  }
  /// Client's end of PPP over a line that loses what `lost` says.
  void negotiate(const std::function<bool()>& lost = [] { return false; }) {
    PppOptions options;
    options.mru = 1351;
    options.insist_mru = false;
    options.own_address = 0x0aca000a;
    options.echo_interval = Seconds{0};
    client = std::make_unique<Ppp>(options, client_chance);
    say(client->start(now), lost);
    for (int round = 0; round < 200 && !(client->open() && up()); ++round) {
      for (const Bytes& record : host.taken()) {
        if (lost()) continue;
        FrameReader reader(2048);
        reader.take(record);
        for (auto step = reader.next(); step.state == FrameReader::State::frame; step = reader.next()) {
          say(client->feed(step.frame, now), lost);
        }
      }
      if (!host.records.empty()) continue;
      now += Seconds{1};
      if (const auto at = client->next_deadline(); at && *at <= now) say(client->on_deadline(now), lost);
      if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
    }
  }
  void say(const PppEvents& events, const std::function<bool()>& lost) {
    for (const PppEvent& event : events) {
      const auto* send = std::get_if<PppSend>(&event);
      if (send == nullptr || lost()) continue;
      hear(frame(send->protocol, send->packet));
    }
  }
  static Bytes frame(std::uint16_t protocol, std::span<const std::byte> payload) {
    Bytes out(payload.size() + 10);
    out.resize(write_frame(protocol, payload, out, true));
    return out;
  }
  [[nodiscard]] bool up() const {
    return std::any_of(host.notices.begin(), host.notices.end(),
                       [](const auto& notice) { return std::holds_alternative<TunnelUp>(notice); });
  }

  DatagramHost host;
  SeededEntropy client_chance{9};
  Instant now = kStart;
  std::shared_ptr<AccessPath> path = FortinetPath::make({}).value();
  std::unique_ptr<PathConnection> connection;
  std::unique_ptr<Ppp> client;
};

TEST(DatagramHello, IsTheClientsByteForByte) {
  const std::string cookie(32, 'x');
  EXPECT_EQ(
      to_hex(client_hello(cookie)),
      "00 3e 47 46 74 79 70 65 00 63 6c 74 68 65 6c 6c 6f 00 53 56 50 4e 43 4f 4f 4b 49 45 00" +
          [] {
            std::string x;
            for (int i = 0; i < 32; ++i) x += " 78";
            return x;
          }() +
          " 00");
  EXPECT_EQ(to_hex(hello_answer(true)),
            "00 1f 47 46 74 79 70 65 00 73 76 72 68 65 6c 6c 6f 00 68 61 6e 64 73 68 61 6b 65 00 6f 6b 00");
  EXPECT_EQ(hello_answer(false).size(), 0x21u);
}

TEST(DatagramHello, IsReadStrictly) {
  const Bytes good = client_hello(kCookie);
  EXPECT_EQ(hello_cookie(good), kCookie);
  for (std::size_t at = 0; at < good.size(); ++at) {
    EXPECT_EQ(hello_cookie(std::span(good).first(at)), "") << at;
    Bytes wrong = good;
    wrong[at] ^= std::byte{0x80};
    EXPECT_EQ(hello_cookie(wrong), "") << at;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(hello_cookie(longer), "");
  EXPECT_EQ(hello_cookie(client_hello(std::string(42, 'C'))), "");
  EXPECT_EQ(hello_cookie(client_hello(std::string(42, 'C') + "+")), "");
}

TEST_F(Datagrams, TheShownCookieOpensItsSessionsTunnelWithTheProvedCertificate) {
  hear(client_hello(kCookie));
  ASSERT_EQ(host.asked.size(), 1u);
  const auto& resume = std::get<ResumeSession>(host.asked[0]);
  EXPECT_EQ(resume.cookie.reveal(), kCookie);
  EXPECT_TRUE(resume.open_tunnel);
  EXPECT_EQ(resume.arrival.certificate_chain, std::vector<std::string>{"leaf"});
  EXPECT_EQ(resume.arrival.tls_version, "DTLSv1.2");
  EXPECT_TRUE(host.records.empty()) << "nothing before the gatekeeper has said yes";
  grant();
  EXPECT_EQ(host.taken(), std::vector<Bytes>{hello_answer(true)});
  EXPECT_EQ(host.attached.size(), 1u);
}

TEST_F(Datagrams, NothingIsSaidUntilTheClientSpeaksPpp) {
  open_hello();
  for (int i = 0; i < 5; ++i) {
    now += Seconds{1};
    if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
  }
  EXPECT_TRUE(host.records.empty());
  negotiate();
  EXPECT_TRUE(up());
  EXPECT_EQ(std::get<TunnelUp>(host.notices.front()).transport, "dtls");
}

TEST_F(Datagrams, TheFrontHearsWhatTheClientTakes) {
  open_hello();
  negotiate();
  EXPECT_EQ(host.largest, 1351) << "the client's MRU over DTLS, smaller than ours";
}

TEST_F(Datagrams, EveryHelloIsAnsweredUntilTheTunnelStandsAndAfter) {
  hear(client_hello(kCookie));
  hear(client_hello(kCookie));
  EXPECT_EQ(host.asked.size(), 1u) << "asked once";
  grant();
  EXPECT_EQ(host.taken().size(), 1u);
  hear(client_hello(kCookie));
  EXPECT_EQ(host.taken(), std::vector<Bytes>{hello_answer(true)});
  negotiate();
  hear(client_hello(kCookie));
  EXPECT_EQ(host.taken(), std::vector<Bytes>{hello_answer(true)});
  EXPECT_EQ(host.asked.size(), 1u);
}

TEST_F(Datagrams, AnotherSessionsCookieOnAStandingTunnelIsNotHeard) {
  open_hello();
  negotiate();
  host.taken();
  hear(client_hello(kOther));
  EXPECT_TRUE(host.records.empty());
  EXPECT_EQ(host.asked.size(), 1u);
  EXPECT_TRUE(host.closes.empty());
}

TEST_F(Datagrams, ARefusedCookieIsAnsweredFailAndClosed) {
  hear(client_hello(kCookie));
  connection->on_reply(1, Refused{ScriptedGate::refusal("session.unknown_cookie"), false}, now);
  EXPECT_EQ(host.records, std::vector<Bytes>{hello_answer(false)});
  EXPECT_EQ(host.closes.size(), 1u);
  EXPECT_TRUE(host.attached.empty());
  hear(client_hello(kCookie));
  EXPECT_EQ(host.asked.size(), 1u);
}

TEST_F(Datagrams, AMalformedHelloIsRefusedWithoutAskingAnybody) {
  Bytes wrong = client_hello(kCookie);
  wrong.pop_back();
  hear(wrong);
  EXPECT_EQ(host.records, std::vector<Bytes>{hello_answer(false)});
  EXPECT_TRUE(host.asked.empty());
  EXPECT_EQ(host.closes.size(), 1u);
}

TEST_F(Datagrams, FramesBeforeTheHelloAreLost) {
  hear(frame(kIpv4, Bytes(40)));
  hear(Bytes(1));
  EXPECT_TRUE(host.delivered.empty());
  EXPECT_TRUE(host.records.empty());
  EXPECT_TRUE(host.closes.empty());
}

TEST_F(Datagrams, WithoutAHelloItEndsAfterFifteenSeconds) {
  EXPECT_EQ(connection->next_deadline(), kStart + Seconds{15});
  now = kStart + Seconds{15};
  connection->on_deadline(now);
  EXPECT_EQ(host.closes, std::vector<std::string>{"no hello"});
}

TEST_F(Datagrams, ASilentGatekeeperMeansFail) {
  hear(client_hello(kCookie));
  now += Seconds{30};
  connection->on_deadline(now);
  EXPECT_EQ(host.records, std::vector<Bytes>{hello_answer(false)});
  connection->on_reply(1, Resumed{view_of()}, now);
  EXPECT_TRUE(host.attached.empty()) << "too late is no";
}

TEST_F(Datagrams, AClientThatNeverSpeaksPppIsLetGo) {
  open_hello();
  now += Seconds{30};
  connection->on_deadline(now);
  EXPECT_EQ(host.closes.size(), 1u);
  EXPECT_EQ(host.detached, 1);
}

TEST_F(Datagrams, PppComesUpOverALineThatLosesAQuarter) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    host.notices.clear();
    host.records.clear();
    connection = path->open_datagrams(host, Arrival{}, now);
    hear(client_hello(kCookie));
    grant();
    host.taken();
    std::mt19937 random(seed);
    negotiate([&] { return random() % 4 == 0; });
    EXPECT_TRUE(up() && client->open()) << seed;
  }
}

TEST_F(Datagrams, PacketsPassWholeAndOneToADatagram) {
  open_hello();
  negotiate();
  host.taken();
  hear(frame(kIpv4, Bytes(900, std::byte{1})));
  ASSERT_EQ(host.delivered.size(), 1u);
  EXPECT_EQ(host.delivered[0].size(), 900u);

  struct Waiting final : PacketSource {
    std::vector<Bytes> packets{Bytes(1351, std::byte{1}), Bytes(1351, std::byte{2}), Bytes(40, std::byte{3}),
                               Bytes(40, std::byte{4})};
    std::size_t at = 0;
    std::span<const std::byte> front() const override {
      return at < packets.size() ? std::span<const std::byte>(packets[at]) : std::span<const std::byte>{};
    }
    void pop() override { ++at; }
  } waiting;
  Bytes record(1415);
  std::vector<std::size_t> used;
  while (const std::size_t size = connection->fill_record(waiting, record, now)) used.push_back(size);
  EXPECT_EQ(used, (std::vector<std::size_t>{1359, 1359, 96})) << "equal ones for the kernel, small ones together";
}

TEST_F(Datagrams, ASplitOrBrokenFrameEndsTheTunnel) {
  for (const bool split : {true, false}) {
    host.closes.clear();
    connection = path->open_datagrams(host, Arrival{}, now);
    open_hello();
    negotiate();
    Bytes bad = frame(kIpv4, Bytes(100));
    if (split) {
      bad.resize(50);
    } else {
      bad[2] = std::byte{0x51};
    }
    hear(bad);
    EXPECT_EQ(host.closes.size(), 1u) << split;
    host.notices.clear();
  }
}

TEST_F(Datagrams, AnOversizedPacketEndsTheTunnel) {
  open_hello();
  negotiate();
  hear(frame(kIpv4, Bytes(1365)));
  EXPECT_TRUE(host.delivered.empty());
  EXPECT_EQ(host.closes.size(), 1u);
}

TEST_F(Datagrams, ANewerConnectionTakesOverWithoutATunnelDown) {
  open_hello();
  negotiate();
  host.taken();
  connection->on_replaced(now);
  ASSERT_EQ(host.records.size(), 1u);
  EXPECT_THAT(text_of(host.records[0]), HasSubstr("replaced by a newer connection"));
  EXPECT_FALSE(std::any_of(host.notices.begin(), host.notices.end(),
                           [](const auto& notice) { return std::holds_alternative<TunnelDown>(notice); }));
}

TEST_F(Datagrams, AnEndOfTheSessionBeforePppIsHeardToo) {
  open_hello();
  connection->on_push(SessionEnded{view_of().session, "session.ended_by_staff", {"終了", "Ended by the operator"}},
                      now);
  EXPECT_EQ(host.detached, 1);
  for (int i = 0; i < 40 && host.closes.empty(); ++i) {
    now += Seconds{1};
    if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
  }
  EXPECT_EQ(host.closes.size(), 1u);
}

TEST_F(Datagrams, ASilentPeerIsDeadAfterThreeEchoes) {
  open_hello();
  negotiate();
  const Instant silent = now;
  while (host.closes.empty() && now < silent + Seconds{120}) {
    now += Seconds{1};
    if (const auto at = connection->next_deadline(); at && *at <= now) connection->on_deadline(now);
  }
  EXPECT_EQ(host.closes, std::vector<std::string>{"the peer is silent"});
  EXPECT_LE(now - silent, Seconds{41});
}

TEST(SettingsOverTls, OfferDatagramsWhereTheFrontTakesThem) {
  for (const bool takes : {false, true}) {
    struct TakingHost final : PathHost {
      void write(std::span<const std::byte> bytes) override { written += text_of(bytes); }
      void close(std::string_view) override {}
      std::uint64_t ask(GateRequest) override { return 1; }
      void notice(FrontNotice) override {}
      void attach_tunnel(const SessionView&) override {}
      void detach_tunnel() override {}
      void deliver(std::span<const std::byte>) override {}
      Entropy& entropy() override { return chance; }
      [[nodiscard]] bool takes_datagrams() const override { return takes; }
      SeededEntropy chance;
      std::string written;
      bool takes = false;
    } host;
    host.takes = takes;
    const auto path = FortinetPath::make({}).value();
    const auto connection = path->open(host, Arrival{}, kStart);
    connection->on_bytes(bytes_of(get("/remote/fortisslvpn_xml", "Cookie: SVPNCOOKIE=" + kCookie + "\r\n")), kStart);
    connection->on_reply(1, Resumed{view_of()}, kStart);
    EXPECT_THAT(host.written, HasSubstr(takes ? "dtls=\"1\"" : "dtls=\"0\""));
  }
}

}  // namespace
}  // namespace sekisho::fortinet::testing
