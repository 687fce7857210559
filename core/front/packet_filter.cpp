#include "front/packet_filter.hpp"

#include "net/datapath/icmp.hpp"

#include <algorithm>

namespace sekisho::front {
namespace {

bool listed(const SessionRights& rights, const Destination& wanted) {
  return std::find(rights.allowed.begin(), rights.allowed.end(), wanted) != rights.allowed.end();
}

bool plain(const SessionRights& rights, const datapath::PacketInfo& info) {
  return rights.address != 0 && !info.fragment &&
         (info.protocol == datapath::kTcp || info.protocol == datapath::kUdp) && info.source_port != 0 &&
         info.destination_port != 0;
}

}  // namespace

SessionRights rights_of(const SessionView& view) {
  SessionRights out;
  const auto own = datapath::parse_ipv4(view.address);
  if (!own || !datapath::is_single_host(*own)) return out;
  out.address = *own;
  if (view.state != SessionState::quarantine && view.state != SessionState::admitted) return out;
  for (const FilterRule& rule : view.filter) {
    const auto address = datapath::parse_ipv4(rule.address);
    if (!address || !datapath::is_single_host(*address) || *address == *own || rule.port == 0) continue;
    if (rule.protocol != datapath::kTcp && rule.protocol != datapath::kUdp) continue;
    out.allowed.push_back({*address, rule.port, rule.protocol});
  }
  return out;
}

bool StrictPacketFilter::inward(const SessionRights& rights, const datapath::PacketInfo& info) const {
  const Destination to{info.destination, info.destination_port, info.protocol};
  const bool own = info.source == rights.address;  // enforces R11/filter.source
  const bool allowed = listed(rights, to);         // enforces R11/filter.destination
  return plain(rights, info) && own && allowed;
}

bool StrictPacketFilter::outward(const SessionRights& rights, const datapath::PacketInfo& info) const {
  const Destination from{info.source, info.source_port, info.protocol};
  const bool allowed = listed(rights, from);  // enforces R11/filter.destination
  return plain(rights, info) && info.destination == rights.address && allowed;
}

}  // namespace sekisho::front
