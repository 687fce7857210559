// RouteSocket: the few rtnetlink requests that a TUN needs (rtnetlink(7)), written by hand: netd links no more than it
// must. Threads: one. Each call waits for the kernel's answer. Errors: netd.tun with the request and the kernel's word.
#pragma once
#include "run/link.hpp"

#include <sekisho/sdk/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

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
  /// `address` (host order) with its prefix becomes the device's only IPv4 address.
  [[nodiscard]] Result<void> set_only_address(std::uint32_t index, std::uint32_t address, std::uint8_t prefix);

 private:
  explicit RouteSocket(run::Fd fd) : fd_(std::move(fd)) {}
  using Packet = std::vector<std::byte>;
  /// Sends and collects the answers until the kernel acknowledges.
  [[nodiscard]] Result<std::vector<Packet>> ask(const std::string& what, Packet request);

  run::Fd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sekisho::netd
