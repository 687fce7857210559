// What a session's packets may do. The front holds each session to its own source address and its list of destinations;
// everything else is dropped and counted (R11, T-42). nftables repeats it behind the TUN, where sessions can no longer
// be told apart.
// Threads: pure functions over values; a filter is const and shared. Units: addresses and ports in host order.
// Errors: none; a rule that cannot be read gives nothing.
#pragma once
#include "net/datapath/ipv4.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>

#include <cstdint>
#include <vector>

namespace sekisho::front {

struct Destination {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;  ///< 6 or 17
  friend bool operator==(const Destination&, const Destination&) = default;
};

/// A SessionView's filter, ready for packets.
struct SessionRights {
  std::uint32_t address = 0;  ///< 0: the view's address was none, nothing passes
  std::vector<Destination> allowed;
};
[[nodiscard]] SessionRights rights_of(const SessionView& view);

class PacketFilter {
 public:
  virtual ~PacketFilter() = default;
  /// From the client to the inside. `info` comes from inspect().
  [[nodiscard]] virtual bool inward(const SessionRights& rights, const datapath::PacketInfo& info) const = 0;
  /// From the inside to the client.
  [[nodiscard]] virtual bool outward(const SessionRights& rights, const datapath::PacketInfo& info) const = 0;
};

/// Whole TCP and UDP packets between the session's address and a listed address, port and protocol. No ICMP, no
/// fragments.
class StrictPacketFilter final : public PacketFilter {
 public:
  [[nodiscard]] bool inward(const SessionRights& rights, const datapath::PacketInfo& info) const override;
  [[nodiscard]] bool outward(const SessionRights& rights, const datapath::PacketInfo& info) const override;
};

}  // namespace sekisho::front
