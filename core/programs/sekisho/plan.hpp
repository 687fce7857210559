// What a site's configuration means for the supervisor: which processes, which sockets, which links.
// Threads: pure, but for the functions that say that they open or make something.
#pragma once
#include "base/site_config.hpp"
#include "programs/sekisho/supervisor.hpp"

#include <sekisho/sdk/result.hpp>

#include <map>
#include <string>

namespace sekisho::supervise {

/// Order: netd, sekishod, relays, hyperds, fronts, posture front. `programs` is the folder of the programs, without
/// final slash.
[[nodiscard]] Plan make_plan(const SiteConfig& config, const std::string& config_file, const std::string& programs);

/// Binds every socket of the plan (they do not listen yet): TCP addresses as written in the configuration, the same
/// with run::kDatagramListener in front for UDP, and "control", the Unix socket of config.control_socket (mode 0600, an
/// older socket of that name is replaced; anything else there is an error). An address that a TUN will have later is
/// bound before it exists. Errors: supervise.bind.
[[nodiscard]] Result<std::map<std::string, run::Fd>> open_listeners(const SiteConfig& config, const Plan& plan);

/// Makes the gatekeeper's state and journal folders, mode 0700, when they are missing and gives them to sekishod_uid.
/// Errors: supervise.state.
[[nodiscard]] Result<void> make_state_directories(const SiteConfig& config);

}  // namespace sekisho::supervise
