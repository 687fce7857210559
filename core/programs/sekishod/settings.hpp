// Settings: the site configuration turned into what the gate's rooms take.
// Threads: pure functions but for the files named in the configuration (server certificates). Errors: config.*;
// unfinished(), ended(): audit.*.
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
/// Reads the certificates that reports may name as `srv` (every path's and the posture page's), the closed paths' and
/// the authorities of mail. Errors: config.unreadable, config.not_pem, config.authority, each with file and reason.
[[nodiscard]] Result<gate::GateOptions> gate_options(const SiteConfig& config, bool allow_simulator);
/// Sessions that the journal granted since `from` and never ended.
[[nodiscard]] Result<std::vector<std::string>> unfinished(const std::string& directory, Instant from);
/// The desktop that each session was given last since `from`, unless it has stopped or was destroyed.
[[nodiscard]] Result<std::map<std::string, gate::GivenDesktop>> given_desktops(const std::string& directory,
                                                                               Instant from);
/// Sessions that the journal ended since `from`.
[[nodiscard]] Result<std::vector<std::string>> ended(const std::string& directory, Instant from);

}  // namespace sekisho::programs
