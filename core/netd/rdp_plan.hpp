// RdpPlan: the RDP rights that the kernel holds and what to tell it (as NetPlan does for sessions); RdpWatch: what of
// the refused tries is new. Machines without sockets: facts and `now` go in, commands and messages come out.
//
//   DesiredRdp ─change()─▶ Change{gone, fresh} ─kernel─▶ commit()
//   counter, elements ─look()─▶ new tries ─take()─▶ RdpRefused
//
// Fails closed: a right that breaks a rule is refused alone and named; those beside it hold. Threads: one.
// Units: `ttl_s` seconds, 1 to kLongestTtl. Ranges: RdpWatch keeps at most kMostPairs pairs that were not told; more
// are summed without addresses. Source: consoles.md §3; core/decisions/0016-rdp.md.
#pragma once
#include "netd/paths.hpp"
#include "netd/rdp_rules.hpp"
#include "seam/rdp_messages.hpp"

#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace sekisho::netd {

class RdpPlan {
 public:
  using Held = std::map<RdpPair, Instant>;  ///< until when
  struct Change {
    std::set<RdpPair> gone;
    RdpRights fresh;
    Held held;            ///< what the kernel holds afterwards
    std::string refused;  ///< what was refused and why; empty: nothing
  };

  explicit RdpPlan(std::vector<NetPath> paths) : paths_(std::move(paths)) {}
  [[nodiscard]] Change change(const seam::DesiredRdp& desired, Instant now) const;
  void commit(Change change) { held_ = std::move(change.held); }
  /// Takes over a right that the kernel held before netd started; one that breaks a rule is left out.
  void adopt(const RdpPair& pair, std::chrono::seconds left, Instant now);
  /// Those that still have time.
  [[nodiscard]] RdpRights rights(Instant now) const;

 private:
  [[nodiscard]] const char* fault(std::uint32_t source, std::uint32_t destination) const;
  std::vector<NetPath> paths_;
  Held held_;
};

class RdpWatch {
 public:
  static constexpr std::size_t kMostPairs = 255;

  /// `refused`: the kernel's counter, read before `seen`, its elements.
  void look(std::uint64_t refused, const std::vector<RdpSeen>& seen);
  /// The table was made anew: the kernel counts from 0.
  void restart();
  /// What was not told yet; it is told then.
  [[nodiscard]] seam::RdpRefused take();

 private:
  using Key = std::tuple<RdpPair, std::uint8_t>;
  struct Sum {
    std::uint32_t tries = 0;
    std::uint64_t packets = 0;
  };
  std::map<std::tuple<RdpPair, std::uint8_t, std::uint16_t>, std::uint64_t> seen_;  // packets
  std::uint64_t counter_ = 0;
  std::int64_t unnamed_ = 0;  // counted by the kernel and not found among its elements; below 0: found before counted
  std::map<Key, Sum> new_;
  Sum others_;
};

}  // namespace sekisho::netd
