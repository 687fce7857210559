// R09 at login: on our pages the browser is judged before any factor, by the posture check "browser" and with the
// path's mode. A login in the VPN client's own form is not judged here (decisions.md "Browser login").
// Threads: pure function. Ownership: everything is borrowed until it returns. Fails closed: a check that is missing,
// throws, has no result or calls itself not applicable refuses.
#pragma once
#include "admission/policy.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/arrival.hpp>
#include <sekisho/sdk/posture_check.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/time.hpp>

#include <map>
#include <optional>
#include <string>

namespace sekisho::admission {

/// `terminal`: what the shown certificate is registered for, or empty; its accepted exceptions count.
/// Null: nothing against this browser, or the path does not enforce the check.
[[nodiscard]] std::optional<Refusal> refuse_browser(const PathPolicy& policy,
                                                    const std::map<std::string, const PostureCheck*>& checks,
                                                    const registry::Registry& registry, const std::string& terminal,
                                                    const Arrival& arrival, Instant now);

}  // namespace sekisho::admission
