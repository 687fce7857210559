// RouteSocket: the few rtnetlink requests that a TUN needs (rtnetlink(7)).
// Threads: one. Errors: netd.tun.
#pragma once
#include "netd/netlink.hpp"

#include <cstdint>
#include <string>

namespace sekisho::netd {

struct LinkSettings {
  std::uint32_t mtu = 1354;
  std::uint32_t queue_length = 256;  ///< packets (super-packets of up to 64 KiB count as one)
};

class RouteSocket {
 public:
  [[nodiscard]] static Result<RouteSocket> open();

  [[nodiscard]] Result<std::uint32_t> link_index(const std::string& name);
  /// Sets MTU and queue length, strict reverse path filter, no redirects, no IPv6 address of its own; takes it up.
  [[nodiscard]] Result<void> set_up(std::uint32_t index, const LinkSettings& settings);
  [[nodiscard]] Result<void> remove(std::uint32_t index);
  /// `address` (host order) with its prefix becomes the device's only IPv4 address.
  [[nodiscard]] Result<void> set_only_address(std::uint32_t index, std::uint32_t address, std::uint8_t prefix);

 private:
  explicit RouteSocket(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace sekisho::netd
