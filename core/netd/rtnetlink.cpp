#include "netd/rtnetlink.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace sekisho::netd {
namespace {

using Bytes = std::vector<std::byte>;

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// A request that grows by attributes; lengths are filled in as they become known.
class Request {
 public:
  template <class Body>
  Request(std::uint16_t type, std::uint16_t flags, const Body& body) {
    nlmsghdr head{};
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(bytes_of(head));
    append(bytes_of(body));
  }
  void add(std::uint16_t type, std::span<const std::byte> value) {
    const std::size_t at = begin(type);
    append(value);
    end(at);
  }
  template <class T>
  void add_value(std::uint16_t type, const T& value) {
    add(type, bytes_of(value));
  }
  /// An attribute that holds attributes, up to end(begin()).
  [[nodiscard]] std::size_t begin(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    rtattr head{};
    head.rta_type = type;
    append(bytes_of(head));
    return at;
  }
  void end(std::size_t at) {
    rtattr head{};
    memcpy(&head, bytes_.data() + at, sizeof(head));
    head.rta_len = static_cast<std::uint16_t>(bytes_.size() - at);
    memcpy(bytes_.data() + at, &head, sizeof(head));
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  [[nodiscard]] Bytes take() && { return std::move(bytes_); }

 private:
  void append(std::span<const std::byte> more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  Bytes bytes_;
};

template <class T>
std::optional<T> load(std::span<const std::byte> from) {
  if (from.size() < sizeof(T)) return std::nullopt;
  T out;
  memcpy(&out, from.data(), sizeof(T));
  return out;
}

/// The value of attribute `wanted` behind a fixed body of `body` bytes.
std::span<const std::byte> attribute(std::span<const std::byte> message, std::size_t body, std::uint16_t wanted) {
  std::size_t at = NLMSG_ALIGN(body);
  while (at < message.size()) {
    const auto head = load<rtattr>(message.subspan(at));
    if (!head || head->rta_len < sizeof(rtattr) || head->rta_len > message.size() - at) break;
    if (head->rta_type == wanted) return message.subspan(at + sizeof(rtattr), head->rta_len - sizeof(rtattr));
    at += NLMSG_ALIGN(head->rta_len);
  }
  return {};
}

Error refused(const std::string& what, int error) {
  return fail("netd.tun", what + ": " + strerror(error));
}

}  // namespace

Result<RouteSocket> RouteSocket::open() {
  run::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return refused("opening rtnetlink", errno);
  sockaddr_nl at{};
  at.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0)
    return refused("binding rtnetlink", errno);
  return RouteSocket(std::move(fd));
}

Result<std::vector<RouteSocket::Packet>> RouteSocket::ask(const std::string& what, Packet request) {
  auto head = *load<nlmsghdr>(request);
  head.nlmsg_len = static_cast<std::uint32_t>(request.size());
  head.nlmsg_seq = ++sequence_;
  memcpy(request.data(), &head, sizeof(head));
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(), request.data(), request.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) <
      0) {
    return refused(what, errno);
  }
  std::vector<Packet> out;
  std::vector<std::byte> buffer(64 * 1024);
  for (;;) {
    sockaddr_nl from{};
    socklen_t from_size = sizeof(from);
    const ssize_t got =
        recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(what, errno);
    if (from.nl_pid != 0) continue;  // another process's words
    std::span<const std::byte> left(buffer.data(), static_cast<std::size_t>(got));
    while (const auto next = load<nlmsghdr>(left)) {
      if (next->nlmsg_len < sizeof(nlmsghdr) || next->nlmsg_len > left.size()) {
        return fail("netd.tun", what + ": an answer that cannot be read");
      }
      const auto body = left.subspan(NLMSG_HDRLEN, next->nlmsg_len - NLMSG_HDRLEN);
      left = left.subspan(std::min<std::size_t>(NLMSG_ALIGN(next->nlmsg_len), left.size()));
      if (next->nlmsg_seq != sequence_) continue;
      if (next->nlmsg_type == NLMSG_DONE) return out;
      if (next->nlmsg_type == NLMSG_ERROR) {
        const auto error = load<nlmsgerr>(body);
        if (!error) return fail("netd.tun", what + ": an answer that cannot be read");
        if (error->error == 0) return out;
        return refused(what, -error->error);
      }
      out.emplace_back(body.begin(), body.end());
    }
  }
}

Result<std::uint32_t> RouteSocket::link_index(const std::string& name) {
  Request request(RTM_GETLINK, 0, ifinfomsg{});
  request.add(IFLA_IFNAME, std::as_bytes(std::span(name.c_str(), name.size() + 1)));
  const auto answers = ask("finding the device " + name, std::move(request).take());
  if (!answers) return answers.error();
  for (const Packet& answer : *answers) {
    const auto link = load<ifinfomsg>(answer);
    if (link && link->ifi_index > 0) return static_cast<std::uint32_t>(link->ifi_index);
  }
  return fail("netd.tun", "finding the device " + name + ": no answer");
}

Result<void> RouteSocket::set_up(std::uint32_t index, const LinkSettings& settings) {
  ifinfomsg body{};
  body.ifi_index = static_cast<int>(index);
  body.ifi_flags = IFF_UP;
  body.ifi_change = IFF_UP;
  Request request(RTM_NEWLINK, 0, body);
  request.add_value(IFLA_MTU, settings.mtu);
  request.add_value(IFLA_TXQLEN, settings.queue_length);
  const std::size_t families = request.begin(IFLA_AF_SPEC);
  const std::size_t inet = request.begin(AF_INET);
  const std::size_t inet_settings = request.begin(IFLA_INET_CONF);
  const std::uint32_t on = 1, off = 0;
  request.add_value(IPV4_DEVCONF_RP_FILTER, on);  // 1: strict
  request.add_value(IPV4_DEVCONF_ACCEPT_REDIRECTS, off);
  request.add_value(IPV4_DEVCONF_SEND_REDIRECTS, off);
  request.add_value(IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, off);
  request.end(inet_settings);
  request.end(inet);
  const std::size_t inet6 = request.begin(AF_INET6);
  request.add_value(IFLA_INET6_ADDR_GEN_MODE, static_cast<std::uint8_t>(IN6_ADDR_GEN_MODE_NONE));
  request.end(inet6);
  request.end(families);
  const auto done = ask("setting up the device", std::move(request).take());
  if (!done) return done.error();
  return {};
}

Result<void> RouteSocket::set_only_address(std::uint32_t index, std::uint32_t address, std::uint8_t prefix) {
  ifaddrmsg wanted{};
  wanted.ifa_family = AF_INET;
  wanted.ifa_prefixlen = prefix;
  wanted.ifa_index = index;
  const std::uint32_t wire = htonl(address);

  const auto present = ask("listing addresses", Request(RTM_GETADDR, NLM_F_DUMP, wanted).take());
  if (!present) return present.error();
  bool there = false;
  for (const Packet& answer : *present) {
    const auto one = load<ifaddrmsg>(answer);
    if (!one || one->ifa_index != index || one->ifa_family != AF_INET) continue;
    const auto local = load<std::uint32_t>(attribute(answer, sizeof(ifaddrmsg), IFA_LOCAL));
    if (!local) continue;
    if (*local == wire && one->ifa_prefixlen == prefix) {
      there = true;
      continue;
    }
    Request removal(RTM_DELADDR, 0, *one);
    removal.add_value(IFA_LOCAL, *local);
    const auto done = ask("removing an older address", std::move(removal).take());
    if (!done) return done.error();
  }
  if (there) return {};
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, wanted);
  request.add_value(IFA_LOCAL, wire);
  request.add_value(IFA_ADDRESS, wire);
  const auto done = ask("giving the device its address", std::move(request).take());
  if (!done) return done.error();
  return {};
}

}  // namespace sekisho::netd
