// Fuzz: what charon sends. Input: u8 size of pieces, u8 what is under way (1: a command, 2: a list, 4: a registration),
// then the stream. However it is cut the same happens; every request ends exactly once; what was read can be written,
// and reads again as the same.
#include "vici/client.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace {

using namespace sekisho;
using namespace sekisho::vici;

struct Outcome {
  std::vector<std::string> said;
  Bytes sent;
  bool open = false;
  bool operator==(const Outcome&) const = default;
};

void must_come_back(const Section& message) {
  Bytes bytes;
  if (!encode(message, bytes)) std::abort();
  const auto back = decode(bytes);
  if (!back || !(*back == message)) std::abort();
}

Outcome run(View stream, std::size_t step, unsigned what) {
  const Instant now{std::chrono::hours(500'000)};
  Client client(Client::Limits{.waiting = 8, .rows = 16, .row_bytes = 4096});
  Outcome out;
  std::map<std::uint64_t, int> ends;
  const auto look = [&](std::vector<Happening> happened) {
    for (const Happening& each : happened) {
      if (const auto* done = std::get_if<Done>(&each)) {
        if (++ends[done->id] != 1) std::abort();
        out.said.push_back(done->answer ? "done" : done->answer.error().code);
        if (done->answer) must_come_back(*done->answer);
        for (const Section& row : done->rows) must_come_back(row);
      } else if (const auto* heard = std::get_if<Heard>(&each)) {
        if (heard->event != "ike-updown") std::abort();
        out.said.push_back("heard");
        must_come_back(heard->message);
      } else {
        out.said.push_back("lost " + std::get<Lost>(each).why.code);
      }
    }
  };
  if ((what & 4U) != 0) look(client.listen("ike-updown", now));
  look(client.opened(now));
  std::uint64_t asked = 0;
  if ((what & 1U) != 0) look(client.ask({.command = "version"}, now).happened), ++asked;
  if ((what & 2U) != 0) look(client.ask({.command = "list-sas", .stream = "list-sa"}, now).happened), ++asked;
  while (!stream.empty()) {
    // A copy of exact size: a look beyond the lent bytes is an error of the address sanitizer.
    const Bytes lent(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(step, stream.size())));
    look(client.feed(lent, now));
    const Bytes sent = client.take_output();
    out.sent.insert(out.sent.end(), sent.begin(), sent.end());
    stream = stream.subspan(lent.size());
  }
  out.open = client.is_open();
  if (!out.open) out.sent.clear();  // what was to be sent when the connection was lost depends on the cuts
  look(client.tick(now + std::chrono::hours(1)));
  look(client.closed(now));
  if (ends.size() != asked || client.next_deadline()) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto stream = std::as_bytes(std::span(data + 2, size - 2));
  const Outcome whole = run(stream, std::max<std::size_t>(stream.size(), 1), data[1]);
  if (!(whole == run(stream, 1 + data[0] % 64U, data[1]))) std::abort();
  return 0;
}
