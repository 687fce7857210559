// Fuzz: the frame reader must find the same frames however the stream is cut, and what is written must read back.
#include "frames.hpp"

#include <cstdlib>
#include <vector>

namespace {

using sekisho::fortinet::FrameReader;

struct Found {
  std::uint16_t protocol;
  std::vector<std::byte> payload;
  bool operator==(const Found&) const = default;
};

std::vector<Found> read(std::span<const std::byte> bytes, std::size_t step, bool& broken) {
  FrameReader reader(1364);
  std::vector<Found> out;
  broken = false;
  while (!bytes.empty()) {
    // A copy of exact size: a look beyond the lent bytes is an error of the address sanitizer.
    const std::vector<std::byte> lent(bytes.begin(),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(std::min(step, bytes.size())));
    bytes = bytes.subspan(lent.size());
    reader.take(lent);
    for (;;) {
      const auto next = reader.next();
      if (next.state == FrameReader::State::more) break;
      if (next.state == FrameReader::State::broken) {
        broken = true;
        return out;
      }
      if (next.frame.payload.size() > 1364) std::abort();
      out.push_back({next.frame.protocol, {next.frame.payload.begin(), next.frame.payload.end()}});
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  bool broken_whole = false, broken_pieces = false;
  const auto whole = read(bytes, size, broken_whole);
  const auto pieces = read(bytes, 1 + data[0] % 64, broken_pieces);
  if (broken_whole != broken_pieces || whole != pieces) std::abort();
  for (const Found& frame : whole) {
    if ((frame.protocol >> 8U) % 2 != 0 || frame.protocol < 0x100) continue;  // forms that are never written
    std::vector<std::byte> out(frame.payload.size() + 8);
    if (sekisho::fortinet::write_frame(frame.protocol, frame.payload, out) != out.size()) {
      std::abort();
    }
    bool broken = false;
    if (out.size() <= 1364 && read(out, out.size(), broken) != std::vector<Found>{frame}) std::abort();
  }
  return 0;
}
