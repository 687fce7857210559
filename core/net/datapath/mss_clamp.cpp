#include "net/datapath/mss_clamp.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

namespace sekisho::datapath {

namespace {

constexpr std::uint16_t kUnsaidMss = 536;

struct Found {
  bool sound = true;   ///< the option list
  std::size_t at = 0;  ///< of the value, from the packet's beginning; 0: there is no such option
  bool timestamps = false;
};

Found find_mss(std::span<const std::byte> packet, const PacketInfo& info) {
  constexpr std::size_t kOptions = kIpv4HeaderBytes + 20;
  Found found;
  const auto broken = [&found] {
    found.sound = false;
    return found;
  };
  const auto options = packet.subspan(kOptions, info.payload_at - kOptions);
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = load8(options, at);
    if (kind == 0) break;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return broken();
    const std::size_t length = load8(options, at + 1);
    if (length < 2 || length > options.size() - at) return broken();
    if (kind == 2) {
      if (length != 4) return broken();
      if (found.at == 0) found.at = kOptions + at + 2;
    }
    if (kind == 8) found.timestamps = length == 10;
    at += length;
  }
  return found;
}

void set_mss(std::span<std::byte> packet, std::size_t at, std::uint16_t mss) {
  store16(packet, at, mss);
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  store16(transport, 16, 0);
  store16(transport, 16, checksum(partial_sum(transport, pseudo_header_sum(packet, transport.size()))));
}

bool is_syn(const PacketInfo& info) {
  return !info.fragment && info.protocol == kTcp && (info.tcp_flags & kTcpSyn) != 0;
}

}  // namespace

bool clamp_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu) {
  if (!is_syn(info) || mtu <= 40) return false;
  const auto limit = static_cast<std::uint16_t>(mtu - 40);
  const Found found = find_mss(packet, info);
  if (found.at == 0 || load16(packet, found.at) <= limit) return false;
  set_mss(packet, found.at, limit);
  return true;
}

bool raise_mss(std::span<std::byte> packet, const PacketInfo& info, std::uint16_t mtu, std::uint16_t large) {
  if (!is_syn(info) || (info.tcp_flags & kTcpAck) == 0 || mtu <= 100 || large <= mtu) return false;
  const Found found = find_mss(packet, info);
  if (!found.sound || found.at == 0 || load16(packet, found.at) != mtu - 40) return false;
  const unsigned options = found.timestamps ? 12 : 0;
  const unsigned piece = mtu - 40u - options, whole = (large - 40u - options) / piece;
  if (whole < 2) return false;
  set_mss(packet, found.at, static_cast<std::uint16_t>(whole * piece + options));
  return true;
}

std::optional<std::uint16_t> mss_of(std::span<const std::byte> packet, const PacketInfo& info) {
  if (!is_syn(info)) return std::nullopt;
  const Found found = find_mss(packet, info);
  if (found.at != 0) return load16(packet, found.at);
  return found.sound ? std::optional(kUnsaidMss) : std::nullopt;
}

}  // namespace sekisho::datapath
