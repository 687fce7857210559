// ZoneProof: from what is in force (configuration, registry, addresses of this machine, the kernel's rules) proves that
// no address of one path reaches a place of another's (R01), claim by claim. A claim that cannot be shown does not
// hold, and the zones are proved apart only when all of them hold.
//
// A path's places: its inner network, its desktops' segments, the addresses where it listens, its console page, the
// closed interface; the posture page's are those of the path of the Internet. The kernel's part asks the rules about
// every packet from one side to the other (packet_search.hpp). A listener that takes any address or IPv6, or whose
// address a device of the other side has, is no place: it is reached from there unless the rules drop that.
// Claimed of the tables: what decides is netd's table as netd writes it, with no statement that nobody here reads, and
// no other table sends packets elsewhere. Of the registry: its import finds nothing, nothing of it stands on both
// sides. Of IPv6, which no zone has networks of: none is forwarded at all, by whatever device it comes and goes; its
// listeners are asked about as above. Not claimed: rules that nft does not list (iptables-legacy); and strangers who
// come by the Internet's own device for what stands behind this machine: they are of no zone, and the machine's own
// filter is for them.
//
// Threads: pure function. Ownership: values; nothing is kept. Shapes: one Claim a sentence; `from` and `to` are paths.
// Units: `kinds` counts packets that can be told apart, or objects. Ranges: `counter` holds at most kMostCounter.
// Errors: none; what cannot be read is a claim that does not hold.
// Source: issue "The closed path" 2; core/decisions/0020-ip-vpn.md, 0021-closed-lab.md.
#pragma once
#include "base/site_config.hpp"
#include "programs/sekishoctl/kernel_rules.hpp"
#include "programs/sekishoctl/packet_search.hpp"
#include "registry/json.hpp"

#include <sekisho/sdk/refusal.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace sekisho::ctl {

inline constexpr std::size_t kMostCounter = PacketSearch::kMostFound;

struct Claim {
  std::string from, to;  ///< paths; empty where it is of all
  Text says;
  bool holds = false;
  std::size_t kinds = 0;               ///< of packets, or of objects that were looked at
  std::string shown_by;                ///< the rules that dropped them, or what was compared
  std::vector<std::string> counter{};  ///< what speaks against it, the first few: packets, objects, rules
};

/// `registry`: as it was imported, with its findings. `local`: every address of this machine, of both families.
[[nodiscard]] std::vector<Claim> prove_zones(const SiteConfig& config, const registry::Imported& registry,
                                             const std::vector<LocalAddress>& local, const KernelRules& rules);

}  // namespace sekisho::ctl
