// RDP between desktops and servers (R13), as commands of nft(8): what netd adds to its table for port 3389.
//
//   set rdp_rights      source . destination, each with its timeout: TCP alone, the only exception there is
//   set rdp_tried       what was refused of late, by who asked whom over what and from which port; at most kMostTried
//   chain rdp_asked     to port 3389: in the set, or noted, counted (rdp_refused) and refused: TCP hears a reset
//   chain rdp_answered  from port 3389: the answer to something in the set, or counted (rdp_unasked) and dropped
//
// Everything forwarded is judged, whoever sends it, and again conntrack is not asked: the set is looked up for every
// packet both ways, so a right's end cuts a running connection at its next packet, in the kernel, without netd. IPv6
// has no exception. What does not cross this machine (two machines on one segment) is not seen here. Threads: pure
// functions. Source: consoles.md §3; core/decisions/0016-rdp.md.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace sekisho::netd {

inline constexpr std::uint16_t kRdpPort = 3389;
inline constexpr std::size_t kMostTried = 4096;
inline constexpr std::chrono::seconds kTriedFor{15};  ///< an element is kept since its last packet
inline constexpr const char* kRdpRights = "rdp_rights";
inline constexpr const char* kRdpTried = "rdp_tried";
inline constexpr const char* kRdpRefused = "rdp_refused";
inline constexpr const char* kRdpUnasked = "rdp_unasked";

struct RdpPair {
  std::uint32_t source = 0, destination = 0;  ///< host byte order
  friend auto operator<=>(const RdpPair&, const RdpPair&) = default;
};
/// Pairs and how long each has left; at least 1 ms.
using RdpRights = std::map<RdpPair, std::chrono::milliseconds>;

/// An element of rdp_tried.
struct RdpSeen {
  RdpPair pair;
  std::uint8_t protocol = 6;
  std::uint16_t from_port = 0;
  std::uint64_t packets = 0;
};

/// Counters, sets and chains, inside the table.
[[nodiscard]] std::string rdp_objects(const RdpRights& rights);
/// The rules of a chain that judges what is forwarded.
[[nodiscard]] std::string rdp_jumps();
/// Makes `ended` absent and `renewed` present with a fresh timeout, whatever of them exists now.
[[nodiscard]] std::string rdp_change_commands(const std::set<RdpPair>& ended, const RdpRights& renewed);

}  // namespace sekisho::netd
