// ZoneProof: from what is in force (configuration, registry, addresses of this machine, the kernel's rules) proves that
// no address of one path reaches a place of another's (R01), claim by claim. A claim that cannot be shown does not
// hold.
//
// A path's places: its inner network, its desktops' segments, the addresses where it listens, its console page, the
// closed interface. The kernel's part takes one packet of every kind that its rules can tell apart (edges of all
// constants, devices, protocols, ports) and asks the rules what becomes of it.
// Threads: pure function. Source: issue "The closed path" 2; core/decisions/0020-ip-vpn.md.
#pragma once
#include "base/site_config.hpp"
#include "programs/sekishoctl/kernel_rules.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/refusal.hpp>

#include <string>
#include <vector>

namespace sekisho::ctl {

struct LocalAddress {
  std::string device, address;
};

struct Claim {
  std::string from, to;  ///< paths; empty where it is of all
  Text says;
  bool holds = false;
  std::size_t kinds = 0;               ///< of packets, or of objects that were looked at
  std::string shown_by;                ///< the rules that dropped them, or what was compared
  std::vector<std::string> counter{};  ///< what speaks against it, the first few
};

[[nodiscard]] std::vector<Claim> prove_zones(const SiteConfig& config, const registry::Registry& registry,
                                             const std::vector<LocalAddress>& local, const KernelRules& rules);

}  // namespace sekisho::ctl
