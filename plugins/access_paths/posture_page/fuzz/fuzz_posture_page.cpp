// Fuzz: a connection to the posture front with a gatekeeper that answers by the input. Input: first byte the replies,
// second the piece size, the rest is what the peer sends. What must hold: writes are answers of HTTP and nothing else,
// the gatekeeper is asked for the three kinds only, one question at a time, bodies <= 64 KiB; nothing is written or
// asked after close; no deadline hangs.
#include "posture_page.hpp"

#include <sekisho/sdk/path/testing/fuzz_connection.hpp>

namespace {

using namespace sekisho;

class Host final : public fuzz::PageHost {
  void look(const GateRequest& request) override {
    const auto& asked_for = std::get<PostureRequest>(request);
    fuzz::require(asked_for.body.size() <= 65536 && asked_for.cookie.empty());
    fuzz::require(asked_for.kind == "challenge" || asked_for.kind == "report" || asked_for.kind == "enrol");
  }
};

GateReply reply_for(unsigned choice) {
  switch (choice % 5) {
    case 0:
      return PostureAnswer{200, "{}"};
    case 1:
      return PostureAnswer{static_cast<std::uint16_t>(choice * 7), std::string(choice * std::size_t{300}, 'x')};
    case 2:
      return Refused{fuzz::refusal()};
    case 3:
      return Granted{Secret("c"), "S", SessionState::admitted};
    default:
      return Done{};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  posture_page::PosturePage path{posture_page::Config{}};
  Host host;
  return fuzz::visit_page(path, host, std::as_bytes(std::span(data, size)), 5, reply_for);
}
