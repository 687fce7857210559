// What sekishod and netd say about RDP between desktops and servers (R13).
// Threads: plain values. Units: seconds. Ranges: fields.hpp. Source: issue "Desktops and consoles" part 6.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sekisho::seam {

/// RDP over TCP from one address to another. Ends by itself after ttl_s.
struct RdpRight {
  std::string source, destination;
  std::uint32_t ttl_s = 120;
  friend bool operator==(const RdpRight&, const RdpRight&) = default;
};
/// The whole desired state; everything else to port 3389 that crosses this machine is refused. Answer: NetApplied.
struct DesiredRdp {
  std::uint64_t number = 0;
  std::vector<RdpRight> rights;
};
/// Tries that the kernel refused since the last word, by who asked whom.
struct RdpTry {
  std::string source, destination;  ///< empty: not known (IPv6, or more at once than are kept)
  std::uint8_t protocol = 6;
  std::uint32_t tries = 0;  ///< connections begun or cut
  std::uint64_t packets = 0;
  friend bool operator==(const RdpTry&, const RdpTry&) = default;
};
struct RdpRefused {
  std::vector<RdpTry> tries;
};

}  // namespace sekisho::seam
