#include "registry/changes.hpp"

#include "registry/findings.hpp"
#include "registry/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <tuple>

namespace sekisho::registry {
namespace {

using nlohmann::json;

bool ended(const std::optional<Instant>& at, Instant now) {
  return at && *at <= now;
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

Result<Registry> checked(Registry next) {
  if (const auto findings = validate(next); !findings.empty()) return invalid(findings);
  return next;
}
/// What was stored under older rules and is not touched here is nobody's fault now (findings_of_change()).
Result<Registry> checked(Registry next, const Registry& before) {
  if (auto findings = validate(next); !findings.empty()) {
    findings = findings_of_change(std::move(findings), next, validate(before), before);
    if (!findings.empty()) return invalid(findings);
  }
  return next;
}
Result<Put> checked(Registry next, const Registry& before, std::string key) {
  Result<Registry> good = checked(std::move(next), before);
  if (!good) return good.error();
  return Put{*std::move(good), std::move(key)};
}

/// What an approver approved: everything but the decision itself.
auto substance(const Application& a) {
  return std::tie(a.contract, a.people, a.terminals, a.systems, a.period, a.purpose, a.summary);
}
auto decision(const Application& a) {
  return std::tie(a.state, a.decided_by, a.decision_note, a.decided_at, a.build_up_exception);
}
void make_undecided(Application& a) {
  a.state = ApplicationState::submitted;
  a.decided_by.clear();
  a.decision_note.clear();
  a.decided_at.reset();
  a.build_up_exception = false;
}

/// Voids what an edit makes void: the decision, and the exceptions that hang on it (T-38).
void make_undecided(Registry& r, const std::string& id) {
  make_undecided(r.applications.at(id));
  std::erase_if(r.exceptions, [&](const auto& entry) { return entry.second.application == id; });
}

/// nullopt: `by` may decide on applications of `contract` naming `people`.
std::optional<Error> may_not_decide(const Registry& r, const Application& application, const std::string& by,
                                    Instant now) {
  const auto person = r.people.find(by);
  const auto contract = r.contracts.find(application.contract);
  const bool same_company = person != r.people.end() && contract != r.contracts.end() &&
                            person->second.contractor == contract->second.contractor;
  if (contains(application.people, by) || same_company) return fail("application.own_decision", by);
  if (person == r.people.end() || ended(person->second.ended_at, now) || !person->second.valid.holds(now) ||
      std::ranges::find(person->second.roles, Role::approver) == person->second.roles.end()) {
    return fail("application.not_approver");
  }
  return std::nullopt;
}

Result<Registry> decide(Registry current, const std::string& id, const Decision& d, ApplicationState state,
                        Instant now) {
  const Registry before = current;
  const auto found = current.applications.find(id);
  if (found == current.applications.end()) return fail("registry.no_such_object", id);
  Application& application = found->second;
  if (application.state != ApplicationState::submitted) return fail("application.wrong_state", id);
  if (auto error = may_not_decide(current, application, d.by, now)) return *std::move(error);
  application.state = state;
  application.decided_by = d.by;
  application.decision_note = d.note;
  application.decided_at = now;
  application.build_up_exception = state == ApplicationState::accepted && d.build_up_exception;
  return checked(std::move(current), before);
}

/// "$argon2id$v=19$m=65536,t=2,p=1$<salt>$<hash>" with nothing missing and nothing below the floor.
bool good_phc(std::string_view phc) {
  constexpr std::string_view kHead = "$argon2id$v=19$m=";
  if (!phc.starts_with(kHead) || phc.size() > 512) return false;
  const char* const end = phc.data() + phc.size();
  const char* at = phc.data() + kHead.size();
  const auto number = [&](std::string_view after, unsigned& out) {
    const auto [stop, error] = std::from_chars(at, end, out);
    if (error != std::errc{} || static_cast<std::size_t>(end - stop) < after.size()) return false;
    at = stop + after.size();
    return std::string_view(stop, after.size()) == after;
  };
  unsigned memory = 0, passes = 0, lanes = 0;
  if (!number(",t=", memory) || !number(",p=", passes) || !number("$", lanes)) return false;
  if (memory < 47'104 || memory > 4'194'304 || passes < 1 || passes > 64 || lanes < 1 || lanes > 16) return false;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  const std::size_t dollar = rest.find('$');
  const auto base64 = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    });
  };
  return dollar != std::string_view::npos && dollar >= 22 && rest.size() - dollar - 1 >= 43 &&
         base64(rest.substr(0, dollar)) && base64(rest.substr(dollar + 1));
}

template <class Map>
Result<typename Map::mapped_type*> find(Map& map, const std::string& key) {
  const auto found = map.find(key);
  if (found == map.end()) return fail("registry.no_such_object", key);
  return &found->second;
}

/// What the object itself does not carry, taken over from the one it replaces.
std::optional<Error> carry_over(const Registry& before, Registry& after, Kind kind, const std::string& key) {
  if (kind == Kind::person) {
    const auto old = before.people.find(key);
    Person& now = after.people.at(key);
    if (old != before.people.end() && now.password_hash.empty()) now.password_hash = old->second.password_hash;
  } else if (kind == Kind::terminal) {
    const auto old = before.terminals.find(key);
    Terminal& now = after.terminals.at(key);
    if (old != before.terminals.end() && now.enrolment_hash.empty() && !now.enrolment_until) {
      now.enrolment_hash = old->second.enrolment_hash;
      now.enrolment_until = old->second.enrolment_until;
    }
  } else if (kind == Kind::certificate) {
    const auto old = before.certificates.find(key);
    if (old != before.certificates.end() && old->second.revoked_at &&
        after.certificates.at(key).revoked_at != old->second.revoked_at) {
      return fail("certificate.revocation_final", key);
    }
  } else if (kind == Kind::application) {
    const auto old = before.applications.find(key);
    Application& now = after.applications.at(key);
    Application undecided = now;
    make_undecided(undecided);
    const bool asks_no_decision = decision(now) == decision(undecided);
    if (old == before.applications.end()) {
      if (!asks_no_decision) return fail("application.state_by_hand", key);
    } else {
      if (!asks_no_decision && decision(now) != decision(old->second)) return fail("application.state_by_hand", key);
      const bool same = substance(now) == substance(old->second);
      if (old->second.state == ApplicationState::ended && !same) return fail("application.wrong_state", key);
      if (same) {
        now = old->second;
      } else {
        make_undecided(after, key);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Registry> replace_all(Registry current, Registry next, std::optional<std::uint64_t> if_generation) {
  if (if_generation && *if_generation != current.generation) {
    return fail("registry.generation_differs", std::to_string(current.generation));
  }
  next.generation = current.generation;
  next.stops = current.stops;
  for (auto& [key, person] : next.people) {
    const auto old = current.people.find(key);
    if (old != current.people.end() && person.password_hash.empty()) person.password_hash = old->second.password_hash;
  }
  for (auto& [key, terminal] : next.terminals) {
    const auto old = current.terminals.find(key);
    if (old == current.terminals.end() || !terminal.enrolment_hash.empty() || terminal.enrolment_until) continue;
    terminal.enrolment_hash = old->second.enrolment_hash;
    terminal.enrolment_until = old->second.enrolment_until;
  }
  for (const auto& [key, old] : current.certificates) {
    if (!old.revoked_at) continue;
    const auto found = next.certificates.find(key);
    if (found != next.certificates.end()) {
      found->second.revoked_at = old.revoked_at;
    } else if (next.people.contains(old.person) && next.terminals.contains(old.terminal)) {
      next.certificates.emplace(key, old);
    }
  }
  for (auto& [key, application] : next.applications) {
    const auto old = current.applications.find(key);
    if (old == current.applications.end() || application.state != ApplicationState::accepted) continue;
    const bool newer =
        application.decided_at && (!old->second.decided_at || *old->second.decided_at < *application.decided_at);
    if (!newer &&
        (substance(application) != substance(old->second) || decision(application) != decision(old->second))) {
      make_undecided(next, key);
    }
  }
  return checked(std::move(next));
}

Result<Put> put_object(Registry current, Kind kind, const json& object) {
  if (kind == Kind::stop) return fail("registry.stop_by_hand");
  Registry next = current;
  const ObjectRead read = read_object(kind, object, next);
  if (!read.findings.empty()) return invalid(read.findings);
  if (auto error = carry_over(current, next, kind, read.key)) return *std::move(error);
  return checked(std::move(next), current, read.key);
}

Result<Registry> remove_object(Registry current, Kind kind, const std::string& key) {
  if (kind == Kind::stop) return fail("registry.stop_by_hand");
  if (kind == Kind::certificate) {
    const auto found = current.certificates.find(key);
    if (found != current.certificates.end() && found->second.revoked_at) {
      return fail("certificate.revocation_final", key);
    }
  }
  const Registry before = current;
  std::size_t removed = 0;
  for_each_kind(current, [&](Kind each, auto& map) {
    if (each == kind) removed = map.erase(key);
  });
  if (removed == 0) return fail("registry.no_such_object", key);
  const auto findings = findings_of_change(validate(current), current, validate(before), before);
  if (findings.empty()) return current;
  // What was valid before can only have lost something it refers to.
  std::string by;
  for (const Finding& f : findings) by += (by.empty() ? "" : ", ") + f.pointer;
  return fail("registry.in_use", by.substr(0, 500));
}

Result<Registry> end_object(Registry current, Kind kind, const std::string& key, Instant now) {
  const Registry before = current;
  std::optional<Error> error;
  const auto end_at = [&](auto& map) {
    auto found = find(map, key);
    if (!found) {
      error = found.error();
    } else if (ended((*found)->ended_at, now)) {
      error = fail("registry.already_ended", key);
    } else {
      (*found)->ended_at = now;
    }
  };
  switch (kind) {
    case Kind::contract:
      end_at(current.contracts);
      break;
    case Kind::person:
      end_at(current.people);
      break;
    case Kind::circuit:
      end_at(current.circuits);
      break;
    case Kind::terminal:
      end_at(current.terminals);
      if (!error) {
        current.terminals.at(key).enrolment_hash.clear();
        current.terminals.at(key).enrolment_until.reset();
      }
      break;
    case Kind::application: {
      auto found = find(current.applications, key);
      if (!found) return found.error();
      if ((*found)->state == ApplicationState::ended) return fail("registry.already_ended", key);
      (*found)->state = ApplicationState::ended;
      break;
    }
    case Kind::certificate: {
      auto found = find(current.certificates, key);
      if (!found) return found.error();
      if ((*found)->revoked_at) return fail("registry.already_ended", key);
      (*found)->revoked_at = now;
      break;
    }
    case Kind::exception: {
      auto found = find(current.exceptions, key);
      if (!found) return found.error();
      if ((*found)->until <= now) return fail("registry.already_ended", key);
      (*found)->until = now;
      break;
    }
    case Kind::contractor:
    case Kind::system:
    case Kind::server:
    case Kind::desktop:
    case Kind::stop:
      return fail("registry.cannot_end", key);
  }
  if (error) return *std::move(error);
  return checked(std::move(current), before);
}

Result<Put> submit_application(Registry current, const json& object) {
  Registry scratch;
  const ObjectRead read = read_object(Kind::application, object, scratch);
  if (!read.findings.empty()) return invalid(read.findings);
  if (current.applications.contains(read.key)) return fail("registry.exists", read.key);
  return put_object(std::move(current), Kind::application, object);
}

Result<Registry> accept_application(Registry current, const std::string& id, const Decision& d, Instant now) {
  return decide(std::move(current), id, d, ApplicationState::accepted, now);
}
Result<Registry> return_application(Registry current, const std::string& id, const Decision& d, Instant now) {
  return decide(std::move(current), id, d, ApplicationState::returned, now);
}

Result<Registry> set_password_hash(Registry current, const std::string& person, std::string_view phc) {
  const Registry before = current;
  auto found = find(current.people, person);
  if (!found) return found.error();
  if (!good_phc(phc)) return fail("person.bad_password_hash");
  (*found)->password_hash = phc;
  return checked(std::move(current), before);
}

Result<Put> register_certificate(Registry current, const json& object, bool replace, Instant now) {
  Registry scratch;
  const ObjectRead read = read_object(Kind::certificate, object, scratch);
  if (!read.findings.empty()) return invalid(read.findings);
  if (current.certificates.contains(read.key)) return fail("registry.exists", read.key);
  const Registry before = current;
  const Certificate& fresh = scratch.certificates.at(read.key);
  if (fresh.revoked_at) return fail("registry.already_ended", read.key);
  if (replace) {
    for (auto& [key, other] : current.certificates) {
      if (key != read.key && !other.revoked_at && other.person == fresh.person && other.terminal == fresh.terminal) {
        other.revoked_at = now;
      }
    }
  }
  current.certificates.emplace(read.key, fresh);
  return checked(std::move(current), before, read.key);
}

Result<Registry> open_enrolment(Registry current, const std::string& terminal, std::string token_sha256_hex,
                                Instant until, Instant now) {
  const Registry before = current;
  auto found = find(current.terminals, terminal);
  if (!found) return found.error();
  if (ended((*found)->ended_at, now)) return fail("registry.already_ended", terminal);
  (*found)->enrolment_hash = std::move(token_sha256_hex);
  (*found)->enrolment_until = until;
  return checked(std::move(current), before);
}

Result<Put> grant_exception(Registry current, const json& object, Instant now) {
  Registry scratch;
  const ObjectRead read = read_object(Kind::exception, object, scratch);
  if (!read.findings.empty()) return invalid(read.findings);
  if (current.exceptions.contains(read.key)) return fail("registry.exists", read.key);
  const Exception& exception = scratch.exceptions.at(read.key);
  if (const auto application = current.applications.find(exception.application);
      application != current.applications.end()) {
    if (auto error = may_not_decide(current, application->second, exception.approver, now)) return *std::move(error);
  }
  const Registry before = current;
  current.exceptions.emplace(read.key, exception);
  return checked(std::move(current), before, read.key);
}

}  // namespace sekisho::registry
