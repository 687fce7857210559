#include "netd/nft_look.hpp"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace sekisho::netd {
namespace {

constexpr const char* kCode = "netd.nft";
constexpr const char* kName = "sekisho";

NetlinkRequest nft_request(std::uint16_t message, std::uint16_t flags = 0) {
  nfgenmsg body{};
  body.nfgen_family = NFPROTO_INET;
  body.version = NFNETLINK_V0;
  return {static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), flags, bytes_of(body)};
}

std::string text_of(std::span<const std::byte> value) {
  std::string out(reinterpret_cast<const char*>(value.data()), value.size());
  return out.substr(0, out.find('\0'));
}

/// One element: its key, each field in network order at the start of 32 bits of its own, and its counter.
std::optional<RdpSeen> seen_in(std::span<const std::byte> element) {
  const auto key = attribute(attribute(element, 0, NFTA_SET_ELEM_KEY), 0, NFTA_DATA_VALUE);
  const auto counter = attribute(attribute(element, 0, NFTA_SET_ELEM_EXPR), 0, NFTA_EXPR_DATA);
  const auto packets = load<std::uint64_t>(attribute(counter, 0, NFTA_COUNTER_PACKETS));
  if (key.size() != 16 || !packets) return std::nullopt;
  RdpSeen out;
  out.pair = {ntohl(*load<std::uint32_t>(key)), ntohl(*load<std::uint32_t>(key.subspan(4)))};
  out.protocol = std::to_integer<std::uint8_t>(key[8]);
  out.from_port = ntohs(*load<std::uint16_t>(key.subspan(12)));
  out.packets = be64toh(*packets);
  return out;
}

}  // namespace

Result<NftLook> NftLook::open() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER, kCode);
  if (!socket) return socket.error();
  return NftLook(std::move(*socket));
}

Result<std::map<std::string, std::uint64_t>> NftLook::counters() {
  auto request = nft_request(NFT_MSG_GETOBJ, NLM_F_DUMP);
  request.add_text(NFTA_OBJ_TABLE, kName);
  request.add_value(NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
  const auto answers = socket_.ask("reading the counters", std::move(request));
  if (!answers) return answers.error();
  std::map<std::string, std::uint64_t> out;
  for (const NetlinkBytes& answer : *answers) {
    const auto part = [&](std::uint16_t type) { return attribute(answer, sizeof(nfgenmsg), type); };
    if (text_of(part(NFTA_OBJ_TABLE)) != kName) continue;
    const auto packets = load<std::uint64_t>(attribute(part(NFTA_OBJ_DATA), 0, NFTA_COUNTER_PACKETS));
    if (packets) out[text_of(part(NFTA_OBJ_NAME))] = be64toh(*packets);
  }
  return out;
}

Result<std::vector<RdpSeen>> NftLook::rdp_tried() {
  auto request = nft_request(NFT_MSG_GETSETELEM, NLM_F_DUMP);
  request.add_text(NFTA_SET_ELEM_LIST_TABLE, kName);
  request.add_text(NFTA_SET_ELEM_LIST_SET, kRdpTried);
  const auto answers = socket_.ask("reading refused RDP", std::move(request));
  if (!answers) return answers.error();
  std::vector<RdpSeen> out;
  for (const NetlinkBytes& answer : *answers) {
    auto list = attribute(answer, sizeof(nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
    while (const auto head = load<nlattr>(list)) {
      if (head->nla_len < sizeof(nlattr) || head->nla_len > list.size()) break;
      const auto element = list.subspan(sizeof(nlattr), head->nla_len - sizeof(nlattr));
      list = list.subspan(std::min<std::size_t>((head->nla_len + 3u) & ~3u, list.size()));
      if (const auto one = seen_in(element)) out.push_back(*one);
    }
  }
  return out;
}

Result<std::string> NftLook::shape(const std::vector<std::string>& chains) {
  std::string out;
  const auto add = [&](const std::vector<NetlinkBytes>& answers) {
    for (const NetlinkBytes& answer : answers) {
      // Behind the head, which holds the ruleset's generation.
      if (answer.size() <= sizeof(nfgenmsg)) continue;
      out.append(reinterpret_cast<const char*>(answer.data()) + sizeof(nfgenmsg), answer.size() - sizeof(nfgenmsg));
    }
  };
  auto table = nft_request(NFT_MSG_GETTABLE);
  table.add_text(NFTA_TABLE_NAME, kName);
  const auto of_table = socket_.ask("reading the table", std::move(table));
  if (!of_table) return of_table.error();
  add(*of_table);
  for (const std::string& chain : chains) {
    auto request = nft_request(NFT_MSG_GETCHAIN);
    request.add_text(NFTA_CHAIN_TABLE, kName);
    request.add_text(NFTA_CHAIN_NAME, chain);
    const auto of_chain = socket_.ask("reading chain " + chain, std::move(request));
    if (!of_chain) return of_chain.error();
    add(*of_chain);
  }
  auto rules = nft_request(NFT_MSG_GETRULE, NLM_F_DUMP);
  rules.add_text(NFTA_RULE_TABLE, kName);
  const auto of_rules = socket_.ask("reading the rules", std::move(rules));
  if (!of_rules) return of_rules.error();
  add(*of_rules);
  return out;
}

Result<NetlinkSocket> open_nft_watch() {
  auto socket = NetlinkSocket::open(NETLINK_NETFILTER, kCode, NFNLGRP_NFTABLES);
  if (socket) fcntl(socket->fd(), F_SETFL, fcntl(socket->fd(), F_GETFL) | O_NONBLOCK);
  return socket;
}

namespace {

/// True when every message in it tells of set elements, or of the generation that each change brings.
bool only_elements(std::span<const std::byte> left) {
  while (!left.empty()) {
    const auto head = load<nlmsghdr>(left);
    if (!head || head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > left.size()) return false;
    const int message = head->nlmsg_type & 0xff;
    const bool elements = message == NFT_MSG_NEWSETELEM || message == NFT_MSG_DELSETELEM || message == NFT_MSG_NEWGEN;
    if (head->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || !elements) return false;
    left = left.subspan(std::min<std::size_t>((head->nlmsg_len + 3u) & ~3u, left.size()));
  }
  return true;
}

}  // namespace

bool drain(const NetlinkSocket& watch) {
  std::array<std::byte, 64 * 1024> news;
  bool any = false;
  for (;;) {
    const ssize_t got = recv(watch.fd(), news.data(), news.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != ENOBUFS) return any;
    // What was lost or cut may have been anything.
    const bool whole = got >= 0 && static_cast<std::size_t>(got) <= news.size();
    if (!whole || !only_elements(std::span(news).first(static_cast<std::size_t>(got)))) any = true;
  }
}

}  // namespace sekisho::netd
