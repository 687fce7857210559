// Fuzz: a whole connection, HTTP and tunnel, with a gatekeeper that answers by the input. Input: first byte the reply
// to the first question, second the piece size, the rest is what the peer sends. Law 4 and 5: no cookie without a
// grant, no packet and no frame without a resumed tunnel.
#include "fortinet_path.hpp"
#include "testing/entropy.hpp"

#include <sekisho/sdk/path/testing/fuzz_connection.hpp>

#include <string>

namespace {

using namespace sekisho;
using namespace sekisho::fortinet;

const std::string kCookie(43, 'k');

class Host final : public fuzz::Host {
 public:
  void notice(FrontNotice told) override {
    fuzz::Host::notice(told);
    if (const auto* down = std::get_if<TunnelDown>(&told)) fuzz::require(!down->ended_by_person);
  }
  Entropy& entropy() override { return chance; }

  fortinet::testing::SeededEntropy chance{1, {std::byte{0xa7}, std::byte{0x89}, std::byte{0x04}, std::byte{0xf4}}};
  bool granted = false, http_open = false;

 private:
  void wrote(std::span<const std::byte>, std::string_view text) override {
    fuzz::require(granted || text.find("SVPNCOOKIE=k") == text.npos);
    fuzz::require(may_tunnel || text.starts_with("HTTP/1.1 ") || http_open);
    http_open = text.starts_with("HTTP/1.1 ");
  }
  void look(const GateRequest&) override {}
};

GateReply reply_for(Host& host, unsigned choice) {
  switch (choice % 6) {
    case 0:
      return Refused{fuzz::refusal(), choice % 12 == 0};
    case 1:
      return LoginAsked{"Handle-1", Ask{"code", "code", {"コード", "Code"}, 0}};
    case 2:
      host.granted = true;
      return Granted{Secret(kCookie), "S20261122-1-000042", SessionState::quarantine};
    case 3: {
      host.may_tunnel = true;
      SessionView view;
      view.session = "S20261122-1-000042";
      view.address = "10.202.0.10";
      view.gate_address = "10.202.0.1";
      return Resumed{view};
    }
    case 4:
      return Done{};
    default:
      return PostureAnswer{200, "{}"};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  FortinetConfig config;
  config.realm = "contractors";
  const auto path = FortinetPath::make(config).value();
  Host host;
  Instant now = fuzz::kBegin;
  const auto connection = path->open(host, Arrival{}, now);
  unsigned choice = data[0];
  const std::size_t piece = 1 + data[1] * std::size_t{8};
  auto rest = std::as_bytes(std::span(data + 2, size - 2));
  while (!rest.empty() && !host.closed) {
    connection->on_bytes(fuzz::take(rest, piece), now);
    now += std::chrono::milliseconds(200);
    for (int i = 0; i < 50 && host.pending && !host.closed; ++i) {
      host.pending = false;
      // A tunnel is resumed by the same choice that begins a login, so that one seed reaches every phase.
      const bool resume = std::holds_alternative<ResumeSession>(host.asked);
      connection->on_reply(host.number, reply_for(host, resume && choice % 2 == 1 ? 3 : choice), now);
      choice = choice / 6 + 1;
    }
    fuzz::fill(*connection, host, now, 100, 400, 400);
    fuzz::pass_time(*connection, host, now, 101);
  }
  connection->on_gone(now);
  fuzz::require(!host.attached);
  return 0;
}
