#include "registry/circuits.hpp"

#include "registry/refusals.hpp"
#include "registry/text.hpp"

#include <algorithm>
#include <string>

namespace sekisho::registry {
namespace {

constexpr auto kJapan = std::chrono::hours(9);
constexpr std::chrono::months kLead{3};

bool reached(const std::optional<Instant>& at, Instant now) {
  return at && *at <= now;
}

bool covers(const Circuit& circuit, std::string_view address) {
  const std::string one = std::string(address) + (address.find(':') == std::string_view::npos ? "/32" : "/128");
  return is_prefix(one) && std::ranges::any_of(circuit.prefixes, [&](const std::string& p) { return overlap(p, one); });
}

}  // namespace

bool is_closed_path(const std::vector<Zone>& zones, bool lent_only) {
  return lent_only || std::ranges::find(zones, Zone::my_number) != zones.end();
}

std::string_view to_string(CircuitState value) {
  switch (value) {
    case CircuitState::unknown:
      return "unknown";
    case CircuitState::ordered:
      return "ordered";
    case CircuitState::planned:
      return "planned";
    case CircuitState::usable:
      return "usable";
    case CircuitState::ceased:
      return "ceased";
  }
  return "";
}

CircuitState state_of(const Circuit& circuit, Instant now) {
  if (reached(circuit.ended_at, now)) return CircuitState::ceased;
  if (reached(circuit.usable_at, now)) return CircuitState::usable;
  if (!reached(circuit.ordered_at, now)) return CircuitState::unknown;
  return circuit.planned_at || circuit.usable_at ? CircuitState::planned : CircuitState::ordered;
}

std::optional<Instant> expected_at(const Circuit& circuit) {
  if (circuit.planned_at) return circuit.planned_at;
  if (!circuit.ordered_at) return std::nullopt;
  const Instant local = *circuit.ordered_at + kJapan;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  auto date = std::chrono::year_month_day(day) + kLead;
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;  // 30 November: the end of February
  return Instant(std::chrono::sys_days(date)) + (local - day) - kJapan;
}

bool is_late(const Circuit& circuit, Instant now) {
  const CircuitState state = state_of(circuit, now);
  if (state == CircuitState::usable || state == CircuitState::ceased) return false;
  return reached(expected_at(circuit), now);
}

std::optional<std::string_view> against_loan(const Registry& registry, const Terminal& terminal, Instant now) {
  if (!reached(terminal.handed_over_at, now)) return "terminal.not_handed_over";
  if (reached(terminal.returned_at, now) || reached(terminal.wiped_at, now)) return "terminal.returned";
  if (reached(terminal.due_at, now)) return "terminal.overdue";
  const auto found = registry.circuits.find(terminal.circuit);
  if (found == registry.circuits.end()) return "circuit.none";
  const Circuit& circuit = found->second;
  if (circuit.contractor != terminal.contractor) return "circuit.other_contractor";
  switch (state_of(circuit, now)) {
    case CircuitState::usable:
      return std::nullopt;
    case CircuitState::ceased:
      return "circuit.ceased";
    case CircuitState::unknown:
    case CircuitState::ordered:
    case CircuitState::planned:
      break;
  }
  return "circuit.not_usable";
}

Instant loan_end(const Registry& registry, const Terminal& terminal, Instant now) {
  Instant end = Instant::max();
  const auto earlier = [&](const std::optional<Instant>& at) { end = at ? std::min(end, *at) : end; };
  earlier(terminal.due_at), earlier(terminal.returned_at), earlier(terminal.wiped_at);
  const auto circuit = registry.circuits.find(terminal.circuit);
  if (circuit != registry.circuits.end()) earlier(circuit->second.ended_at);
  return against_loan(registry, terminal, now) ? now : end;
}

const Circuit* circuit_of(const Registry& registry, std::string_view address, Instant now) {
  for (const auto& [id, circuit] : registry.circuits) {
    if (state_of(circuit, now) == CircuitState::usable && covers(circuit, address)) return &circuit;
  }
  return nullptr;
}

std::optional<Refusal> refuse_on_circuit(const Registry& registry, std::string_view terminal_id,
                                         std::string_view circuit_id, std::string_view address, Line line,
                                         Instant now) {
  const auto terminal = registry.terminals.find(std::string(terminal_id));
  if (terminal == registry.terminals.end()) return refusal("terminal.unknown");
  if (terminal->second.kind != TerminalKind::lent) return refusal("terminal.not_lent");
  if (const auto code = against_loan(registry, terminal->second, now)) return refusal(*code);
  const auto circuit = registry.circuits.find(std::string(circuit_id));
  if (circuit == registry.circuits.end()) return refusal("circuit.unknown");
  if (terminal->second.circuit != circuit->first) return refusal("circuit.other_terminal");
  if (!covers(circuit->second, address)) return refusal("circuit.other_address");
  if (line == Line::unknown) return refusal("circuit.line_unknown");
  if (line != Line::up) return refusal("circuit.line_down");
  return std::nullopt;
}

}  // namespace sekisho::registry
