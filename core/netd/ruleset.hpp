// The commands of nft(8) that netd gives to libnftables, as text. Each string is one transaction.
//
// Table `inet sekisho`, per path <p>:
//   set rights_<p>       session address . gate address . protocol . port, each with its timeout
//   chain from_<p>       what comes out of the TUN: in the set, or counted (refused_<p>) and dropped
//   chain to_<p>         what goes into the TUN: the answer to something in the set, or counted (unasked_<p>), dropped
// and for the machine:
//   chain arriving       prerouting: openings of barred sources are dropped (bar_rules.hpp); TUNs to their chain; inner
//   addresses on any other device are counted (stray_<p>),
//                        and so is whoever comes for the console page by another device than the one it stands at
//   chain crossing       forward: nothing from or to a TUN, ever (R11: the relay is the only way on); RDP by its own
//                        chains (R13, rdp_rules.hpp); of IPv6 nothing at all: zones are told by IPv4 networks (R01)
//   chain leaving        output: into a TUN through its chain
// A path of the closed network has charon's device for its TUN. Its front's ports are open to every address of its
// network, everything else by rights. At the closed interface there is IKE alone; where the kernel does ESP, what came
// out of an SA (meta ipsec) is the path's, and answers leave through one (rt ipsec) or not at all.
// Desktops of one path's zones reach no place of another path's; beside a closed path every address of the machine is
// answered for at its own device alone, but for those (of IPv4) that strangers come to.
// No rule asks conntrack: the set is looked up for every packet both ways, so a right's end (removed or timed out)
// ends running connections with their next packet, in the kernel, without netd. All chains come before the machine's
// own filter (priority raw), whose accept therefore opens nothing and whose drop still drops.
// Threads: pure functions. Source: consoles.md §3; threats.md T-42; decisions.md "nftables".
#pragma once
#include "netd/paths.hpp"
#include "netd/rdp_rules.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sekisho::netd {

inline constexpr const char* kTable = "inet sekisho";

/// One element of a set; the destination is always the path's gate address.
struct Right {
  std::uint32_t address = 0;  ///< the session's
  std::uint8_t protocol = 6;
  std::uint16_t port = 0;
  friend auto operator<=>(const Right&, const Right&) = default;
};
/// Rights and how long each has left; at least 1 ms.
using Rights = std::map<Right, std::chrono::milliseconds>;

/// Puts the table as it must be in place of whatever has that name; `rights`: of each path, in the order of `paths`.
[[nodiscard]] std::string install_commands(const std::vector<NetPath>& paths, const std::vector<Rights>& rights,
                                           const RdpRights& rdp);

/// Makes `ended` absent and `renewed` present with a fresh timeout, whatever of them exists now.
[[nodiscard]] std::string change_commands(const NetPath& path, const std::set<Right>& ended, const Rights& renewed);

/// Every chain of the table.
[[nodiscard]] std::vector<std::string> chain_names(const std::vector<NetPath>& paths);
[[nodiscard]] std::string set_name(const NetPath& path);
[[nodiscard]] std::string refused_counter(const NetPath& path);
[[nodiscard]] std::string stray_counter(const NetPath& path);
[[nodiscard]] std::string unasked_counter(const NetPath& path);

}  // namespace sekisho::netd
