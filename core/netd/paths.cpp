#include "netd/paths.hpp"

#include "base/site_config_parse.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace sekisho::netd {

bool NetPath::is_session_address(std::uint32_t address) const {
  return (address & mask()) == network() && address != network() && address != (network() | ~mask()) &&
         address != gate_address;
}

bool NetPath::is_door(std::uint16_t port) const {
  return std::ranges::find(doors, port) != doors.end();
}

std::vector<NetPath> net_paths(const SiteConfig& config) {
  std::vector<NetPath> out;
  for (const PathConfig& path : config.paths) {
    const auto gate = parse_ipv4(path.tun.gate_address);
    if (!gate) continue;
    NetPath net{path.name, path.tun.name, *gate, path.tun.prefix, path.tun.mtu, {}, {}};
    const auto add_door = [&](const std::string& listener) {
      const auto at = parse_socket_address(listener);
      if (at && at->address == path.tun.gate_address && !net.is_door(at->port)) net.doors.push_back(at->port);
    };
    add_door(path.entrance);
    add_door(path.pages.desktop.listen);
    for (const std::string& listener : config.posture.listen) add_door(listener);
    const auto console = parse_socket_address(path.pages.console.listen);
    const auto address = console ? parse_ipv4(console->address) : std::nullopt;
    if (address && *address != 0 && *address != *gate) net.console_address = *address;
    out.push_back(std::move(net));
  }
  return out;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (text.size() >= INET_ADDRSTRLEN || text.find('\0') != text.npos ||
      inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) {
    return std::nullopt;
  }
  return ntohl(address.s_addr);
}

std::string to_text(std::uint32_t address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  const in_addr in{htonl(address)};
  inet_ntop(AF_INET, &in, text.data(), text.size());
  return text.data();
}

}  // namespace sekisho::netd
