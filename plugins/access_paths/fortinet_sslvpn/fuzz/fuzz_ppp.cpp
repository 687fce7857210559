// Fuzz: one PPP end against a hostile peer. Input: first byte chooses the role, then frames and steps of time.
// It must end or open only with the session's address, answer boundedly, and never want a deadline in the past for
// ever.
#include "ppp.hpp"
#include "testing/entropy.hpp"

#include <cstdlib>

namespace {

using namespace sekisho;
using namespace sekisho::fortinet;

constexpr std::uint32_t kSession = 0x0aca000a;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  fortinet::testing::SeededEntropy entropy(data[1],
                                           {std::byte{0xa7}, std::byte{0x89}, std::byte{0x04}, std::byte{0xf4}});
  PppOptions options;
  const bool server = data[0] % 3 != 2;
  if (data[0] % 3 == 0) options.mru = 0;
  if (server) {
    options.peer_address = kSession;
  } else {
    options.insist_mru = false;
    options.nak_smaller_mru = true;
    options.own_address = kSession;
    options.keep_own_address = true;
    options.offer_vj = true;
  }
  Ppp ppp(options, entropy);
  Instant now = Instant(std::chrono::seconds(1'800'000'000));
  std::size_t sent = 0, in = 0;
  bool over = false;
  const auto take = [&](const PppEvents& events) {
    for (const PppEvent& event : events) {
      if (over) std::abort();  // nothing may follow the end
      if (const auto* send = std::get_if<PppSend>(&event)) {
        ++sent;
        if (!parse_packet(send->packet)) std::abort();
      } else if (const auto* up = std::get_if<PppUp>(&event)) {
        if (server && up->peer_address != kSession) std::abort();
        if (!server && up->own_address != kSession) std::abort();
      } else if (const auto* ended = std::get_if<PppEnded>(&event)) {
        over = true;
        for (const char c : ended->why) {
          if (c < 0x20 || c > 0x7e) std::abort();
        }
      }
    }
  };
  take(ppp.start(now));
  FrameReader reader(2048);
  std::span<const std::byte> rest = std::as_bytes(std::span(data + 2, size - 2));
  while (!rest.empty() && !over) {
    // A zero byte where a frame would begin with two of them: time passes instead.
    if (rest.size() >= 2 && rest[0] == std::byte{0xff}) {
      now += std::chrono::milliseconds(100 * std::to_integer<int>(rest[1]));
      rest = rest.subspan(2);
      for (int i = 0; i < 1000 && ppp.next_deadline() && *ppp.next_deadline() <= now; ++i) {
        if (i == 999) std::abort();
        take(ppp.on_deadline(now));
      }
      continue;
    }
    const std::size_t piece =
        rest.size() >= 2 ? std::min(rest.size(), std::max<std::size_t>(2, std::to_integer<std::size_t>(rest[0]) * 256 +
                                                                              std::to_integer<std::size_t>(rest[1])))
                         : rest.size();
    reader.take(rest.first(piece));
    rest = rest.subspan(piece);
    for (;;) {
      const auto step = reader.next();
      if (step.state == FrameReader::State::more) break;
      if (step.state == FrameReader::State::broken) return 0;
      ++in;
      if (step.frame.protocol == kIpv4) {
        const bool open = ppp.open();
        if (ppp.take_data(step.frame.payload.size()) && !open) std::abort();
      } else {
        take(ppp.feed(step.frame, now));
      }
    }
  }
  // Each frame provokes at most three packets (renegotiation: request, answer; opening: the IPCP request), time a few.
  if (sent > 3 * in + 64) std::abort();
  for (int i = 0; i < 200 && ppp.next_deadline() && !over; ++i) take(ppp.on_deadline(*ppp.next_deadline()));
  if (!over) std::abort();  // left alone, every link ends
  return 0;
}
