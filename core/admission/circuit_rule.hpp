// R01–R03 at the closed path's door, before any factor: a lent terminal, on the circuit it is registered for, from an
// address of that circuit, while the circuit's tunnel is known to be up. An arrival over any other path carries none.
// Threads: pure function. Ownership: everything is borrowed until it returns. Fails closed: what is not known refuses.
// Source: mission.md R01–R03, R21; threats.md T-43, T-45; core/decisions/0018-closed-path.md.
#pragma once
#include "admission/policy.hpp"
#include "registry/circuits.hpp"

#include <sekisho/sdk/arrival.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/time.hpp>

#include <optional>
#include <string_view>

namespace sekisho::admission {

/// `terminal`: what the shown certificate is registered for. `line`: what the circuits room knows of arrival.circuit.
/// Null: nothing against this arrival, as far as terminal and circuit go.
[[nodiscard]] std::optional<Refusal> refuse_circuit(const PathPolicy& policy, const registry::Registry& registry,
                                                    std::string_view terminal, const Arrival& arrival,
                                                    registry::Line line, Instant now);

/// As far as the arrival alone tells, before anybody has said which terminal this is: the circuit is there, usable,
/// covers the address, and its line is up.
[[nodiscard]] std::optional<Refusal> refuse_arrival(const PathPolicy& policy, const registry::Registry& registry,
                                                    const Arrival& arrival, registry::Line line, Instant now);

}  // namespace sekisho::admission
