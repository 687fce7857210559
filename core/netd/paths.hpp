// NetPath: what netd needs to know of one access path, and the ranges that everything it is told must keep.
// Threads: plain values and pure functions. Units: addresses in host byte order. Source: base/site_config.hpp.
#pragma once
#include "base/ipv4.hpp"
#include "base/site_config.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sekisho::netd {

using Network = Ipv4Network;

/// What a path of the closed network has beside its device, which is charon's (core/decisions/0020-ip-vpn.md).
struct ClosedNet {
  std::string ike_device;  ///< the closed interface
  std::uint32_t ike_address = 0;
  bool kernel_esp = false;               ///< the path's device is ike_device, and what counts came out of an SA
  std::vector<std::uint16_t> entrances;  ///< ports of the front: open to every address of the network
};

struct NetPath {
  std::string name;  ///< "internet": [a-z0-9_]+
  std::string tun;   ///< "sekisho0": letters, digits, _ - .
  std::uint32_t gate_address = 0;
  std::uint8_t prefix = 24;
  std::uint16_t mtu = 1354;
  /// Ports at gate_address that a right may name: the desktop's entrance, the desktop and the posture page. What else
  /// listens on this machine can never be opened to a tunnel, also not by a sekishod gone mad.
  std::vector<std::uint16_t> doors;
  /// The console page's, on the desktops' side: answered on the device that has it, whatever device a packet came by.
  std::optional<std::uint32_t> console_address{};
  std::optional<ClosedNet> closed{};  ///< netd makes no device then
  /// Where the zones of this path are beside its sessions: their desktops' segments, and the gate's own addresses of
  /// this path, the posture page's too where it is none of the closed network's. Desktops of another path's zones reach
  /// none of it (R01).
  std::vector<Network> desktops{}, places{};
  std::set<std::uint16_t> front_ports{};  ///< of its front, at whatever address
  std::set<std::uint32_t> strangers{};    ///< the gate's addresses that strangers come to, by whatever device

  [[nodiscard]] std::uint32_t mask() const { return ~std::uint32_t{0} << (32 - prefix); }
  [[nodiscard]] std::uint32_t network() const { return gate_address & mask(); }
  /// Whether `address` may be a session's: inside the network, and not its own, the broadcast or the gate's address.
  [[nodiscard]] bool is_session_address(std::uint32_t address) const;
  [[nodiscard]] bool is_door(std::uint16_t port) const;
};

/// The paths of `config` that carry packets (tun.gate_address or closed.gate_address is set), in its order.
[[nodiscard]] std::vector<NetPath> net_paths(const SiteConfig& config);

/// As nft(8) takes them: a network of one address is written as that address.
[[nodiscard]] std::string to_text(std::uint32_t address);
[[nodiscard]] std::string to_text(const Network& network);

}  // namespace sekisho::netd
