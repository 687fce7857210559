// Pure rules over a registry snapshot: validity of an import, identity, and rights.
// Threads: pure functions. Errors: Refusals with rule id and code. Source: mission.md R01, R03, R16–R19; threats.md
// T-20.
#pragma once
#include "registry/model.hpp"

#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::registry {

[[nodiscard]] std::string_view to_string(Zone);
[[nodiscard]] std::string_view to_string(TerminalKind);
[[nodiscard]] std::string_view to_string(ServerKind);
[[nodiscard]] std::string_view to_string(ApplicationState);
[[nodiscard]] std::string_view to_string(Role);
[[nodiscard]] std::string_view to_string(Purpose);

/// Canonical login id: NFKC, case fold, trim (T-20). nullopt: empty, > 64 bytes, confusable, invisible or mixed-script
/// characters, or anything outside [a-z0-9._@-] after folding.
[[nodiscard]] std::optional<std::string> canonical_login(std::string_view typed);

/// Everything wrong with `next`, each with a JSON pointer into the export form; empty: may be stored.
struct Finding {
  std::string pointer, code;
  Text text;
};
[[nodiscard]] std::vector<Finding> validate(const Registry& next);

/// The person with this canonical login, or nullptr.
[[nodiscard]] const Person* find_login(const Registry&, std::string_view canonical);

/// What a person with a terminal may reach over a path whose zones are `path_zones`, right now.
struct Rights {
  std::string person, terminal, contractor, contract, application;
  Zone zone = Zone::internet_business;
  std::vector<std::string> systems;
  std::string desktop;  ///< id; empty when none is assigned
  Instant until{};      ///< earliest end of contract, application, person, terminal, loan and circuit
  Purpose purpose = Purpose::maintenance;
};
struct RightsAnswer {
  std::optional<Rights> rights;
  std::optional<Refusal> refusal;  ///< set when rights is not
};
/// Checks, in this order, each with its own code: stop.* (R19), person.ended/not_yet_valid/expired, terminal.ended,
/// terminal.other_contractor, terminal.not_lent / terminal.not_own (R03), of a lent terminal the codes of
/// against_loan() (registry/circuits.hpp: R03, R21), contract.none/not_in_force (R16),
/// application.none/not_accepted/not_in_period/person_missing/terminal_missing (R17), purpose.build_up (R18),
/// zone.other_path (R01), desktop.none (R11).
/// `lent_only`: this path takes lent terminals only.
[[nodiscard]] RightsAnswer rights_of(const Registry&, std::string_view person, std::string_view terminal,
                                     std::string_view path, const std::vector<Zone>& path_zones, bool lent_only,
                                     Instant now);

}  // namespace sekisho::registry
