// Settings: the site configuration turned into what the gate's rooms take.
// Threads: pure functions but for the files named in the configuration (server certificates). Errors: config.*.
#pragma once
#include "audit/journal.hpp"
#include "base/site_config.hpp"
#include "gate/gate.hpp"

#include <sekisho/sdk/result.hpp>

#include <map>
#include <string>
#include <vector>

namespace sekisho::programs {

[[nodiscard]] audit::JournalConfig journal_config(const SiteConfig& config);
/// What the broker of each zone is made of.
[[nodiscard]] std::vector<gate::Hypervisors::ZoneOptions> hypervisor_zones(const SiteConfig& config);
/// Reads the certificates that reports may name as `srv` (every path's and the posture page's).
[[nodiscard]] Result<gate::GateOptions> gate_options(const SiteConfig& config, bool allow_simulator);

}  // namespace sekisho::programs
