// Lines: the circuits of every closed path, driven on the gate's loop: snapshots of the registry and charon's bytes go
// in; what becomes of a line is journalled, and its sessions live by it.
//
//   line up ─────▶ its sessions have their rights
//   line not up ─▶ rights leave the kernel at once; the session stays for the reconnect grace,
//                  and ends unless the line is back
//
// What ends a circuit (contract, contractor, terminal, stop, its own last day) ends its sessions by their right, not
// here. A closed path without charon's socket has no lines: all are unknown. Threads: the gate's loop. Ownership:
// borrows the gate's state and the sockets. Source: core/decisions/0018, 0020; mission.md R01–R03, R21.
#pragma once
#include "circuits/circuits.hpp"
#include "gate/state.hpp"
#include "registry/findings.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sekisho::gate {

/// Circuits whose networks do not stand in the closed paths': their terminals could never have a session.
[[nodiscard]] std::vector<registry::Finding> outside(const std::vector<AddressPool>& networks,
                                                     const registry::Registry& registry);

/// What the journal says of each event of a circuit: by which rule, and how it ended.
struct CircuitOutcome {
  std::string_view event, rule, result;
};
[[nodiscard]] std::span<const CircuitOutcome> circuit_outcomes();

class Lines {
 public:
  explicit Lines(Gate::State& gate);
  ~Lines();

  /// The gate's newest snapshot; opens the sockets at the first one. Sessions whose terminal it gives another circuit
  /// stand with that one's line from now on.
  void registry_is_new();
  [[nodiscard]] std::vector<AddressPool> networks() const;
  /// Where GatePlugins::line_of knows the lines.
  void changed(const std::string& path, const std::string& circuit);
  [[nodiscard]] registry::Line line(std::string_view path, const std::string& circuit) const;
  /// Over a closed path: names the circuit that the address belongs to, unless the front has named one.
  void place(Arrival& arrival) const;
  /// Null: nothing against this arrival, as far as its circuit goes. `terminal` empty: nobody has said yet which it is.
  [[nodiscard]] std::optional<Refusal> refuse(const Arrival& arrival, std::string_view terminal) const;
  /// The circuit that a session of a closed path came over; empty: none, or another path.
  [[nodiscard]] std::string circuit_of(const store::SessionRow& row) const;
  /// False for a session of a closed path whose line is not known to be up.
  [[nodiscard]] bool carries(const store::SessionRow& row) const;
  /// The session begins, or is found at the start: it stands with its line.
  void adopt(Session& session) const;

  /// One row a circuit, for staff.
  [[nodiscard]] nlohmann::json view() const;
  void conditions(nlohmann::json& conditions) const;

 private:
  class Path;
  /// Looks for sessions of the path that stand otherwise than the lines of their circuits.
  void follow(const std::string& path);
  void note(const std::string& path, const circuits::Note& note);

  Gate::State& gate_;
  std::map<std::string, std::unique_ptr<Path>, std::less<>> paths_;
};

}  // namespace sekisho::gate
