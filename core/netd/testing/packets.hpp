// Packets as a contractor's PC would send them, and what came back, for a TUN queue with the 12-byte header.
// Threads: one. Units: host byte order everywhere outside the bytes.
#pragma once
#include "netd/paths.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::netd::testing {

inline constexpr std::size_t kVnetHeader = 12;
inline constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPush = 8, kAck = 16;

using Octets = std::vector<std::uint8_t>;

inline void put16(Octets& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
inline std::uint32_t get(const Octets& from, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | from.at(at + i);
  return value;
}
/// RFC 1071, over `data` and a start value.
inline std::uint16_t internet_checksum(const Octets& data, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < data.size(); i += 2) {
    sum += static_cast<std::uint32_t>(data[i] << 8) + (i + 1 < data.size() ? data[i + 1] : 0);
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

inline Octets ip(std::string_view from, std::string_view to, std::uint8_t protocol, const Octets& body,
                 std::uint16_t fragment = 0) {
  Octets out{0x45, 0};
  put16(out, static_cast<std::uint32_t>(20 + body.size()));
  put16(out, 7);
  put16(out, fragment);
  out.insert(out.end(), {64, protocol, 0, 0});
  put32(out, parse_ipv4(from).value());
  put32(out, parse_ipv4(to).value());
  const std::uint16_t sum = internet_checksum(out);
  out[10] = static_cast<std::uint8_t>(sum >> 8);
  out[11] = static_cast<std::uint8_t>(sum);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

/// Fills the checksum of a TCP (16) or UDP (6) body at `at`.
inline void seal(Octets& body, std::size_t at, std::string_view from, std::string_view to, std::uint8_t protocol) {
  Octets pseudo;
  put32(pseudo, parse_ipv4(from).value());
  put32(pseudo, parse_ipv4(to).value());
  put16(pseudo, protocol);
  put16(pseudo, static_cast<std::uint32_t>(body.size()));
  const std::uint32_t start = static_cast<std::uint16_t>(~internet_checksum(pseudo));
  const std::uint16_t sum = internet_checksum(body, start);
  body[at] = static_cast<std::uint8_t>(sum >> 8);
  body[at + 1] = static_cast<std::uint8_t>(sum);
}

struct Tcp {
  std::uint16_t from_port = 40001, to_port = 5900;
  std::uint32_t sequence = 1000, acknowledged = 0;
  std::uint8_t flags = kSyn;
  std::string data{};
};
inline Octets tcp(std::string_view from, std::string_view to, const Tcp& what) {
  Octets body;
  put16(body, what.from_port);
  put16(body, what.to_port);
  put32(body, what.sequence);
  put32(body, what.acknowledged);
  body.insert(body.end(), {0x50, what.flags, 0xff, 0xff, 0, 0, 0, 0});
  body.insert(body.end(), what.data.begin(), what.data.end());
  seal(body, 16, from, to, 6);
  return ip(from, to, 6, body);
}
inline Octets udp(std::string_view from, std::string_view to, std::uint16_t to_port, std::string_view data = "ask") {
  Octets body;
  put16(body, 40002);
  put16(body, to_port);
  put16(body, static_cast<std::uint32_t>(8 + data.size()));
  put16(body, 0);
  body.insert(body.end(), data.begin(), data.end());
  seal(body, 6, from, to, 17);
  return ip(from, to, 17, body);
}
inline Octets ping(std::string_view from, std::string_view to) {
  Octets body{8, 0, 0, 0, 0, 1, 0, 1};
  const std::uint16_t sum = internet_checksum(body);
  body[2] = static_cast<std::uint8_t>(sum >> 8);
  body[3] = static_cast<std::uint8_t>(sum);
  return ip(from, to, 1, body);
}
/// An ICMPv6 echo request.
inline Octets ping6(const char* from = "fd00::2", const char* to = "fd00::1") {
  std::array<std::uint8_t, 32> ends{};
  inet_pton(AF_INET6, from, ends.data());
  inet_pton(AF_INET6, to, ends.data() + 16);
  Octets body{128, 0, 0, 0, 0, 1, 0, 1}, pseudo(ends.begin(), ends.end());
  pseudo.insert(pseudo.end(), {0, 0, 0, 8, 0, 0, 0, 58});
  pseudo.insert(pseudo.end(), body.begin(), body.end());
  const std::uint16_t sum = internet_checksum(pseudo);
  body[2] = static_cast<std::uint8_t>(sum >> 8);
  body[3] = static_cast<std::uint8_t>(sum);
  Octets out{0x60, 0, 0, 0, 0, 8, 58, 64};
  out.insert(out.end(), ends.begin(), ends.end());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

inline bool inject(int queue, const Octets& packet) {
  Octets frame(kVnetHeader);
  frame.insert(frame.end(), packet.begin(), packet.end());
  return write(queue, frame.data(), frame.size()) == static_cast<ssize_t>(frame.size());
}
/// The next packet out of the queue, without its header; nullopt when there is none.
inline std::optional<Octets> take(int queue) {
  Octets frame(65'536 + kVnetHeader);
  const ssize_t got = read(queue, frame.data(), frame.size());
  if (got < static_cast<ssize_t>(kVnetHeader)) return std::nullopt;
  return Octets(frame.begin() + kVnetHeader, frame.begin() + got);
}
struct Answer {
  std::string from, to;
  std::uint8_t protocol = 0, flags = 0;
  std::uint16_t from_port = 0;
  std::uint32_t sequence = 0;
  std::string data;
};
/// The next IPv4 packet out of the queue.
inline std::optional<Answer> take_answer(int queue) {
  while (auto packet = take(queue)) {
    if (packet->size() < 20 || packet->at(0) >> 4 != 4) continue;
    Answer out{to_text(get(*packet, 12, 4)), to_text(get(*packet, 16, 4)), packet->at(9), 0, 0, 0, {}};
    const std::size_t head = (packet->at(0) & 15u) * 4u;
    if (out.protocol == 6 && packet->size() >= head + 20) {
      out.from_port = static_cast<std::uint16_t>(get(*packet, head, 2));
      out.sequence = get(*packet, head + 4, 4);
      out.flags = packet->at(head + 13);
      const std::size_t data = head + (packet->at(head + 12) >> 4) * 4u;
      out.data.assign(packet->begin() + static_cast<std::ptrdiff_t>(data), packet->end());
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace sekisho::netd::testing
