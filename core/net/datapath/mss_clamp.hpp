// Lowers the MSS option of a SYN so that no segment outgrows the tunnel.
// Threads: pure function. Source: RFC 9293 §3.7.1; RFC 6691.
#pragma once
#include "net/datapath/ipv4.hpp"

namespace sekisho::datapath {

/// `packet` has passed inspect() and its TCP checksum is right. On a SYN with an MSS option above mtu - 40 the option
/// is lowered and the checksum made right again. Returns whether the packet was changed. A broken option list is left
/// alone.
bool clamp_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu);

}  // namespace sekisho::datapath
