// Packets for tests: TCP, UDP and ICMP with right lengths and checksums, to be bent afterwards.
// Threads: pure functions.
#pragma once
#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"
#include "net/datapath/ipv4.hpp"

#include <cstring>
#include <string_view>
#include <vector>

namespace sekisho::datapath {

using Bytes = std::vector<std::byte>;

struct PacketSpec {
  std::string_view source = "10.202.0.10", destination = "10.202.0.1";
  std::uint8_t protocol = kTcp;
  std::uint16_t source_port = 40000, destination_port = 5900;
  std::uint32_t sequence = 1000, acknowledgement = 77;
  std::uint8_t flags = kTcpAck;
  std::uint16_t id = 1, fragment = 0x4000;
  std::uint8_t ttl = 64;
  std::vector<std::uint8_t> tcp_options = {};
  Bytes payload = {};
};

inline Bytes text_payload(std::size_t bytes, unsigned seed = 1) {
  Bytes out(bytes);
  for (auto& byte : out) byte = static_cast<std::byte>((seed = seed * 1103515245 + 12345) >> 16);
  return out;
}

/// Makes header and transport checksums right for what the bytes now say.
inline void refresh(Bytes& packet) {
  finish_ipv4_header(packet);
  const auto transport = std::span(packet).subspan(kIpv4HeaderBytes);
  const std::uint8_t protocol = load8(packet, 9);
  const std::size_t field = protocol == kTcp ? 16 : protocol == kUdp ? 6 : 2;
  if (transport.size() < field + 2) return;
  store16(transport, field, 0);
  const std::uint64_t base = protocol == kIcmp ? 0 : pseudo_header_sum(packet, transport.size());
  store16(transport, field, checksum(partial_sum(transport, base)));
}

inline Bytes make_packet(const PacketSpec& spec) {
  const std::size_t transport_header = spec.protocol == kTcp ? 20 + spec.tcp_options.size() : 8;
  Bytes packet(kIpv4HeaderBytes + transport_header + spec.payload.size());
  store8(packet, 0, 0x45);
  store16(packet, 4, spec.id);
  store16(packet, 6, spec.fragment);
  store8(packet, 8, spec.ttl);
  store8(packet, 9, spec.protocol);
  store32(packet, 12, parse_ipv4(spec.source).value());
  store32(packet, 16, parse_ipv4(spec.destination).value());
  const auto transport = std::span(packet).subspan(kIpv4HeaderBytes);
  if (spec.protocol == kTcp) {
    store32(transport, 4, spec.sequence);
    store32(transport, 8, spec.acknowledgement);
    store8(transport, 12, static_cast<std::uint8_t>(transport_header / 4 << 4));
    store8(transport, 13, spec.flags);
    store16(transport, 14, 512);
    if (!spec.tcp_options.empty()) std::memcpy(transport.data() + 20, spec.tcp_options.data(), spec.tcp_options.size());
  } else if (spec.protocol == kUdp) {
    store16(transport, 4, static_cast<std::uint16_t>(transport.size()));
  } else if (spec.protocol == kIcmp) {
    store8(transport, 0, 8);
  }
  if (spec.protocol == kTcp || spec.protocol == kUdp) {
    store16(transport, 0, spec.source_port);
    store16(transport, 2, spec.destination_port);
  }
  if (!spec.payload.empty()) std::memcpy(transport.data() + transport_header, spec.payload.data(), spec.payload.size());
  refresh(packet);
  return packet;
}

}  // namespace sekisho::datapath
