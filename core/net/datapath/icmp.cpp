#include "net/datapath/icmp.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

#include <cstring>

namespace sekisho::datapath {

bool is_single_host(std::uint32_t address) {
  const std::uint32_t first = address >> 24;
  return first != 0 && first != 127 && first < 224;
}

std::optional<PacketTooBig> make_packet_too_big(std::span<const std::byte> offending, std::uint32_t gate,
                                                std::uint16_t mtu) {
  if (offending.size() < kIpv4HeaderBytes + 8) return std::nullopt;
  if ((load16(offending, 6) & 0x1fff) != 0 || !is_single_host(load32(offending, 12))) return std::nullopt;
  if (load8(offending, 9) == kIcmp) {
    const std::uint8_t type = load8(offending, kIpv4HeaderBytes);
    if (type != 8 && type != 0) return std::nullopt;
  }
  PacketTooBig out{};
  const std::span<std::byte> packet(out);
  store8(packet, 0, 0x45);
  store8(packet, 8, 64);
  store8(packet, 9, kIcmp);
  store32(packet, 12, gate);
  store32(packet, 16, load32(offending, 12));
  finish_ipv4_header(packet);
  const auto icmp = packet.subspan(kIpv4HeaderBytes);
  store8(icmp, 0, 3);
  store8(icmp, 1, 4);
  store16(icmp, 6, mtu);
  std::memcpy(icmp.data() + 8, offending.data(), kIpv4HeaderBytes + 8);
  store16(icmp, 2, checksum(partial_sum(icmp)));
  return out;
}

}  // namespace sekisho::datapath
