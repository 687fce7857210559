// The MSS option of a SYN: lowered so that no segment outgrows the tunnel, raised where large packets were agreed, and
// read. Threads: pure function. Source: RFC 9293 §3.7.1; RFC 6691.
#pragma once
#include "net/datapath/ipv4.hpp"

#include <optional>

namespace sekisho::datapath {

/// `packet` has passed inspect() and its TCP checksum is right. On a SYN with an MSS option above mtu - 40 the option
/// is lowered and the checksum made right again. Returns whether the packet was changed. A broken option list is left
/// alone.
bool clamp_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu);

/// For the SYN-ACK of a host behind the gate, whose option is mtu - 40 (it takes what the tunnel carries): raised so
/// that a packet of at most `large` bytes holds as many whole segments of it as fit. It counts for flows with the TCP
/// options that the SYN-ACK settles: 12 bytes of timestamps or none (RFC 7323 §3.2). Returns whether the packet was
/// changed.
bool raise_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu, std::uint16_t large);

/// What a SYN's sender takes in one segment, its TCP options not counted; 536 when it does not say (RFC 9293 §3.7.1).
/// nullopt: no SYN, or a broken option list. `packet` has passed inspect().
[[nodiscard]] std::optional<std::uint16_t> mss_of(std::span<const std::byte> packet, const PacketInfo& info);

}  // namespace sekisho::datapath
