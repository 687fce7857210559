#include "programs/sekishoctl/packet_search.hpp"

#include <algorithm>

namespace sekisho::ctl {
namespace {

bool have_ports(const Packets& packets) {
  return packets.protocol == Range{kTcp, kTcp} || packets.protocol == Range{kUdp, kUdp};
}

std::string numbers(const Range& range) {
  return range.first == range.last ? std::to_string(range.first)
                                   : std::to_string(range.first) + "-" + std::to_string(range.last);
}

}  // namespace

std::string to_text(const Packets& packets) {
  std::string out = packets.iif + " ";
  if (packets.ipv6) {
    out += packets.onward ? "IPv6 onward" : "IPv6";
  } else {
    out += to_text(packets.source) + " > " + to_text(packets.destination);
  }
  if (have_ports(packets)) {
    out += packets.protocol.first == kTcp ? " tcp" : " udp";
    if (packets.port != kAnyPort) out += " " + numbers(packets.port);
    if (packets.source_port != kAnyPort) out += " from " + numbers(packets.source_port);
  } else if (packets.protocol == Range{kIcmp, kIcmp}) {
    out += " icmp";
  } else if (packets.protocol == Range{kEsp, kEsp}) {
    out += " esp";
  } else if (packets.protocol != kAnyProtocol) {
    out += " protocol " + numbers(packets.protocol);
  }
  if (packets.from_sa) out += " ipsec";
  if (packets.fragment) out += " fragment";
  return out;
}

std::size_t PacketSearch::Kinds::in(const Range& range) const {
  const auto first = std::ranges::upper_bound(edges, range.first), last = std::ranges::upper_bound(edges, range.last);
  return 1 + static_cast<std::size_t>(last - first);
}

bool PacketSearch::Kinds::split(const Range& range, Range& low, Range& high) const {
  const auto first = std::ranges::upper_bound(edges, range.first), last = std::ranges::upper_bound(edges, range.last);
  if (first == last) return false;
  const std::uint32_t at = *(first + (last - first) / 2);
  low = {range.first, at - 1}, high = {at, range.last};
  return true;
}

void PacketSearch::add(Kinds& kinds, const Range& range, std::uint32_t most) {
  const auto insert = [&](std::uint32_t edge) {
    const auto at = std::ranges::lower_bound(kinds.edges, edge);
    if (at == kinds.edges.end() || *at != edge) kinds.edges.insert(at, edge);
  };
  insert(range.first);
  if (range.last < most) insert(range.last + 1);
}

PacketSearch::PacketSearch(const KernelRules& rules, const std::vector<LocalAddress>& local)
    : rules_(rules),
      addresses_{{rules.edges().addresses.begin(), rules.edges().addresses.end()}},
      protocols_{{rules.edges().protocols.begin(), rules.edges().protocols.end()}},
      ports_{{rules.edges().ports.begin(), rules.edges().ports.end()}} {
  for (const std::uint32_t protocol : {kIcmp, kTcp, kUdp, kEsp})
    add(protocols_, {protocol, protocol}, kAnyProtocol.last);
  for (const LocalAddress& each : local) {
    const auto range = parse_range(each.address);
    if (!range) continue;
    Own& own = local_[range->first];
    own.devices.insert(each.device);
    own.broadcast = own.broadcast || each.broadcast;
    tell_apart(*range);
  }
}

void PacketSearch::tell_apart(const Range& addresses) {
  add(addresses_, addresses, kAnyAddress.last);
}
void PacketSearch::tell_port_apart(std::uint16_t port) {
  add(ports_, {port, port}, kAnyPort.last);
}

void PacketSearch::say_whose(Packets& packets) const {
  if (packets.ipv6 || local_.empty() || packets.iif == "lo") return;  // all of 127.0.0.0/8 is of lo
  const Range& to = packets.destination;
  const auto first = local_.lower_bound(to.first), last = local_.upper_bound(to.last);
  if (std::none_of(first, last, [&](const auto& each) { return each.second.devices.contains(packets.iif); })) {
    packets.own_here = {0, 0};
  }
  // Of several not all need be one, and what is sent to a broadcast address is of another type.
  if (to.first != to.last || first == last || first->second.broadcast) return;
  packets.own = {1, 1};
  if (first->second.devices == std::set{packets.iif}) packets.own_here = {1, 1};
}

std::string PacketSearch::dropped_by(Packets packets) const {
  say_whose(packets);
  std::string rule = rules_.dropped_by("prerouting", packets);
  if (!rule.empty() || (packets.ipv6 && !packets.onward)) return rule;
  if (packets.ipv6) return rules_.dropped_by("forward", packets);
  // What is for this machine is never forwarded.
  const auto here = local_.lower_bound(packets.destination.first);
  if (here != local_.end() && here->first <= packets.destination.last) return {};
  return rules_.dropped_by("forward", packets);
}

bool PacketSearch::split(const Packets& packets, std::vector<Packets>& out) const {
  const auto by = [&](const Kinds& kinds, Range Packets::*part) {
    Packets low = packets, high = packets;
    if (!kinds.split(packets.*part, low.*part, high.*part)) return false;
    out.push_back(std::move(high));
    out.push_back(std::move(low));
    return true;
  };
  if (by(protocols_, &Packets::protocol)) return true;
  if (!packets.ipv6 && (by(addresses_, &Packets::destination) || by(addresses_, &Packets::source))) return true;
  if (!have_ports(packets) || packets.fragment) return false;
  return by(ports_, &Packets::port) || by(ports_, &Packets::source_port);
}

std::size_t PacketSearch::kinds_of(const Packets& packets) const {
  const std::size_t ports = packets.fragment ? 1 : ports_.in(packets.port) * ports_.in(packets.source_port);
  std::size_t out = protocols_.in(packets.protocol);
  for (const std::uint32_t protocol : {kTcp, kUdp}) {
    if (packets.protocol.holds(protocol)) out += ports - 1;
  }
  return packets.ipv6 ? out : out * addresses_.in(packets.source) * addresses_.in(packets.destination);
}

void PacketSearch::search(Packets packets, bool fragments, Found& found) const {
  for (const bool from_sa : {false, true}) {
    for (const bool fragment : {false, true}) {
      if (fragment && !fragments) continue;
      packets.from_sa = from_sa, packets.fragment = fragment;
      found.kinds += kinds_of(packets);
      std::vector<Packets> left{packets};
      while (!left.empty() && found.pass.size() < kMostFound) {
        const Packets some = std::move(left.back());
        left.pop_back();
        if (std::string rule = dropped_by(some); !rule.empty()) {
          found.by.insert(std::move(rule));
        } else if (!split(some, left)) {
          found.pass.push_back(to_text(some));
        }
      }
    }
  }
}

}  // namespace sekisho::ctl
