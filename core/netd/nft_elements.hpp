// NftElements: a few elements of a rights set changed straight in nf_tables, by netlink: what a login needs, at a tenth
// of what libnftables spends on looking at the whole ruleset first. The same transaction as change_commands() writes.
// Threads: one. Errors: netd.nft; nothing has changed then. Source: <linux/netfilter/nf_tables.h>.
#pragma once
#include "netd/netlink.hpp"
#include "netd/ruleset.hpp"

#include <set>

namespace sekisho::netd {

class NftElements {
 public:
  /// Elements in one change: their attributes fit 64 KiB, the whole transaction a socket's buffer.
  static constexpr std::size_t kMost = 500;

  [[nodiscard]] static Result<NftElements> open();
  /// Makes `ended` absent and `renewed` present with a fresh timeout, whatever of them exists now.
  [[nodiscard]] Result<void> change(const NetPath& path, const std::set<Right>& ended, const Rights& renewed);

 private:
  explicit NftElements(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace sekisho::netd
