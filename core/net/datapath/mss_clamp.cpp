#include "net/datapath/mss_clamp.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/checksum.hpp"

namespace sekisho::datapath {

namespace {

constexpr std::uint16_t kUnsaidMss = 536;

struct Found {
  bool sound = true;   ///< the option list
  std::size_t at = 0;  ///< of the value, from the packet's beginning; 0: there is no such option
};

Found find_mss(std::span<const std::byte> packet, const PacketInfo& info) {
  constexpr std::size_t kOptions = kIpv4HeaderBytes + 20;
  const auto options = packet.subspan(kOptions, info.payload_at - kOptions);
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t kind = load8(options, at);
    if (kind == 0) break;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return {false, 0};
    const std::size_t length = load8(options, at + 1);
    if (length < 2 || length > options.size() - at) return {false, 0};
    if (kind == 2) return length == 4 ? Found{true, kOptions + at + 2} : Found{false, 0};
    at += length;
  }
  return {};
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
  store16(packet, found.at, limit);
  const auto transport = packet.subspan(kIpv4HeaderBytes);
  store16(transport, 16, 0);
  store16(transport, 16, checksum(partial_sum(transport, pseudo_header_sum(packet, transport.size()))));
  return true;
}

std::optional<std::uint16_t> mss_of(std::span<const std::byte> packet, const PacketInfo& info) {
  if (!is_syn(info)) return std::nullopt;
  const Found found = find_mss(packet, info);
  if (!found.sound) return std::nullopt;
  return found.at == 0 ? kUnsaidMss : load16(packet, found.at);
}

}  // namespace sekisho::datapath
