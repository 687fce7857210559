#include "netd/nft_elements.hpp"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <array>

namespace sekisho::netd {
namespace {

using Key = std::array<std::byte, 16>;

/// ipv4_addr . ipv4_addr . inet_proto . inet_service: each field in network order at the start of 32 bits of its own.
Key key_of(const NetPath& path, const Right& right) {
  Key out{};
  const std::uint32_t from = htonl(right.address), to = htonl(path.gate_address);
  const std::uint16_t port = htons(right.port);
  std::memcpy(out.data(), &from, sizeof(from));
  std::memcpy(out.data() + 4, &to, sizeof(to));
  std::memcpy(out.data() + 8, &right.protocol, sizeof(right.protocol));
  std::memcpy(out.data() + 12, &port, sizeof(port));
  return out;
}

/// A request about elements of the path's set; elements are added until it is taken.
class Elements {
 public:
  Elements(std::uint16_t message, std::uint16_t flags, const NetPath& path) : request_(head(message, flags)) {
    request_.add_text(NFTA_SET_ELEM_LIST_TABLE, "sekisho");
    request_.add_text(NFTA_SET_ELEM_LIST_SET, set_name(path));
    list_ = request_.begin(NFTA_SET_ELEM_LIST_ELEMENTS);
  }
  void add(const Key& key, std::chrono::milliseconds timeout = {}) {
    const std::size_t element = request_.begin(NFTA_LIST_ELEM);
    const std::size_t of_key = request_.begin(NFTA_SET_ELEM_KEY);
    request_.add(NFTA_DATA_VALUE, key);
    request_.end(of_key);
    if (timeout.count() != 0) {
      request_.add_value(NFTA_SET_ELEM_TIMEOUT, htobe64(static_cast<std::uint64_t>(timeout.count())));
    }
    request_.end(element);
  }
  NetlinkRequest take() && {
    request_.end(list_);
    return std::move(request_);
  }

 private:
  static NetlinkRequest head(std::uint16_t message, std::uint16_t flags) {
    nfgenmsg body{};
    body.nfgen_family = NFPROTO_INET;
    body.version = NFNETLINK_V0;
    return {static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), flags, bytes_of(body)};
  }
  NetlinkRequest request_;
  std::size_t list_ = 0;
};

}  // namespace

Result<NftElements> NftElements::open() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER, "netd.nft");
  if (!socket) return socket.error();
  return NftElements(std::move(*socket));
}

Result<void> NftElements::change(const NetPath& path, const std::set<Right>& ended, const Rights& renewed) {
  if (ended.empty() && renewed.empty()) return {};
  for (const auto& [right, left] : renewed) {
    // To the kernel, no time at all is for ever.
    if (left.count() <= 0) return fail("netd.nft", "changing rights: one that has no time");
  }
  // Why each is added, deleted and added: change_commands().
  Elements there(NFT_MSG_NEWSETELEM, NLM_F_CREATE, path), gone(NFT_MSG_DELSETELEM, 0, path);
  for (const Right& right : ended) {
    const Key key = key_of(path, right);
    there.add(key, std::chrono::seconds(1));
    gone.add(key);
  }
  Elements fresh(NFT_MSG_NEWSETELEM, NLM_F_CREATE, path);
  for (const auto& [right, left] : renewed) {
    const Key key = key_of(path, right);
    there.add(key, left);
    gone.add(key);
    fresh.add(key, left);
  }
  std::vector<NetlinkRequest> requests;
  requests.push_back(std::move(there).take());
  requests.push_back(std::move(gone).take());
  if (!renewed.empty()) requests.push_back(std::move(fresh).take());
  return socket_.commit("changing rights", NFNL_SUBSYS_NFTABLES, std::move(requests));
}

}  // namespace sekisho::netd
