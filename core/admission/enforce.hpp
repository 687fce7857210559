// enforce(): the one way to enforce a rule (R01–R22). Every call names a registered point, so that a tool can list them
// and a test build can disable one to prove that a scenario notices.
// Threads: pure but for the test build's switch (set before threads start).
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <span>
#include <string_view>

namespace sekisho::admission {

/// A place where a rule is enforced. `name` is the refusal code it guards.
struct EnforcementPoint {
  std::string_view rule, name, where;
};
/// Every registered point, in stable order. Points of other rooms (registry rules, plugins, front filter, nftables) are
/// listed too, with where they stand.
[[nodiscard]] std::span<const EnforcementPoint> enforcement_points();

/// True when the rule holds. With holds == false it answers false, unless the test build disabled this point.
/// Aborts on an unregistered (rule, name): a rule that no table knows cannot be proved.
[[nodiscard]] bool enforce(std::string_view rule, std::string_view name, bool holds);

/// Only compiled in with SEKISHO_MUTATION; "R04/certificate.missing". That build also switches off the point that the
/// environment names (SEKISHO_SWITCHED_OFF), wherever it stands; `./dev mutate` takes place by place.
void disable_for_test(std::string_view rule_slash_name);

}  // namespace sekisho::admission
