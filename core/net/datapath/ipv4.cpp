#include "net/datapath/ipv4.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

namespace sekisho::datapath {

Result<PacketInfo> inspect(std::span<const std::byte> packet) {
  if (packet.size() < kIpv4HeaderBytes) return fail("packet.short");
  const std::uint8_t first = load8(packet, 0);
  if (first >> 4 != 4) return fail("packet.version");
  if ((first & 0x0f) < 5) return fail("packet.length");
  if ((first & 0x0f) > 5) return fail("packet.options");
  PacketInfo info;
  info.total_bytes = load16(packet, 2);
  if (info.total_bytes != packet.size()) return fail("packet.length");
  if (fold(partial_sum(packet.first(kIpv4HeaderBytes))) != 0xffff) return fail("packet.checksum");
  const std::uint16_t flags = load16(packet, 6);
  if (flags & 0x8000) return fail("packet.flags");
  if (load8(packet, 8) == 0) return fail("packet.expired");
  info.protocol = load8(packet, 9);
  info.source = load32(packet, 12);
  info.destination = load32(packet, 16);
  info.dont_fragment = (flags & 0x4000) != 0;
  info.fragment = (flags & 0x3fff) != 0;
  info.payload_at = kIpv4HeaderBytes;
  if (info.fragment) return info;
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  if (info.protocol == kTcp) {
    if (transport.size() < 20) return fail("packet.length");
    const std::size_t header = static_cast<std::size_t>(load8(transport, 12) >> 4) * 4;
    if (header < 20 || header > transport.size()) return fail("packet.length");
    info.tcp_flags = load8(transport, 13);
    info.payload_at = static_cast<std::uint16_t>(kIpv4HeaderBytes + header);
  } else if (info.protocol == kUdp) {
    if (transport.size() < 8 || load16(transport, 4) != transport.size()) return fail("packet.length");
    info.payload_at = kIpv4HeaderBytes + 8;
  } else {
    return info;
  }
  info.source_port = load16(transport, 0);
  info.destination_port = load16(transport, 2);
  return info;
}

bool transport_checksum_ok(std::span<const std::byte> packet, const PacketInfo& info) {
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  if (info.fragment || (info.protocol != kTcp && info.protocol != kUdp)) return true;
  if (info.protocol == kUdp && load16(transport, 6) == 0) return true;
  return fold(partial_sum(transport, pseudo_header_sum(packet, transport.size()))) == 0xffff;
}

void finish_ipv4_header(std::span<std::byte> packet) {
  store16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  store16(packet, 10, 0);
  store16(packet, 10, checksum(partial_sum(packet.first(kIpv4HeaderBytes))));
}

}  // namespace sekisho::datapath
