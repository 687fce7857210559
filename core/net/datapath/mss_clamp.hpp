// The MSS option of a SYN: lowered so that no segment outgrows the tunnel, and read.
// Threads: pure function. Source: RFC 9293 §3.7.1; RFC 6691.
#pragma once
#include "net/datapath/ipv4.hpp"

#include <optional>

namespace sekisho::datapath {

/// `packet` has passed inspect() and its TCP checksum is right. On a SYN with an MSS option above mtu - 40 the option
/// is lowered and the checksum made right again. Returns whether the packet was changed. A broken option list is left
/// alone.
bool clamp_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu);

/// What a SYN's sender takes in one segment, its TCP options not counted; 536 when it does not say (RFC 9293 §3.7.1).
/// nullopt: no SYN, or a broken option list. `packet` has passed inspect().
[[nodiscard]] std::optional<std::uint16_t> mss_of(std::span<const std::byte> packet, const PacketInfo& info);

}  // namespace sekisho::datapath
