// Sources whose openings are left unanswered, as commands of nft(8): what netd adds to its table for the fronts.
//
//   set barred            IPv4 addresses, set barred_networks: the first addresses of IPv6 /64s; each with its timeout
//   chain arriving        first of all: a TCP opening (SYN without ACK, RFC 9293 section 3.1) from one of them to a
//                         port of a front is counted (barred) and dropped
//
// Nothing else of such a source is touched: neither a connection that stands nor another service of this machine.
// Threads: pure functions. Units: seconds. Ranges: kLongestBar, kMostBarred. Errors: netd.bar. Source:
// core/decisions/0024-barred-sources.md.
#pragma once
#include "base/source.hpp"
#include "seam/bar_messages.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace sekisho::netd {

inline constexpr const char* kBarred = "barred";  ///< the set and the counter
inline constexpr const char* kBarredNetworks = "barred_networks";
inline constexpr std::uint32_t kLongestBar = 1201;  ///< seconds
inline constexpr std::size_t kMostBarred = 1024;    ///< of either kind

/// Seconds by source; 0: free again.
using Bars = std::map<Source, std::uint32_t>;

/// What a front says, checked. Errors: netd.bar for what is no source, for a source that is nobody's, and for a time
/// over kLongestBar; then nothing of the list counts.
[[nodiscard]] Result<Bars> read_bars(const seam::BarSources& wanted);
/// One transaction; empty for nothing. A source that is barred already keeps the time it has.
[[nodiscard]] std::string bar_commands(const Bars& bars);

/// Counter and sets, inside the table.
[[nodiscard]] std::string bar_objects();
/// The rules of the chain that packets come to first; none without ports.
[[nodiscard]] std::string bar_rules(const std::set<std::uint16_t>& ports);

}  // namespace sekisho::netd
