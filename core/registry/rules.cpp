// rights_of() walks the list of its header, one question after the other. Where several contracts or applications could
// carry the right, each question narrows the set and the first question that leaves nobody names the refusal, so the
// person hears how far the best of them came.
#include "registry/rules.hpp"

#include "registry/application_rights.hpp"
#include "registry/circuits.hpp"
#include "registry/refusals.hpp"
#include "registry/stops.hpp"

#include <algorithm>
#include <tuple>

namespace sekisho::registry {
namespace {

bool ended(const std::optional<Instant>& at, Instant now) {
  return at && *at <= now;
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

RightsAnswer refuse(std::string_view code) {
  return RightsAnswer{std::nullopt, refusal(code)};
}

struct Candidate {
  const Contract* contract = nullptr;
  const Application* application = nullptr;
};

template <class Keep>
std::vector<Candidate> narrow(const std::vector<Candidate>& from, Keep&& keep) {
  std::vector<Candidate> out;
  std::ranges::copy_if(from, std::back_inserter(out), keep);
  return out;
}

Instant earliest(Instant a, const std::optional<Instant>& b) {
  return b && *b < a ? *b : a;
}

struct Question {
  const Registry& registry;
  const Person& person;
  const Terminal& terminal;
  const std::vector<Zone>& zones;
  Instant now;

  [[nodiscard]] bool in_zones(Zone zone) const { return std::ranges::find(zones, zone) != zones.end(); }
  /// My Number never shares a session with the Internet zones (R01), whatever a path's configuration says.
  [[nodiscard]] static bool same_side(Zone a, Zone b) { return (a == Zone::my_number) == (b == Zone::my_number); }

  /// Systems of the application that the contract covers and this path leads to, in the application's order.
  [[nodiscard]] std::vector<const System*> systems(const Candidate& c) const {
    std::vector<const System*> out;
    for (const std::string& id : c.application->systems) {
      const auto found = registry.systems.find(id);
      if (found != registry.systems.end() && contains(c.contract->systems, id) && in_zones(found->second.zone)) {
        out.push_back(&found->second);
      }
    }
    return out;
  }

  [[nodiscard]] bool usable(const Desktop& desktop) const {
    return desktop.person == person.id && in_zones(desktop.zone);
  }
  [[nodiscard]] bool running(const Desktop& desktop) const { return !is_stopped(registry, "desktop", desktop.id); }

  /// The person's desktop for these systems: same zone first, else the other Internet zone; nullptr when none runs.
  [[nodiscard]] const Desktop* desktop(const std::vector<const System*>& systems) const {
    const Desktop* second_best = nullptr;
    for (const auto& [id, candidate] : registry.desktops) {
      if (!usable(candidate) || !running(candidate)) continue;
      for (const System* system : systems) {
        if (candidate.zone == system->zone) return &candidate;
        if (second_best == nullptr && same_side(candidate.zone, system->zone)) second_best = &candidate;
      }
    }
    return second_best;
  }
};

std::optional<std::string_view> stop_code(const Question& q) {
  if (!q.person.contractor.empty() && is_stopped(q.registry, "contractor", q.person.contractor))
    return "stop.contractor";
  if (is_stopped(q.registry, "person", q.person.id)) return "stop.person";
  if (is_stopped(q.registry, "terminal", q.terminal.id)) return "stop.terminal";
  bool any = false, all_stopped = true;
  for (const auto& [id, desktop] : q.registry.desktops) {
    if (!q.usable(desktop)) continue;
    any = true;
    all_stopped = all_stopped && !q.running(desktop);
  }
  if (any && all_stopped) return "stop.desktop";
  return std::nullopt;
}

}  // namespace

bool is_stopped(const Registry& registry, std::string_view scope, std::string_view target) {
  return std::ranges::any_of(
      registry.stops, [&](const auto& entry) { return entry.second.scope == scope && entry.second.target == target; });
}

const Person* find_login(const Registry& registry, std::string_view canonical) {
  if (canonical.empty()) return nullptr;
  for (const auto& [id, person] : registry.people) {
    if (person.login == canonical) return &person;
  }
  return nullptr;
}

RightsAnswer rights_of(const Registry& registry, std::string_view person, std::string_view terminal,
                       std::string_view path, const std::vector<Zone>& path_zones, bool lent_only, Instant now) {
  return rights_by(registry, person, terminal, path, path_zones, lent_only, now, std::nullopt);
}

RightsAnswer rights_by(const Registry& registry, std::string_view person_id, std::string_view terminal_id,
                       std::string_view path, const std::vector<Zone>& path_zones, bool lent_only, Instant now,
                       std::optional<std::string_view> by) {
  // Stops of everything and of the path hold for whoever knocks, even for a person who is gone.
  if (is_stopped(registry, "all", "")) return refuse("stop.all");
  if (is_stopped(registry, "path", path)) return refuse("stop.path");
  const auto person_at = registry.people.find(std::string(person_id));
  if (person_at == registry.people.end()) return refuse("person.unknown");
  const auto terminal_at = registry.terminals.find(std::string(terminal_id));
  static const Terminal kNoTerminal;
  const Person& person = person_at->second;
  const Terminal& terminal = terminal_at == registry.terminals.end() ? kNoTerminal : terminal_at->second;
  const Question q{registry, person, terminal, path_zones, now};

  if (const auto code = stop_code(q)) return refuse(*code);

  if (ended(person.ended_at, now)) return refuse("person.ended");
  if (now < person.valid.from) return refuse("person.not_yet_valid");
  if (!person.valid.holds(now)) return refuse("person.expired");

  if (terminal_at == registry.terminals.end()) return refuse("terminal.unknown");
  if (ended(terminal.ended_at, now)) return refuse("terminal.ended");
  if (terminal.contractor != person.contractor) return refuse("terminal.other_contractor");
  const bool lent_needed = is_closed_path(path_zones, lent_only);
  if (lent_needed && terminal.kind != TerminalKind::lent) return refuse("terminal.not_lent");
  if (!lent_needed && terminal.kind != TerminalKind::own) return refuse("terminal.not_own");
  if (lent_needed) {
    if (const auto code = against_loan(registry, terminal, now)) return refuse(*code);
  }

  const auto names_person = [&](const Candidate& c) { return contains(c.application->people, person.id); };
  bool any_contract = false, any_in_force = false, own_lapsed = false;
  std::vector<Candidate> candidates;
  for (const auto& [id, contract] : registry.contracts) {
    if (person.contractor.empty() || contract.contractor != person.contractor) continue;
    any_contract = true;
    const bool in_force = contract.period.holds(now) && !ended(contract.ended_at, now);
    any_in_force = any_in_force || in_force;
    for (const auto& [application_id, application] : registry.applications) {
      if (application.contract != contract.id || (by && application_id != *by)) continue;
      const Candidate candidate{&contract, &application};
      if (in_force) {
        candidates.push_back(candidate);
      } else if (names_person(candidate)) {
        own_lapsed = true;
      }
    }
  }
  if (!any_contract) return refuse("contract.none");
  if (!any_in_force) return refuse("contract.not_in_force");
  // What concerns this person goes before what concerns his colleagues.
  if (auto own = narrow(candidates, names_person); !own.empty()) {
    candidates = std::move(own);
  } else if (own_lapsed) {
    return refuse("contract.not_in_force");
  }
  if (candidates.empty()) return refuse("application.none");
  candidates =
      narrow(candidates, [](const Candidate& c) { return c.application->state == ApplicationState::accepted; });
  if (candidates.empty()) return refuse("application.not_accepted");
  candidates = narrow(candidates, [&](const Candidate& c) { return c.application->period.holds(now); });
  if (candidates.empty()) return refuse("application.not_in_period");
  candidates = narrow(candidates, names_person);
  if (candidates.empty()) return refuse("application.person_missing");
  candidates = narrow(candidates, [&](const Candidate& c) { return contains(c.application->terminals, terminal.id); });
  if (candidates.empty()) return refuse("application.terminal_missing");
  candidates = narrow(candidates, [](const Candidate& c) {
    return c.application->purpose == Purpose::maintenance || c.application->build_up_exception;
  });
  if (candidates.empty()) return refuse("purpose.build_up");
  candidates = narrow(candidates, [&](const Candidate& c) { return !q.systems(c).empty(); });
  if (candidates.empty()) return refuse("zone.other_path");
  candidates = narrow(candidates, [&](const Candidate& c) { return q.desktop(q.systems(c)) != nullptr; });
  if (candidates.empty()) return refuse("desktop.none");

  const auto until = [&](const Candidate& c) {
    Instant end = std::min({c.contract->period.until, c.application->period.until, person.valid.until});
    end = earliest(end, c.contract->ended_at);
    end = earliest(end, person.ended_at);
    if (lent_needed) end = std::min(end, loan_end(registry, terminal, now));
    return earliest(end, terminal.ended_at);
  };
  // The longest right wins; between equals the smaller id, so that every node answers alike.
  const Candidate& best = *std::ranges::min_element(candidates, [&](const Candidate& a, const Candidate& b) {
    return std::tuple(-until(a).time_since_epoch(), a.application->id) <
           std::tuple(-until(b).time_since_epoch(), b.application->id);
  });
  const std::vector<const System*> systems = q.systems(best);
  const Desktop& desktop = *q.desktop(systems);

  Rights rights{.person = person.id,
                .terminal = terminal.id,
                .contractor = person.contractor,
                .contract = best.contract->id,
                .application = best.application->id,
                .zone = desktop.zone,
                .systems = {},
                .desktop = desktop.id,
                .until = until(best),
                .purpose = best.application->purpose};
  for (const System* system : systems) {
    if (Question::same_side(system->zone, desktop.zone)) rights.systems.push_back(system->id);
  }
  return RightsAnswer{std::move(rights), std::nullopt};
}

}  // namespace sekisho::registry
