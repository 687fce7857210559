// Fuzz: a connection to the posture front with a gatekeeper that answers by the input. Input: first byte the replies,
// second the piece size, the rest is what the peer sends. What must hold: writes are answers of HTTP and nothing else,
// the gatekeeper is asked for the three kinds only, one question at a time, bodies <= 64 KiB; nothing is written or
// asked after close; no deadline hangs.
#include "posture_page.hpp"

#include <cstdlib>
#include <string>

namespace {

using namespace sekisho;

class Host final : public PathHost {
 public:
  void write(std::span<const std::byte> bytes) override {
    if (bytes.empty() || bytes.size() > 16384 || closed) std::abort();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    // A long answer goes out in pieces: only its first one begins with a status line.
    if (!text.starts_with("HTTP/1.1 ") && !in_answer) std::abort();
    in_answer = bytes.size() == 16384;
  }
  void close(std::string_view why) override {
    if (why.empty() || closed) std::abort();
    closed = true;
  }
  std::uint64_t ask(GateRequest request) override {
    const auto& asked = std::get<PostureRequest>(request);
    if (closed || pending || asked.body.size() > 65536) std::abort();
    if (asked.kind != "challenge" && asked.kind != "report" && asked.kind != "enrol") std::abort();
    if (!asked.cookie.empty()) std::abort();
    pending = true;
    return ++number;
  }
  void notice(FrontNotice) override { std::abort(); }
  void attach_tunnel(const SessionView&) override { std::abort(); }
  void detach_tunnel() override { std::abort(); }
  void deliver(std::span<const std::byte>) override { std::abort(); }
  Entropy& entropy() override { std::abort(); }

  bool closed = false, pending = false, in_answer = false;
  std::uint64_t number = 0;
};

GateReply reply_for(unsigned choice) {
  switch (choice % 5) {
    case 0:
      return PostureAnswer{200, "{}"};
    case 1:
      return PostureAnswer{static_cast<std::uint16_t>(choice * 7), std::string(choice * std::size_t{300}, 'x')};
    case 2:
      return Refused{Refusal{"R10", "x.y", {"何\xff", "what"}, {"故", "why"}, {"対", "remedy"}}};
    case 3:
      return Granted{Secret("c"), "S", SessionState::admitted};
    default:
      return Done{};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  posture_page::PosturePage path{posture_page::Config{}};
  Host host;
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  const auto connection = path.open(host, Arrival{}, now);
  unsigned choice = data[0];
  const std::size_t piece = 1 + data[1] * std::size_t{16};
  auto rest = std::as_bytes(std::span(data + 2, size - 2));
  while (!rest.empty() && !host.closed) {
    const std::vector<std::byte> lent(rest.begin(),
                                      rest.begin() + static_cast<std::ptrdiff_t>(std::min(piece, rest.size())));
    rest = rest.subspan(lent.size());
    connection->on_bytes(lent, now);
    now += std::chrono::milliseconds(100);
    if (choice % 3 != 2 || rest.empty()) {  // else the gatekeeper thinks while bytes come
      for (int i = 0; i < 200 && host.pending && !host.closed; ++i) {
        host.pending = false;
        connection->on_reply(host.number, reply_for(choice), now);
        choice = choice / 5 + data[i % size];
      }
    }
    for (int i = 0; !host.closed && connection->next_deadline() && *connection->next_deadline() <= now; ++i) {
      if (i > 10) std::abort();
      connection->on_deadline(now);
    }
  }
  if (!host.closed) {
    now += std::chrono::seconds(61);
    connection->on_deadline(now);
    if (!host.closed) std::abort();
  }
  connection->on_gone(now);
  return 0;
}
