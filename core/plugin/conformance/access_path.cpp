#include "plugin/conformance.hpp"
#include "plugin/conformance/contracts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace sekisho::conformance {
namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// A front that takes notes. It holds the plugin to PathHost's contract.
class NotingHost final : public PathHost {
 public:
  explicit NotingHost(std::uint64_t seed) : entropy_(seed) {}
  void write(std::span<const std::byte> plaintext) override {
    expect_open("write");
    EXPECT_FALSE(plaintext.empty()) << "an empty record";
    EXPECT_LE(plaintext.size(), 16384u);
    written += plaintext.size();
  }
  void close(std::string_view why) override {
    EXPECT_FALSE(gone) << "close after on_gone";
    EXPECT_FALSE(why.empty()) << "close() without a reason for the operator";
    closed = true;
  }
  std::uint64_t ask(GateRequest) override {
    expect_open("ask");
    asked.push_back(++last);
    return last;
  }
  void notice(FrontNotice) override { EXPECT_FALSE(gone) << "notice after on_gone"; }
  void attach_tunnel(const SessionView& view) override {
    expect_open("attach_tunnel");
    EXPECT_TRUE(resumed) << "a tunnel before the gatekeeper said so";
    EXPECT_FALSE(view.address.empty());
    attached = true;
  }
  void detach_tunnel() override {
    EXPECT_FALSE(gone) << "detach_tunnel after on_gone";
    attached = false;
  }
  void deliver(std::span<const std::byte> packet) override {
    expect_open("deliver");
    EXPECT_TRUE(resumed) << "a packet before the gatekeeper said so";
    EXPECT_FALSE(packet.empty());
  }
  Entropy& entropy() override { return entropy_; }

  std::deque<std::uint64_t> asked;
  std::uint64_t last = 0, written = 0;
  bool closed = false, attached = false, resumed = false, gone = false;

 private:
  void expect_open(const char* call) const {
    EXPECT_FALSE(closed) << call << " after close()";
    EXPECT_FALSE(gone) << call << " after on_gone";
  }
  SeededEntropy entropy_;
};

class FewPackets final : public PacketSource {
 public:
  explicit FewPackets(Chaos& chaos) {
    for (std::uint64_t left = chaos.below(20); left > 0; --left) packets_.push_back(chaos.bytes(1500) + "x");
  }
  std::span<const std::byte> front() const override {
    return packets_.empty() ? std::span<const std::byte>() : as_bytes(packets_.front());
  }
  void pop() override {
    ASSERT_FALSE(packets_.empty()) << "pop() of nothing";
    packets_.pop_front();
  }

 private:
  std::deque<std::string> packets_;
};

std::string hostile_bytes(Chaos& chaos, const std::vector<std::string>& words) {
  static const std::vector<std::string> kPieces{"GET ",
                                                "POST ",
                                                "HEAD ",
                                                "/",
                                                " HTTP/1.1\r\n",
                                                " HTTP/1.0\r\n",
                                                "Host: sslvpn\r\n",
                                                "Host: seki.example\r\n",
                                                "Content-Length: 0\r\n",
                                                "Content-Length: 18446744073709551616\r\n",
                                                "Content-Length: 20\r\n",
                                                "Transfer-Encoding: chunked\r\n",
                                                "Connection: close\r\n",
                                                "\r\n",
                                                "\r\n\r\n",
                                                "\n",
                                                "a=b&c=d",
                                                "%00",
                                                "Cookie: ",
                                                "=",
                                                "&",
                                                ";",
                                                std::string(2, '\0'),
                                                "PP",
                                                "\x50\x50",
                                                std::string("\xff\x03\xc0\x21\x01\x01\x00\x04", 8)};
  if (chaos.chance(20)) return chaos.bytes(3000);
  std::string out;
  for (std::uint64_t left = 1 + chaos.below(12); left > 0; --left) {
    out += !words.empty() && chaos.chance(40) ? chaos.one_of(words)
           : chaos.chance(85)                 ? chaos.one_of(kPieces)
                                              : chaos.bytes(40);
  }
  return out;
}

SessionView view_of(Chaos& chaos) {
  SessionView view;
  view.session = "S20261122-1-000042";
  view.state = chaos.chance(50) ? SessionState::admitted : SessionState::quarantine;
  view.address = "10.202.0.7";
  view.gate_address = "10.202.0.1";
  view.mru = chaos.chance(80) ? 1354 : static_cast<std::uint16_t>(chaos.below(65536));
  view.remaining_s = static_cast<std::uint32_t>(chaos.below(100000));
  view.heartbeat_s = static_cast<std::uint32_t>(chaos.below(60));
  view.language = "ja";
  return view;
}

GateReply hostile_reply(Chaos& chaos, NotingHost& host) {
  switch (chaos.below(6)) {
    case 0:
      return LoginAsked{
          .handle = "h" + std::to_string(chaos.below(1000)),
          .ask = {.factor = chaos.text(8), .field = chaos.text(8), .prompt = {chaos.text(99), chaos.text(99)}}};
    case 1:
      return Refused{.refusal = chaos.refusal(), .may_retry = chaos.chance(50)};
    case 2:
      return Granted{.cookie = Secret(std::string(43, 'A')), .session = "S20261122-1-000042"};
    case 3:
      host.resumed = true;
      return Resumed{view_of(chaos)};
    case 4:
      return Done{};
    default:
      return PostureAnswer{.status = static_cast<std::uint16_t>(chaos.chance(80) ? 200 : chaos.below(65536)),
                           .body = chaos.text(300)};
  }
}

/// One connection's life with a hostile peer and a confused gatekeeper.
void live(AccessPath& path, Chaos& chaos, const std::vector<std::string>& words, std::uint64_t seed) {
  NotingHost host(seed);
  Instant now = parse_rfc3339("2026-11-22T00:31:00Z").value();
  const auto connection = path.open(host, chaos.arrival(), now);
  ASSERT_NE(connection, nullptr);
  for (unsigned i = 0; i < 60 && !host.closed && !testing::Test::HasFailure(); ++i) {
    now += std::chrono::milliseconds(chaos.below(3000));
    if (chaos.chance(60)) {
      const std::string bytes = hostile_bytes(chaos, words);
      for (std::size_t at = 0; at < bytes.size() && !host.closed;) {
        const std::size_t size = std::min<std::size_t>(bytes.size() - at, 1 + chaos.below(bytes.size()));
        // Lent for this call alone: a connection that keeps the view reads nonsense from now on.
        std::vector<std::byte> lent(as_bytes(bytes).begin() + static_cast<std::ptrdiff_t>(at),
                                    as_bytes(bytes).begin() + static_cast<std::ptrdiff_t>(at + size));
        connection->on_bytes(lent, now);
        std::fill(lent.begin(), lent.end(), std::byte{0xEE});
        at += size;
      }
    }
    while (!host.asked.empty() && !host.closed && chaos.chance(70)) {
      const std::uint64_t request = host.asked.front();
      host.asked.pop_front();
      connection->on_reply(request, hostile_reply(chaos, host), now);
    }
    if (host.closed) break;
    if (chaos.chance(10)) {
      connection->on_push(SessionChanged{view_of(chaos)}, now);
    } else if (chaos.chance(3)) {
      connection->on_push(SessionEnded{"S20261122-1-000042", "session.stopped", {chaos.text(99), chaos.text(99)}}, now);
    } else if (chaos.chance(2)) {
      connection->on_replaced(now);
    }
    if (host.attached && !host.closed) {
      FewPackets packets(chaos);
      std::vector<std::byte> record(chaos.chance(90) ? 16384 : chaos.below(2000));
      EXPECT_LE(connection->fill_record(packets, record, now), record.size());
    }
    if (chaos.chance(20)) now += std::chrono::seconds(chaos.below(120));
    unsigned rounds = 0;
    for (auto at = connection->next_deadline(); at && *at <= now && !host.closed; at = connection->next_deadline()) {
      connection->on_deadline(now);
      ASSERT_LT(++rounds, 100u) << "a deadline that never passes";
    }
  }
  host.gone = true;
  connection->on_gone(now);
}

}  // namespace

void run_access_path(const Spec& spec) {
  Bench bench(spec);
  auto loaded = bench.load(bench.config());
  ASSERT_TRUE(loaded) << loaded.error().code << ": " << loaded.error().detail;
  keep_contract(*std::get<std::shared_ptr<AccessPath>>(loaded->object), spec.words);
}

void keep_contract(AccessPath& path, const std::vector<std::string>& words) {
  // A stranger who says nothing is not waited for without end (threats.md T-07).
  NotingHost silent(1);
  const Instant start = parse_rfc3339("2026-11-22T00:31:00Z").value();
  const auto connection = path.open(silent, Arrival{}, start);
  ASSERT_NE(connection, nullptr);
  Instant now = start;
  while (!silent.closed) {
    const auto deadline = connection->next_deadline();
    ASSERT_TRUE(deadline) << "no deadline while nothing has been proved";
    ASSERT_LE(*deadline, start + std::chrono::seconds(60)) << "a silent stranger keeps the connection";
    now = std::max(now + std::chrono::microseconds(1), *deadline);
    connection->on_deadline(now);
  }

  Chaos chaos(20261125);
  for (unsigned i = 0; i < 300 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("connection " + std::to_string(i));
    try {
      live(path, chaos, words, i);
    } catch (const std::exception& error) {
      FAIL() << "an exception left the connection: " << error.what();
    }
  }
}

}  // namespace sekisho::conformance
