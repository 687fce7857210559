// Where the sockets of a site may stand: rules between its paths, so that no zone is reached from another one (R01). Of
// the site configuration's reader; every refusal has its words in both languages here.
// Threads: pure functions. Errors, each with its JSON pointer, what, why and what to do: config.wildcard_listener,
// config.other_zone_address, config.lent_only, config.posture_missing, config.posture_address, config.ike_address.
// Source: mission.md R01–R03; core/decisions/0020-ip-vpn.md ("Where sockets stand").
#pragma once
#include "base/site_config.hpp"

#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>

#include <vector>

namespace sekisho {

/// Adds an error for each place that breaks a rule. What is no address at all, another rule has told.
void judge_places(const SiteConfig& site, std::vector<Error>& errors);

/// Every refusal of judge_places().
[[nodiscard]] std::vector<Refusal> place_refusals();

}  // namespace sekisho
