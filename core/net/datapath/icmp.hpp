// "Fragmentation needed": tells an inside host that its packet does not fit the tunnel.
// Threads: pure function. Source: RFC 792; RFC 1191 §4; RFC 1812 §4.3.2.7 (when no error may be sent).
#pragma once
#include "net/datapath/ipv4.hpp"

#include <array>

namespace sekisho::datapath {

inline constexpr std::size_t kPacketTooBigBytes = kIpv4HeaderBytes + 8 + kIpv4HeaderBytes + 8;
using PacketTooBig = std::array<std::byte, kPacketTooBigBytes>;

/// From `gate` to the source of `offending` (which has passed inspect()). nullopt where RFC 1812 forbids an answer:
/// ICMP errors, fragments but the first, sources that are no single host.
[[nodiscard]] std::optional<PacketTooBig> make_packet_too_big(std::span<const std::byte> offending, std::uint32_t gate,
                                                              std::uint16_t mtu);
/// Whether one host can own `address`: not 0/8, 127/8, 224/4 or 240/4.
[[nodiscard]] bool is_single_host(std::uint32_t address);

}  // namespace sekisho::datapath
