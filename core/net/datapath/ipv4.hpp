// One IPv4 packet, looked at strictly: what does not check out is refused, never guessed.
// Threads: pure functions over borrowed spans. Units: addresses and ports in host order. Source: RFC 791, 1122, 6864,
// 9293, 768.
#pragma once
#include "base/ipv4.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sekisho::datapath {

inline constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17;
inline constexpr std::uint8_t kTcpFin = 0x01, kTcpSyn = 0x02, kTcpRst = 0x04, kTcpPsh = 0x08, kTcpAck = 0x10,
                              kTcpEce = 0x40, kTcpCwr = 0x80;
inline constexpr std::size_t kIpv4HeaderBytes = 20;

struct PacketInfo {
  std::uint32_t source = 0, destination = 0;
  std::uint8_t protocol = 0;
  bool fragment = false;  ///< offset not 0 or more fragments follow; then nothing below is set
  bool dont_fragment = false;
  std::uint16_t source_port = 0, destination_port = 0;  ///< TCP and UDP
  std::uint8_t tcp_flags = 0;
  std::uint16_t total_bytes = 0;
  std::uint16_t payload_at = 0;  ///< behind the TCP or UDP header; behind the IP header for other protocols
};

/// Errors: packet.short, packet.version, packet.options (any IPv4 option, source routes included), packet.length (total
/// length is not exactly the span, or a transport header does not fit), packet.checksum (of the IPv4 header),
/// packet.flags (reserved bit), packet.expired (TTL 0).
[[nodiscard]] Result<PacketInfo> inspect(std::span<const std::byte> packet);

/// Whether the TCP or UDP checksum of an inspected, unfragmented packet is right (UDP without checksum is). True for
/// other protocols, which carry their own.
[[nodiscard]] bool transport_checksum_ok(std::span<const std::byte> packet, const PacketInfo& info);

using sekisho::ipv4_text;
using sekisho::parse_ipv4;

/// Fills in total length and header checksum of the 20-byte IPv4 header at the front of `packet`.
void finish_ipv4_header(std::span<std::byte> packet);

}  // namespace sekisho::datapath
