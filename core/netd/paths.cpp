#include "netd/paths.hpp"

#include "base/site_config_parse.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::netd {

bool NetPath::is_session_address(std::uint32_t address) const {
  return (address & mask()) == network() && address != network() && address != (network() | ~mask()) &&
         address != gate_address;
}

bool NetPath::is_door(std::uint16_t port) const {
  return std::ranges::find(doors, port) != doors.end();
}

namespace {

void add_closed(NetPath& net, const PathConfig& path) {
  net.tun = path.closed.device;
  net.prefix = path.closed.prefix;
  ClosedNet closed{
      path.closed.ike_device, parse_ipv4(path.closed.ike_address).value_or(0), path.closed.esp == "kernel", {}};
  for (const std::string& listener : path.listen) {
    const auto at = parse_socket_address(listener);
    if (!at || at->address != path.closed.gate_address) continue;
    closed.entrances.push_back(at->port);
    if (!net.is_door(at->port)) net.doors.push_back(at->port);  // a right may name it: the front's posture page
  }
  net.closed = std::move(closed);
}

void add_places(NetPath& net, const PathConfig& path, const SiteConfig& config) {
  for (const HyperConfig& zone : config.hypervisors) {
    const auto network = parse_ipv4_network(zone.network);
    if (network && std::ranges::find(path.zones, zone.zone) != path.zones.end()) net.desktops.push_back(*network);
  }
  net.places = net.desktops;
  net.places.push_back({net.network(), net.prefix});
  const auto add = [&](const std::string& address) {
    const auto own = parse_ipv4(address);
    const bool told = own && std::ranges::any_of(net.places, [&](const Network& each) { return each.holds(*own); });
    if (own && *own != 0 && !told) net.places.push_back({*own, 32});
  };
  for (const std::string& listener : path.listen) {
    if (const auto at = parse_socket_address(listener)) add(at->address);
  }
  if (!path.is_closed()) {
    std::vector<std::string> outside = path.listen;
    outside.insert(outside.end(), config.posture.listen.begin(), config.posture.listen.end());
    for (const std::string& listener : outside) {
      const auto at = parse_socket_address(listener);
      const auto own = at ? parse_ipv4(at->address) : std::nullopt;
      if (!own || *own == 0 || *own == net.gate_address) continue;
      net.strangers.insert(*own);
      add(at->address);
    }
  }
  if (net.console_address) add(to_text(*net.console_address));
  if (net.closed) add(to_text(net.closed->ike_address));
}

}  // namespace

std::vector<NetPath> net_paths(const SiteConfig& config) {
  std::vector<NetPath> out;
  for (const PathConfig& path : config.paths) {
    const auto gate = parse_ipv4(path.gate_address());
    if (!gate) continue;
    NetPath net{path.name, path.tun.name, *gate, path.tun.prefix, path.tun.mtu, {}, {}, {}, {}, {}};
    for (const std::string& listener : path.listen) {
      if (const auto at = parse_socket_address(listener)) net.front_ports.insert(at->port);
    }
    const auto add_door = [&](const std::string& listener) {
      const auto at = parse_socket_address(listener);
      if (at && at->address == path.gate_address() && !net.is_door(at->port)) net.doors.push_back(at->port);
    };
    if (path.is_closed()) add_closed(net, path);
    add_door(path.entrance);
    add_door(path.pages.desktop.listen);
    for (const std::string& listener : config.posture.listen) add_door(listener);
    const auto console = parse_socket_address(path.pages.console.listen);
    const auto address = console ? parse_ipv4(console->address) : std::nullopt;
    if (address && *address != 0 && *address != *gate) net.console_address = *address;
    add_places(net, path, config);
    out.push_back(std::move(net));
  }
  return out;
}

std::string to_text(const Network& network) {
  return network.prefix == 32 ? ipv4_text(network.address) : ipv4_text(network);
}

std::string to_text(std::uint32_t address) {
  return ipv4_text(address);
}

}  // namespace sekisho::netd
