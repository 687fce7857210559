// Fuzz: any bytes as a TUN frame and as a client packet. What the Segmenter gives out must be sound and fit; what the
// Coalescer writes must cut into what was pushed.
#include "net/datapath/coalescer.hpp"
#include "net/datapath/icmp.hpp"
#include "net/datapath/mss_clamp.hpp"
#include "net/datapath/segmenter.hpp"

#include <cstdlib>
#include <vector>

namespace dp = sekisho::datapath;

namespace {

constexpr std::uint16_t kMtu = 1354;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::vector<std::byte>> cut(std::span<const std::byte> frame) {
  std::vector<std::vector<std::byte>> out;
  auto segmenter = dp::Segmenter::open(frame, kMtu);
  if (!segmenter) return out;
  std::vector<std::byte> room(kMtu);
  while (const std::size_t size = segmenter->next(room)) {
    require(size <= kMtu);
    out.emplace_back(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (size > 12 + 65535) return 0;
  const auto packets = cut(bytes);
  for (const auto& packet : packets) require(dp::inspect(packet).has_value());
  std::vector<std::vector<std::byte>> again;
  dp::Coalescer coalescer([&](std::span<const std::byte> frame) {
    for (auto& packet : cut(frame)) again.push_back(std::move(packet));
  });
  std::vector<std::vector<std::byte>> pushed;
  for (const auto& packet : packets) {
    const auto info = dp::inspect(packet);
    if (!dp::transport_checksum_ok(packet, *info)) continue;
    coalescer.push(packet, *info);
    pushed.push_back(packet);
  }
  coalescer.flush();
  require(again.size() == pushed.size());
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  if (const auto info = dp::inspect(copy)) {
    const bool right = dp::transport_checksum_ok(copy, *info);
    if (right && dp::clamp_mss(copy, *info, kMtu)) require(dp::transport_checksum_ok(copy, *dp::inspect(copy)));
    (void)dp::make_packet_too_big(copy, 0x0aca0001, kMtu);
  }
  return 0;
}
