// Fuzz: one DTLS association after its handshake: any datagrams, lost, doubled, out of order, and a gatekeeper that
// answers by the input. Input, again and again: u8 what (1 the gatekeeper grants, 2 he refuses, 3 time passes, others
// the next datagram), u8 size, in units of the low bit's meaning: size * 6, bytes. Laws 4 and 5: not a word but the
// refusal before the gatekeeper has said yes, no PPP before the client's, no packet without an open tunnel.
#include "datagram_connection.hpp"
#include "datagram_hello.hpp"
#include "fortinet_path.hpp"
#include "testing/entropy.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::fortinet;

void require(bool condition) {
  if (!condition) std::abort();
}

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    require(!closed && !bytes.empty() && bytes.size() <= 1415);
    const bool answer = std::ranges::equal(bytes, hello_answer(true)),
               refusal = std::ranges::equal(bytes, hello_answer(false));
    require(!answer || granted);
    require(answer || refusal || (granted && spoken));
  }
  void close(std::string_view why) override {
    require(!why.empty());
    closed = true;
  }
  std::uint64_t ask(GateRequest request) override {
    const auto& resume = std::get<ResumeSession>(request);
    require(resume.open_tunnel && resume.cookie.size() == 43 && !pending && !granted);
    pending = true;
    return ++number;
  }
  void notice(FrontNotice) override { require(granted); }
  void attach_tunnel(const SessionView&) override {
    require(granted && !attached);
    attached = true;
  }
  void detach_tunnel() override {
    require(attached);
    attached = false;
  }
  void deliver(std::span<const std::byte> packet) override {
    require(granted && attached && !packet.empty() && packet.size() <= 1354 + 2);
  }
  Entropy& entropy() override { return chance; }

  fortinet::testing::SeededEntropy chance{1, {std::byte{0xa7}, std::byte{0x89}, std::byte{0x04}, std::byte{0xf4}}};
  bool closed = false, attached = false, granted = false, pending = false, spoken = false;
  std::uint64_t number = 0;
};

SessionView view_of() {
  SessionView view;
  view.session = "S20261122-1-000042";
  view.address = "10.202.0.10";
  view.gate_address = "10.202.0.1";
  return view;
}

class ThreePackets final : public PacketSource {
 public:
  std::span<const std::byte> front() const override {
    return left_ > 0 ? std::span(packet_) : std::span<const std::byte>();
  }
  void pop() override { --left_; }

 private:
  std::vector<std::byte> packet_ = std::vector<std::byte>(1300, std::byte{0x45});
  int left_ = 3;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = FortinetPath::make({}).value();
  Host host;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  const auto connection = path->open_datagrams(host, Arrival{}, now);
  auto rest = std::as_bytes(std::span(data, size));
  while (rest.size() >= 2 && !host.closed) {
    const unsigned what = std::to_integer<unsigned>(rest[0]);
    const std::size_t wanted = std::to_integer<std::size_t>(rest[1]) * (what >= 128 ? 6 : 1);
    rest = rest.subspan(2);
    const std::vector<std::byte> one(rest.begin(),
                                     rest.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, rest.size())));
    rest = rest.subspan(one.size());
    if ((what == 1 || what == 2) && host.pending) {
      host.pending = false;
      host.granted = what == 1;
      const Refusal refusal{"R04", "x.y", {"何", "what"}, {"故", "why"}, {"対", "remedy"}};
      connection->on_reply(host.number, what == 1 ? GateReply(Resumed{view_of()}) : GateReply(Refused{refusal, false}),
                           now);
    } else if (what == 3) {
      now += Seconds{1};
    } else {
      host.spoken = host.spoken || (host.granted && !is_hello(one));
      connection->on_bytes(one, now);
      now += std::chrono::milliseconds(20);
    }
    if (host.attached && !host.closed) {
      ThreePackets packets;
      std::vector<std::byte> record(1415);
      require(connection->fill_record(packets, record, now) <= 1362);
    }
    for (int i = 0; !host.closed && connection->next_deadline() && *connection->next_deadline() <= now; ++i) {
      require(i < 100);
      connection->on_deadline(now);
    }
  }
  connection->on_gone(now);
  require(!host.attached);
  return 0;
}
