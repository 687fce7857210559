// NftLook: reads our table straight from nf_tables by netlink: in microseconds, whatever number of rights it holds
// (libnftables fetches every element for each listing: 20 ms with 2,000).
// Threads: one. Errors: netd.nft; also when the table or a part of it is not there. Source:
// <linux/netfilter/nf_tables.h>.
#pragma once
#include "netd/netlink.hpp"
#include "netd/rdp_rules.hpp"

#include <map>

namespace sekisho::netd {

class NftLook {
 public:
  [[nodiscard]] static Result<NftLook> open();
  /// Packets by counter.
  [[nodiscard]] Result<std::map<std::string, std::uint64_t>> counters();
  /// The elements of rdp_tried.
  [[nodiscard]] Result<std::vector<RdpSeen>> rdp_tried();
  /// The table's flags, the chains named and all rules, as the kernel writes them: equal bytes, equal table. Elements
  /// and counts are not in it.
  [[nodiscard]] Result<std::string> shape(const std::vector<std::string>& chains);

 private:
  explicit NftLook(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

/// A descriptor that becomes readable whenever anybody changes any rule of this network namespace. Non-blocking.
[[nodiscard]] Result<NetlinkSocket> open_nft_watch();
/// Forgets what has come; true when it may have been more than elements of sets, which shape() does not show: netd's
/// own changes of rights need no second look.
bool drain(const NetlinkSocket& watch);

}  // namespace sekisho::netd
