#include "admission/circuit_rule.hpp"

#include "admission/enforcement_points.hpp"
#include "registry/refusals.hpp"

#include <algorithm>

namespace sekisho::admission {

std::optional<Refusal> refuse_circuit(const PathPolicy& policy, const registry::Registry& registry,
                                      std::string_view terminal, const Arrival& arrival, registry::Line line,
                                      Instant now) {
  const bool closed =
      policy.lent_only || std::ranges::find(policy.zones, registry::Zone::my_number) != policy.zones.end();
  if (!closed) {
    if (enforce("R01", "circuit.other_path", arrival.circuit.empty())) return std::nullopt;
    return registry::refusal("circuit.other_path");
  }
  auto against = registry::refuse_on_circuit(registry, terminal, arrival.circuit, arrival.peer_address, line, now);
  if (!against || enforce(against->rule, against->code, false)) return std::nullopt;
  return against;
}

}  // namespace sekisho::admission
