// Fuzz: one DTLS association after its handshake: any datagrams, lost, doubled, out of order, and a gatekeeper that
// answers by the input. Input, again and again: u8 what (1 the gatekeeper grants, 2 he refuses, 3 time passes, others
// the next datagram), u8 size, in units of the low bit's meaning: size * 6, bytes. Laws 4 and 5: not a word but the
// refusal before the gatekeeper has said yes, no PPP before the client's, no packet without an open tunnel.
#include "datagram_connection.hpp"
#include "datagram_hello.hpp"
#include "fortinet_path.hpp"
#include "testing/entropy.hpp"

#include <sekisho/sdk/path/testing/fuzz_connection.hpp>

#include <algorithm>

namespace {

using namespace sekisho;
using namespace sekisho::fortinet;

using fuzz::require;

class Host final : public fuzz::Host {
 public:
  Entropy& entropy() override { return chance; }

  fortinet::testing::SeededEntropy chance{1, {std::byte{0xa7}, std::byte{0x89}, std::byte{0x04}, std::byte{0xf4}}};
  bool spoken = false;

 private:
  void wrote(std::span<const std::byte> bytes, std::string_view) override {
    require(bytes.size() <= 1415);
    const bool answer = std::ranges::equal(bytes, hello_answer(true)),
               refusal = std::ranges::equal(bytes, hello_answer(false));
    require(!answer || may_tunnel);
    require(answer || refusal || (may_tunnel && spoken));
  }
  void look(const GateRequest& request) override {
    const auto& resume = std::get<ResumeSession>(request);
    require(resume.open_tunnel && resume.cookie.size() == 43 && !may_tunnel);
  }
};

SessionView view_of() {
  SessionView view;
  view.session = "S20261122-1-000042";
  view.address = "10.202.0.10";
  view.gate_address = "10.202.0.1";
  return view;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = FortinetPath::make({}).value();
  Host host;
  Instant now = fuzz::kBegin;
  const auto connection = path->open_datagrams(host, Arrival{}, now);
  auto rest = std::as_bytes(std::span(data, size));
  while (rest.size() >= 2 && !host.closed) {
    const unsigned what = std::to_integer<unsigned>(rest[0]);
    const std::size_t wanted = std::to_integer<std::size_t>(rest[1]) * (what >= 128 ? 6 : 1);
    rest = rest.subspan(2);
    const std::vector<std::byte> one = fuzz::take(rest, wanted);
    if ((what == 1 || what == 2) && host.pending) {
      host.pending = false;
      host.may_tunnel = what == 1;
      connection->on_reply(host.number,
                           what == 1 ? GateReply(Resumed{view_of()}) : GateReply(Refused{fuzz::refusal(), false}), now);
    } else if (what == 3) {
      now += Seconds{1};
    } else {
      host.spoken = host.spoken || (host.may_tunnel && !is_hello(one));
      connection->on_bytes(one, now);
      now += std::chrono::milliseconds(20);
    }
    fuzz::fill(*connection, host, now, 1300, 1415, 1362);
    fuzz::pass_time(*connection, host, now, 100);
  }
  connection->on_gone(now);
  require(!host.attached);
  return 0;
}
