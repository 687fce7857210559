// A network namespace of the test's own: everything of it goes when the next one is entered or the test program ends.
// Threads: one; sockets made by the calling thread belong to the newest namespace.
#pragma once
#include "run/link.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace sekisho::netd::testing {

/// Why there can be none, or nullopt after it has been entered with `lo` up.
inline std::optional<std::string> enter_fresh_namespace() {
  if (geteuid() != 0) return "root is needed for network namespaces and TUN devices";
  if (access("/dev/net/tun", R_OK | W_OK) != 0) return "/dev/net/tun is missing";
  if (unshare(CLONE_NEWNET) != 0) return std::string("no network namespace: ") + strerror(errno);
  const run::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  if (ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return std::string("lo: ") + strerror(errno);
  return std::nullopt;
}

inline void set_sysctl(const std::string& name, const std::string& value) {
  std::ofstream("/proc/sys/" + name) << value;
}

/// Gives a device an address of IPv6 with 64 bits of network; false: this kernel does not.
inline bool give_ipv6(const std::string& device, const std::string& address) {
  struct {
    in6_addr address;
    std::uint32_t prefix;
    int index;
  } request{};  // linux/ipv6.h has it and does not go with netinet/in.h
  const run::Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  request.prefix = 64;
  request.index = static_cast<int>(if_nametoindex(device.c_str()));
  if (inet_pton(AF_INET6, address.c_str(), &request.address) != 1) return false;
  if (ioctl(socket.get(), SIOCSIFADDR, &request) != 0) return false;
  // The kernel takes it up in a thread of its own; until its host route stands, the address is nobody's.
  std::string wanted;
  for (const std::uint8_t byte : request.address.s6_addr) {
    constexpr char kHex[] = "0123456789abcdef";
    wanted += {kHex[byte >> 4], kHex[byte & 15]};
  }
  wanted += " 80 ";
  for (int left = 2000; left > 0; --left) {
    std::ifstream routes("/proc/self/net/ipv6_route");
    for (std::string line; std::getline(routes, line);) {
      if (line.starts_with(wanted) && line.ends_with(" " + device)) return true;
    }
    poll(nullptr, 0, 1);
  }
  return false;
}

inline sockaddr_in socket_address(const std::string& address, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  return at;
}
/// A listening TCP socket (or a bound UDP one), non-blocking; empty when it could not be made.
inline run::Fd serve(int type, const std::string& address, std::uint16_t port) {
  run::Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(socket.get(), IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
  const sockaddr_in at = socket_address(address, port);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) return {};
  if (type == SOCK_STREAM && listen(socket.get(), 16) != 0) return {};
  return socket;
}
/// What has arrived at a non-blocking socket; empty when nothing has.
inline std::string received(int socket) {
  std::string out(4096, '\0');
  const ssize_t got = recv(socket, out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

}  // namespace sekisho::netd::testing
