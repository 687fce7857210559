// Fuzz: a whole connection, HTTP and tunnel, with a gatekeeper that answers by the input. Input: first byte the reply
// to the first question, second the piece size, the rest is what the peer sends. Law 4 and 5: no cookie without a
// grant, no packet and no frame without a resumed tunnel.
#include "fortinet_path.hpp"
#include "testing/bytes.hpp"
#include "testing/entropy.hpp"

#include <cstdlib>
#include <string>

namespace {

using namespace sekisho;
using namespace sekisho::fortinet;

const std::string kCookie(43, 'k');

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    if (bytes.empty() || bytes.size() > 16384 || closed) std::abort();
    const std::string text = fortinet::testing::text_of(bytes);
    if (!granted && text.find("SVPNCOOKIE=k") != std::string::npos) std::abort();
    if (!resumed && !text.starts_with("HTTP/1.1 ") && !http_open) std::abort();
    http_open = text.starts_with("HTTP/1.1 ");
  }
  void close(std::string_view why) override {
    if (why.empty()) std::abort();
    closed = true;
  }
  std::uint64_t ask(GateRequest request) override {
    asked = std::move(request);
    pending = true;
    return ++number;
  }
  void notice(FrontNotice notice) override {
    if (!resumed) std::abort();
    if (const auto* down = std::get_if<TunnelDown>(&notice); down != nullptr && down->ended_by_person) std::abort();
  }
  void attach_tunnel(const SessionView&) override {
    if (!resumed || attached) std::abort();
    attached = true;
  }
  void detach_tunnel() override {
    if (!attached) std::abort();
    attached = false;
  }
  void deliver(std::span<const std::byte> packet) override {
    if (!resumed || !attached || packet.empty() || packet.size() > 1354 + 2) std::abort();
  }
  Entropy& entropy() override { return chance; }

  fortinet::testing::SeededEntropy chance{1, {std::byte{0xa7}, std::byte{0x89}, std::byte{0x04}, std::byte{0xf4}}};
  bool closed = false, attached = false, resumed = false, granted = false, pending = false, http_open = false;
  std::uint64_t number = 0;
  GateRequest asked;
};

GateReply reply_for(Host& host, unsigned choice) {
  const Refusal refusal{"R04", "x.y", {"何", "what"}, {"故", "why"}, {"対", "remedy"}};
  switch (choice % 6) {
    case 0:
      return Refused{refusal, choice % 12 == 0};
    case 1:
      return LoginAsked{"Handle-1", Ask{"code", "code", {"コード", "Code"}, 0}};
    case 2:
      host.granted = true;
      return Granted{Secret(kCookie), "S20261122-1-000042", SessionState::quarantine};
    case 3: {
      host.resumed = true;
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

class OnePacket final : public PacketSource {
 public:
  std::span<const std::byte> front() const override {
    return left_ > 0 ? std::span(packet_) : std::span<const std::byte>();
  }
  void pop() override { --left_; }

 private:
  std::vector<std::byte> packet_ = std::vector<std::byte>(100, std::byte{0x45});
  int left_ = 3;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  FortinetConfig config;
  config.realm = "contractors";
  const auto path = FortinetPath::make(config).value();
  Host host;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  const auto connection = path->open(host, Arrival{}, now);
  unsigned choice = data[0];
  const std::size_t piece = 1 + data[1] * std::size_t{8};
  auto rest = std::as_bytes(std::span(data + 2, size - 2));
  while (!rest.empty() && !host.closed) {
    const std::vector<std::byte> lent(rest.begin(),
                                      rest.begin() + static_cast<std::ptrdiff_t>(std::min(piece, rest.size())));
    rest = rest.subspan(lent.size());
    connection->on_bytes(lent, now);
    now += std::chrono::milliseconds(200);
    for (int i = 0; i < 50 && host.pending && !host.closed; ++i) {
      host.pending = false;
      // A tunnel is resumed by the same choice that begins a login, so that one seed reaches every phase.
      const bool resume = std::holds_alternative<ResumeSession>(host.asked);
      connection->on_reply(host.number, reply_for(host, resume && choice % 2 == 1 ? 3 : choice), now);
      choice = choice / 6 + 1;
    }
    if (host.attached && !host.closed) {
      OnePacket packets;
      std::vector<std::byte> record(400);
      if (connection->fill_record(packets, record, now) > record.size()) std::abort();
    }
    for (int i = 0; !host.closed && connection->next_deadline() && *connection->next_deadline() <= now; ++i) {
      if (i > 100) std::abort();
      connection->on_deadline(now);
    }
  }
  connection->on_gone(now);
  if (host.attached) std::abort();
  return 0;
}
