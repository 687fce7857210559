// Fuzz: a whole console between two hostile ends, from the first byte of both handshakes. Input: records of a head byte
// (0x80: the guest speaks, else the viewer; 0x40: 40 ms pass first; low six bits: bytes that follow). Promises: queues
// stay bounded, an ended console takes nothing more, a deadline that has come is gone after tick(), every end has a
// reason.
#include "console/rfb/console.hpp"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekisho;
  using namespace sekisho::rfb;
  Instant now = *parse_rfc3339("2026-11-22T09:00:00Z");
  ConsoleOptions options{.name = "web-01", .viewer = {.resize = true}};
  options.challenge = [](std::span<const std::byte, 16>) { return std::array<std::byte, 16>{}; };
  Console console(std::move(options), nullptr, now);
  Bytes viewer, guest;  // said and not yet taken
  auto bytes = std::as_bytes(std::span(data, size));
  while (!bytes.empty()) {
    const auto head = std::to_integer<unsigned>(bytes.front());
    bytes = bytes.subspan(1);
    const auto piece = bytes.first(std::min<std::size_t>(head & 63U, bytes.size()));
    bytes = bytes.subspan(piece.size());
    if ((head & 0x40U) != 0) now += std::chrono::milliseconds(40);
    Bytes& said = (head & 0x80U) != 0 ? guest : viewer;
    put(said, piece);
    const std::size_t taken = (head & 0x80U) != 0 ? console.from_guest(said, now) : console.from_viewer(said, now);
    if (taken > said.size()) std::abort();
    said.erase(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(taken));
    console.tick(now);
    static_cast<void>(console.notices(now));
    if (const auto due = console.next_deadline(); due && *due <= now) std::abort();
    if (console.to_viewer().size() > Console::kToViewer + 65536 || console.to_guest().size() > 2 * Console::kToGuest) {
      std::abort();
    }
    if (head % 4 == 0) {
      console.sent_to_viewer(console.to_viewer().size() / 2);
      console.sent_to_guest(console.to_guest().size());
    }
    const bool ended = console.state() == Console::State::ended;
    if (ended != console.why().has_value()) std::abort();
    if (ended && (console.room_from_guest() != 0 || console.room_from_viewer() != 0)) std::abort();
  }
  return 0;
}
