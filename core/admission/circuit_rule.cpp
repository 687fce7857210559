#include "admission/circuit_rule.hpp"

#include "admission/enforcement_points.hpp"
#include "registry/refusals.hpp"

namespace sekisho::admission {

namespace {

bool is_closed(const PathPolicy& policy) {
  return registry::is_closed_path(policy.zones, policy.lent_only);
}

std::optional<Refusal> refuse_on_another_path(const Arrival& arrival) {
  if (enforce("R01", "circuit.other_path", arrival.circuit.empty())) return std::nullopt;
  return registry::refusal("circuit.other_path");
}

}  // namespace

std::optional<Refusal> refuse_arrival(const PathPolicy& policy, const registry::Registry& registry,
                                      const Arrival& arrival, registry::Line line, Instant now) {
  if (!is_closed(policy)) return refuse_on_another_path(arrival);
  const auto* circuit = registry::circuit_of(registry, arrival.peer_address, now);
  const bool known = circuit != nullptr && circuit->id == arrival.circuit;
  if (!enforce("R03", "circuit.unknown", known)) return registry::refusal("circuit.unknown");
  const bool told = line != registry::Line::unknown;
  if (!enforce("R02", "circuit.line_unknown", told)) return registry::refusal("circuit.line_unknown");
  const bool up = !told || line == registry::Line::up;
  if (!enforce("R02", "circuit.line_down", up)) return registry::refusal("circuit.line_down");
  return std::nullopt;
}

std::optional<Refusal> refuse_circuit(const PathPolicy& policy, const registry::Registry& registry,
                                      std::string_view terminal, const Arrival& arrival, registry::Line line,
                                      Instant now) {
  if (!is_closed(policy)) return refuse_on_another_path(arrival);
  auto against = registry::refuse_on_circuit(registry, terminal, arrival.circuit, arrival.peer_address, line, now);
  if (!against || enforce(against->rule, against->code, false)) return std::nullopt;
  return against;
}

}  // namespace sekisho::admission
