#include "front/tunnels.hpp"

#include "net/datapath/bytes.hpp"
#include "net/datapath/icmp.hpp"
#include "net/datapath/mss_clamp.hpp"
#include "net/datapath/segmenter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sekisho::front {
namespace {

constexpr std::chrono::seconds kRefusedEvery{1};
constexpr std::uint16_t kSmallestMtu = 576, kLargestMtu = 16'000;

/// Of the session: what comes from the client may be as large.
std::uint16_t mtu_of(const Tunnel& tunnel) {
  return std::clamp(tunnel.view.mru, kSmallestMtu, kLargestMtu);
}

/// What may go to the client.
std::uint16_t mtu_to_peer(const Tunnel& tunnel) {
  return std::clamp(std::min(tunnel.view.mru, tunnel.largest_packet), kSmallestMtu, kLargestMtu);
}

/// What the peer's own interface carries, by its SYNs.
std::uint16_t widest_of(const Tunnel& tunnel) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(tunnel.peer_mss + 40u, 65'535));
}

/// Best guess at the destination of what inspect() refuses: for the notice only.
Destination claimed(std::span<const std::byte> packet) {
  Destination out;
  if (packet.size() < datapath::kIpv4HeaderBytes || datapath::load8(packet, 0) >> 4 != 4) return out;
  out.address = datapath::load32(packet, 16);
  out.protocol = datapath::load8(packet, 9);
  return out;
}

}  // namespace

Tunnels::Tunnels(const run::Clock& clock, run::Timers& timers, const FrontLimits& limits, const PacketFilter& filter,
                 std::uint64_t seed, Callbacks callbacks)
    : clock_(clock),
      timers_(timers),
      limits_(limits),
      filter_(filter),
      callbacks_(std::move(callbacks)),
      pool_(seed),
      coalescer_([this](std::span<const std::byte> frame) { callbacks_.write_tun(frame); }) {}

Tunnels::~Tunnels() {
  for (auto& [session, tunnel] : by_session_) {
    timers_.cancel(tunnel->refused_timer);
    if (tunnel->owner != nullptr) tunnel->owner->tunnel = nullptr;
  }
}

ConnectionDriver* Tunnels::attach(ConnectionDriver& owner, const SessionView& view) {
  if (owner.tunnel != nullptr && owner.tunnel->view.session != view.session) detach(owner);
  auto& slot = by_session_[view.session];
  if (!slot) slot = std::make_unique<Tunnel>(pool_, limits_.queue);
  Tunnel& tunnel = *slot;
  ConnectionDriver* before = tunnel.owner == &owner ? nullptr : tunnel.owner;
  if (before != nullptr) {
    before->dropped = tunnel.dropped;
    before->tunnel = nullptr;
    tunnel.announced = false;
  }
  tunnel.owner = &owner;
  tunnel.large = 0;  // agreed anew on each connection
  tunnel.large_uploads = false;
  tunnel.largest_packet = 65'535;
  tunnel.ended = false;
  owner.tunnel = &tunnel;
  change(tunnel, view);
  return before;
}

void Tunnels::detach(ConnectionDriver& owner) {
  if (owner.tunnel != nullptr) remove(*owner.tunnel);
}

void Tunnels::remove(Tunnel& tunnel) {
  timers_.cancel(tunnel.refused_timer);
  if (tunnel.refused > 0) tell_refused(tunnel);  // the session's last word counts them
  const auto at = by_address_.find(tunnel.rights.address);
  if (at != by_address_.end() && at->second == &tunnel) by_address_.erase(at);
  if (tunnel.owner != nullptr) {
    tunnel.owner->dropped = tunnel.dropped;
    tunnel.owner->tunnel = nullptr;
  }
  const std::string session = tunnel.view.session;
  by_session_.erase(session);
}

void Tunnels::allow_large(Tunnel& tunnel, std::uint16_t bytes) {
  tunnel.large = std::min(bytes, kLargestMtu);
  tunnel.large_uploads = false;
  tunnel.peer_mss = 0;
}

/// How large a TCP packet to the peer may be now; 0: no larger than any other.
std::uint16_t Tunnels::large_now(const Tunnel& tunnel) {
  if (tunnel.large == 0 || tunnel.peer_mss == 0) return 0;
  const std::uint64_t taken = std::min<std::uint64_t>(tunnel.large, std::uint64_t{tunnel.peer_mss} + 40);
  return static_cast<std::uint16_t>(std::min(taken, tunnel.queue.rate().in_a_moment()));
}

Tunnel* Tunnels::find(std::string_view session) {
  const auto found = by_session_.find(std::string(session));
  return found == by_session_.end() ? nullptr : found->second.get();
}

Tunnel* Tunnels::at_address(std::uint32_t address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

void Tunnels::change(Tunnel& tunnel, const SessionView& view) {
  const auto old = by_address_.find(tunnel.rights.address);
  if (old != by_address_.end() && old->second == &tunnel) by_address_.erase(old);
  tunnel.view = view;
  tunnel.rights = rights_of(view);
  // A second of grace: the gatekeeper's own end comes first and says more.
  tunnel.ends_at = clock_.now() + Seconds{view.remaining_s} + Seconds{1};
  // One address has one owner; who comes later has it from the gatekeeper.
  if (tunnel.rights.address != 0) by_address_[tunnel.rights.address] = &tunnel;
}

void Tunnels::shut(Tunnel& tunnel) {
  tunnel.ended = true;
  tunnel.rights.allowed.clear();
  tunnel.queue.clear();
  const auto at = by_address_.find(tunnel.rights.address);
  if (at != by_address_.end() && at->second == &tunnel) by_address_.erase(at);
  tunnel.rights.address = 0;
}

// --- the client's packets
// ----------------------------------------------------------------------------------------------------

void Tunnels::deliver(Tunnel& tunnel, std::span<const std::byte> packet) {
  if (tunnel.ended) return;
  const auto info = datapath::inspect(packet);
  if (!info) return refuse(tunnel, claimed(packet));
  if (!filter_.inward(tunnel.rights, *info)) {
    return refuse(tunnel, {info->destination, info->destination_port, info->protocol});
  }
  if (!datapath::transport_checksum_ok(packet, *info)) {
    return refuse(tunnel, {info->destination, info->destination_port, info->protocol});
  }
  // The peer's interface may be wider than what is behind the gate. What a flow was allowed to send large leaves here
  // in pieces of the session's usual size; no other flow has such packets.
  if (const std::uint16_t mtu = mtu_of(tunnel); packet.size() > mtu) {
    if (!tunnel.large_uploads || packet.size() > tunnel.large || !datapath::is_large_data(*info)) {
      ++counters_.too_big;
      return;
    }
    return coalescer_.push_large(packet, *info, mtu - std::size_t{info->payload_at});
  }
  if ((info->tcp_flags & datapath::kTcpSyn) == 0) return coalescer_.push(packet, *info);
  if (const auto mss = datapath::mss_of(packet, *info); mss && tunnel.large != 0) {
    tunnel.peer_mss = tunnel.peer_mss == 0 ? *mss : std::min(tunnel.peer_mss, *mss);
  }
  scratch_.assign(packet.begin(), packet.end());
  datapath::clamp_mss(scratch_, *info, mtu_to_peer(tunnel));
  coalescer_.push(scratch_, *info);
}

void Tunnels::flush() {
  coalescer_.flush();
}

// --- the inside's packets
// ----------------------------------------------------------------------------------------------------

void Tunnels::on_frame(std::span<const std::byte> frame) {
  if (frame.size() < datapath::kVnetHeaderBytes + datapath::kIpv4HeaderBytes ||
      datapath::load8(frame, datapath::kVnetHeaderBytes) >> 4 != 4) {
    ++counters_.malformed;  // IPv6 router solicitations of the device, for example
    return;
  }
  Tunnel* tunnel = at_address(datapath::load32(frame, datapath::kVnetHeaderBytes + 16));
  if (tunnel == nullptr || tunnel->owner == nullptr) {
    ++counters_.to_nobody;
    return;
  }
  const std::uint16_t mtu = mtu_to_peer(*tunnel);
  auto cut = datapath::Segmenter::open(frame, mtu, large_now(*tunnel));
  if (!cut) {
    if (cut.error().code == "packet.too_big") return answer_too_big(*tunnel, frame.subspan(datapath::kVnetHeaderBytes));
    ++counters_.malformed;
    return;
  }
  if (!filter_.outward(tunnel->rights, cut->info())) {
    ++counters_.refused_out;
    return;
  }
  const Instant now = clock_.now();
  while (const std::size_t size = cut->next_size()) {
    const auto place = tunnel->queue.prepare(cut->info(), size);
    if (place.empty()) {
      ++counters_.no_room;
      break;  // the rest of a super-packet would be out of order
    }
    const std::size_t written = cut->next(place);
    if (tunnel->large_uploads && mtu == mtu_of(*tunnel)) {
      datapath::raise_mss(place.first(written), cut->info(), mtu, std::min(tunnel->large, widest_of(*tunnel)));
    }
    tunnel->queue.commit(written, now);
  }
  tunnel->owner->packets_waiting();
}

void Tunnels::answer_too_big(Tunnel& tunnel, std::span<const std::byte> packet) {
  ++counters_.too_big;
  const auto info = datapath::inspect(packet);
  if (!info || !filter_.outward(tunnel.rights, *info)) return;
  const auto gate = datapath::parse_ipv4(tunnel.view.gate_address);
  if (!gate) return;
  const auto answer = datapath::make_packet_too_big(packet, *gate, mtu_to_peer(tunnel));
  if (!answer) return;
  std::array<std::byte, datapath::kVnetHeaderBytes + datapath::kPacketTooBigBytes> frame{};
  std::memcpy(frame.data() + datapath::kVnetHeaderBytes, answer->data(), answer->size());
  callbacks_.write_tun(frame);
}

// --- refused packets
// ---------------------------------------------------------------------------------------------------------

void Tunnels::refuse(Tunnel& tunnel, const Destination& wanted) {
  ++counters_.refused_in;
  ++tunnel.dropped;
  ++tunnel.refused;
  tunnel.last_refused = {datapath::ipv4_text(wanted.address), wanted.port, wanted.protocol};
  if (tunnel.refused_timer != 0) return;
  const Instant now = clock_.now();
  if (now >= tunnel.refused_told + kRefusedEvery) return tell_refused(tunnel);
  tunnel.refused_timer = timers_.at(tunnel.refused_told + kRefusedEvery, [this, &tunnel] {
    tunnel.refused_timer = 0;
    tell_refused(tunnel);
  });
}

void Tunnels::tell_refused(Tunnel& tunnel) {
  tunnel.refused_told = clock_.now();
  callbacks_.notice(PacketsRefused{tunnel.view.session, std::exchange(tunnel.refused, 0), tunnel.last_refused});
}

}  // namespace sekisho::front
