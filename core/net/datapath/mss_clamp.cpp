#include "net/datapath/mss_clamp.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

namespace sekisho::datapath {

bool clamp_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu) {
  if (info.fragment || info.protocol != kTcp || (info.tcp_flags & kTcpSyn) == 0 || mtu <= 40) return false;
  const auto limit = static_cast<std::uint16_t>(mtu - 40);
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  const auto options = packet.subspan(kIpv4HeaderBytes + 20, info.payload_at - kIpv4HeaderBytes - 20u);
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = load8(options, at);
    if (kind == 0) return false;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return false;
    const std::size_t length = load8(options, at + 1);
    if (length < 2 || length > options.size() - at) return false;
    if (kind == 2) {
      if (length != 4 || load16(options, at + 2) <= limit) return false;
      store16(options, at + 2, limit);
      store16(transport, 16, 0);
      store16(transport, 16, checksum(partial_sum(transport, pseudo_header_sum(packet, transport.size()))));
      return true;
    }
    at += length;
  }
  return false;
}

}  // namespace sekisho::datapath
