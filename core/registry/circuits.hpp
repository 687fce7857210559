// The closed network's rules: in what state a circuit is, when it will be usable, and whether a lent terminal may come
// over it now. Unknown is no. Threads: pure functions. Errors: refusal codes of registry/refusals.hpp.
// Source: mission.md R01, R03, R20, R21; core/decisions/0018-closed-path.md.
#pragma once
#include "registry/model.hpp"

#include <sekisho/sdk/refusal.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sekisho::registry {

/// A path to `zones` is one of the closed network: it leads to My Number's zone, or takes lent terminals alone. Rights
/// and admission ask here and nowhere else (R01, R03); a site's configuration has neither without the other.
[[nodiscard]] bool is_closed_path(const std::vector<Zone>& zones, bool lent_only);

/// Follows from the circuit's days, so that no state can contradict them. Only `usable` opens anything.
enum class CircuitState : std::uint8_t { unknown, ordered, planned, usable, ceased };
[[nodiscard]] std::string_view to_string(CircuitState);
[[nodiscard]] CircuitState state_of(const Circuit& circuit, Instant now);

/// R21: the planned day, else three months (calendar, Japan) after the order; nullopt before there is an order.
[[nodiscard]] std::optional<Instant> expected_at(const Circuit& circuit);
/// The expected day has come and the circuit is neither usable nor ceased.
[[nodiscard]] bool is_late(const Circuit& circuit, Instant now);

/// What the tunnel of a circuit is known to be. `unknown`: nobody who could tell is there; it counts as down.
enum class Line : std::uint8_t { unknown, down, up };

/// The code of what stands against this lent terminal at `now`, wherever it is: not handed over, returned, overdue, its
/// circuit missing, another contractor's, ceased or not usable yet. nullopt: nothing.
[[nodiscard]] std::optional<std::string_view> against_loan(const Registry& registry, const Terminal& terminal,
                                                           Instant now);
/// The first instant after `now` at which against_loan() will answer, with what is registered; Instant::max(): never.
[[nodiscard]] Instant loan_end(const Registry& registry, const Terminal& terminal, Instant now);

/// The usable circuit that this address belongs to, or nullptr. Prefixes of usable circuits do not overlap.
[[nodiscard]] const Circuit* circuit_of(const Registry& registry, std::string_view address, Instant now);

/// Whether this terminal may come over this circuit from this address. In this order: terminal.unknown,
/// terminal.not_lent, against_loan(), circuit.unknown, circuit.other_terminal, circuit.other_address,
/// circuit.line_unknown, circuit.line_down.
[[nodiscard]] std::optional<Refusal> refuse_on_circuit(const Registry& registry, std::string_view terminal,
                                                       std::string_view circuit, std::string_view address, Line line,
                                                       Instant now);

}  // namespace sekisho::registry
