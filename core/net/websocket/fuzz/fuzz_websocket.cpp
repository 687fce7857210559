// Fuzz: frames of a hostile client. Input: size of pieces, then the stream. However it is cut the same comes out, never
// more than there was room for; after the end nothing comes. What is written to the peer is itself well-formed.
#include "net/websocket/connection.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using sekisho::Instant;
using sekisho::websocket::Connection;
using sekisho::websocket::Limits;
using Bytes = Connection::Bytes;

struct Outcome {
  Bytes payload, out;
  Connection::State state{};
  std::uint16_t code = 0;
  bool edge = true;
  bool operator==(const Outcome&) const = default;
};

Outcome run(Connection::View stream, std::size_t step, std::size_t room) {
  const Limits limits;
  Connection connection(limits, Instant{});
  Outcome outcome;
  while (!stream.empty()) {
    // A copy of exact size: a look beyond the lent bytes is an error of the address sanitizer.
    const Bytes lent(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(step, stream.size())));
    const std::size_t before = outcome.payload.size();
    const std::size_t taken = connection.feed(lent, Instant{}, room, outcome.payload, outcome.out);
    if (taken > lent.size() || outcome.payload.size() - before > std::min(room, taken)) std::abort();
    if (connection.state() == Connection::State::closed) break;
    if (taken == 0) std::abort();
    stream = stream.subspan(taken);
  }
  const std::size_t said = outcome.payload.size();
  outcome.state = connection.state();
  outcome.code = connection.code();
  outcome.edge = connection.at_message_edge();
  if (outcome.state == Connection::State::closed) {
    if (outcome.code == 0) std::abort();
    if (connection.feed(stream, Instant{}, room, outcome.payload, outcome.out) != 0 || outcome.payload.size() != said) {
      std::abort();
    }
    outcome.edge = true;  // where the last piece ended says nothing
  }
  return outcome;
}

/// Server frames: final, not masked, control or binary, lengths that add up.
void check_written(const Bytes& out) {
  for (std::size_t at = 0; at < out.size();) {
    if (out.size() - at < 2) std::abort();
    const auto first = std::to_integer<unsigned>(out[at]), length = std::to_integer<unsigned>(out[at + 1]);
    if ((first != 0x88 && first != 0x8a) || length > 125 || out.size() - at < 2 + length) std::abort();
    at += 2 + length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto stream = std::as_bytes(std::span(data + 1, size - 1));
  const Outcome whole = run(stream, std::max<std::size_t>(stream.size(), 1), 1 << 20);
  if (!(whole == run(stream, 1 + data[0] % 32U, 1 << 20))) std::abort();
  if (!(whole == run(stream, 1 + data[0] % 32U, 1 + data[0] % 7U))) std::abort();
  check_written(whole.out);
  return 0;
}
