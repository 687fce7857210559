#include "netd/rtnetlink.hpp"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <utility>

namespace sekisho::netd {
namespace {

Result<void> only_whether(const Result<std::vector<NetlinkBytes>>& answer) {
  if (!answer) return answer.error();
  return {};
}

}  // namespace

Result<RouteSocket> RouteSocket::open() {
  auto socket = NetlinkSocket::open(NETLINK_ROUTE, "netd.tun");
  if (!socket) return socket.error();
  return RouteSocket(std::move(*socket));
}

Result<std::uint32_t> RouteSocket::link_index(const std::string& name) {
  NetlinkRequest request(RTM_GETLINK, 0, bytes_of(ifinfomsg{}));
  request.add_text(IFLA_IFNAME, name);
  const auto answers = socket_.ask("finding the device " + name, std::move(request));
  if (!answers) return answers.error();
  for (const NetlinkBytes& answer : *answers) {
    const auto link = load<ifinfomsg>(answer);
    if (link && link->ifi_index > 0) return static_cast<std::uint32_t>(link->ifi_index);
  }
  return fail("netd.tun", "finding the device " + name + ": no answer");
}

Result<void> RouteSocket::set_up(std::uint32_t index, const LinkSettings& settings) {
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(index);
  NetlinkRequest basic(RTM_NEWLINK, 0, bytes_of(body));
  basic.add_value(IFLA_MTU, settings.mtu);
  basic.add_value(IFLA_TXQLEN, settings.queue_length);
  std::size_t families = basic.begin(IFLA_AF_SPEC);
  const std::size_t inet = basic.begin(AF_INET);
  const std::size_t inet_settings = basic.begin(IFLA_INET_CONF);
  const std::uint32_t on = 1, off = 0;
  basic.add_value(IPV4_DEVCONF_RP_FILTER, on);  // 1: strict
  basic.add_value(IPV4_DEVCONF_ACCEPT_REDIRECTS, off);
  basic.add_value(IPV4_DEVCONF_SEND_REDIRECTS, off);
  basic.add_value(IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, off);
  basic.end(inet_settings);
  basic.end(inet);
  basic.end(families);
  if (auto done = socket_.ask("setting up the device", std::move(basic)); !done) return done.error();

  // A kernel without IPv6 refuses this one; the table drops IPv6 in any case.
  NetlinkRequest six(RTM_NEWLINK, 0, bytes_of(body));
  families = six.begin(IFLA_AF_SPEC);
  const std::size_t inet6 = six.begin(AF_INET6);
  six.add_value(IFLA_INET6_ADDR_GEN_MODE, static_cast<std::uint8_t>(IN6_ADDR_GEN_MODE_NONE));
  six.end(inet6);
  six.end(families);
  static_cast<void>(socket_.ask("no IPv6 address", std::move(six)));

  body.ifi_flags = IFF_UP;
  body.ifi_change = IFF_UP;
  return only_whether(socket_.ask("taking the device up", NetlinkRequest(RTM_NEWLINK, 0, bytes_of(body))));
}

Result<void> RouteSocket::remove(std::uint32_t index) {
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(index);
  return only_whether(socket_.ask("removing the device", NetlinkRequest(RTM_DELLINK, 0, bytes_of(body))));
}

Result<void> RouteSocket::set_only_address(std::uint32_t index, std::uint32_t address, std::uint8_t prefix) {
  ifaddrmsg wanted{};
  wanted.ifa_family = AF_INET;
  wanted.ifa_prefixlen = prefix;
  wanted.ifa_index = index;
  const std::uint32_t wire = htonl(address);

  const auto present = socket_.ask("listing addresses", NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, bytes_of(wanted)));
  if (!present) return present.error();
  bool there = false;
  for (const NetlinkBytes& answer : *present) {
    const auto one = load<ifaddrmsg>(answer);
    if (!one || one->ifa_index != index || one->ifa_family != AF_INET) continue;
    const auto local = load<std::uint32_t>(attribute(answer, sizeof(ifaddrmsg), IFA_LOCAL));
    if (!local) continue;
    if (*local == wire && one->ifa_prefixlen == prefix) {
      there = true;
      continue;
    }
    NetlinkRequest removal(RTM_DELADDR, 0, bytes_of(*one));
    removal.add_value(IFA_LOCAL, *local);
    if (auto done = socket_.ask("removing an older address", std::move(removal)); !done) return done.error();
  }
  if (there) return {};
  NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, bytes_of(wanted));
  request.add_value(IFA_LOCAL, wire);
  request.add_value(IFA_ADDRESS, wire);
  return only_whether(socket_.ask("giving the device its address", std::move(request)));
}

}  // namespace sekisho::netd
