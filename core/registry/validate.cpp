// Two passes: the fields one by one, by their description; then what only the whole registry can tell.
#include "base/json.hpp"
#include "registry/fields.hpp"
#include "registry/findings.hpp"
#include "registry/text.hpp"
#include "registry/zones.hpp"

#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace sekisho::registry {
namespace {

constexpr auto kYear10000 = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);

bool known(const Registry& registry, Kind kind, const std::string& key) {
  bool found = false;
  for_each_kind(registry, [&](Kind each, const auto& map) { found = found || (each == kind && map.contains(key)); });
  return found;
}

template <class T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

/// Judges one object's fields by their description.
class FieldJudge {
 public:
  FieldJudge(const Registry& registry, std::string at, std::vector<Finding>& out)
      : registry_(registry), at_(std::move(at)), out_(out) {}

  void id(const Field& f, const std::string& value) {
    if (f.name == "fingerprint_sha256") {
      if (!is_hex(value, 64)) add(f, "certificate.fingerprint");
    } else if (!is_id(value)) {
      add(f, "id.malformed");
    }
  }
  void text(const Field& f, const std::string& value) {
    judge_text([&] { return pointer(f); }, f, value);
  }
  void json_text(const Field&, const std::string&) {}  // judged with the terminal, below
  void ref(const Field& f, const std::string& value) {
    if (value.empty()) {
      if (f.filled) add(f, "text.empty");
    } else if (!known(registry_, *f.to, value)) {
      add(f, "reference.unknown");
    }
  }
  void refs(const Field& f, const std::vector<std::string>& values) {
    judge_list(f, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!known(registry_, *f.to, values[i])) out_.push_back(finding(entry(f, i), "reference.unknown"));
    }
  }
  void texts(const Field& f, const std::vector<std::string>& values) {
    judge_list(f, values);
    Field one = f;
    one.filled = true;
    one.max = 64;
    for (std::size_t i = 0; i < values.size(); ++i) judge_text([&] { return entry(f, i); }, one, values[i]);
  }
  template <class E>
  void choice(const Field& f, const E& value) {
    if (to_string(value).empty()) add(f, "field.choice", "-");
  }
  void choices(const Field& f, const std::vector<Role>& values) { judge_list(f, values); }
  void flag(const Field&, const bool&) {}
  template <class N>
  void number(const Field& f, const N& value) {
    if (static_cast<int>(value) < f.low || static_cast<int>(value) > f.high) {
      add(f, "field.range", std::to_string(f.low) + "–" + std::to_string(f.high));
    }
  }
  void moment(const Field& f, const Instant& value) {
    if (value < Instant{} || value > Instant(kYear10000)) add(f, "moment.range");
  }
  void moment(const Field& f, const std::optional<Instant>& value) {
    if (value) moment(f, *value);
  }
  void period(const Field& f, const Period& value) {
    if (value.from < Instant{} || value.until > Instant(kYear10000)) return add(f, "moment.range");
    if (!(value.from < value.until)) add(f, "period.empty");
  }

 private:
  [[nodiscard]] std::string pointer(const Field& f) const { return at_ + "/" + std::string(f.name); }
  [[nodiscard]] std::string entry(const Field& f, std::size_t i) const { return pointer(f) + "/" + std::to_string(i); }
  void add(const Field& f, std::string_view code, std::string_view about = {}) {
    out_.push_back(finding(pointer(f), code, about));
  }
  /// `at` is only asked for when there is something to tell.
  template <class Where>
  void judge_text(Where&& at, const Field& f, const std::string& value) {
    if (value.empty() && f.filled) {
      out_.push_back(finding(at(), "text.empty"));
    } else if (value.size() > f.max) {
      out_.push_back(finding(at(), "text.too_long", std::to_string(f.max)));
    } else if (!shows_plainly(value, f.lines)) {
      out_.push_back(finding(at(), "text.invisible"));
    }
  }
  template <class T>
  void judge_list(const Field& f, const std::vector<T>& values) {
    if (values.empty() && f.filled) add(f, "list.empty");
    if (values.size() > f.max) add(f, "field.too_many", std::to_string(f.max));
    std::set<T> seen;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!seen.insert(values[i]).second) out_.push_back(finding(entry(f, i), "list.duplicate"));
    }
  }

  const Registry& registry_;
  std::string at_;
  std::vector<Finding>& out_;
};

/// What only the whole registry can tell.
class Whole {
 public:
  Whole(const Registry& registry, std::vector<Finding>& out) : r_(registry), out_(out) {}

  void judge(const std::string&, const Contractor&) {}
  void judge(const std::string&, const System&) {}
  void judge(const std::string& at, const Server& o) {
    if (o.kind == ServerKind::virtual_machine) {
      if (o.manager.empty()) add(at + "/manager", "server.no_machine");
      if (!is_uuid(o.machine)) add(at + "/machine", "server.no_machine");
    } else if (!is_ipv4(o.address)) {
      add(at + "/address", "server.no_address");
    }
  }
  void judge(const std::string& at, const Contract& o) {
    for (std::size_t i = 0; i < o.systems.size(); ++i) {
      const System* system = find(r_.systems, o.systems[i]);
      if (system != nullptr && system->zone == Zone::my_number && !o.number_handling) {
        add(at + "/systems/" + std::to_string(i), "contract.number_handling");
      }
    }
  }
  void judge(const std::string& at, const Person& o) {
    if (canonical_login(o.login) != o.login) {
      add(at + "/login", "login.not_canonical");
    } else if (const auto [first, fresh] = logins_.emplace(o.login); !fresh) {
      add(at + "/login", "login.duplicate");
    }
    if (!o.mail.empty() && !is_mail(o.mail)) add(at + "/mail", "mail.malformed");
    const bool printable = std::ranges::all_of(o.password_hash, [](char c) { return c > ' ' && c < 0x7f; });
    if (!o.password_hash.empty() && (!printable || o.password_hash.front() != '$')) {
      add(at + "/password_hash", "person.password_hash");
    }
    const bool of_contractor = contains(o.roles, Role::contractor);
    if (of_contractor && o.contractor.empty()) add(at + "/contractor", "person.contractor_missing");
    const bool office = std::ranges::any_of(o.roles, [](Role role) { return role != Role::contractor; });
    if (office && (of_contractor || !o.contractor.empty())) add(at + "/roles", "person.mixed_roles");
  }
  void judge(const std::string& at, const Certificate& o) {
    const bool hex = !o.serial_hex.empty() && is_hex(o.serial_hex, o.serial_hex.size());
    if (!hex) add(at + "/serial_hex", "certificate.serial");
    if (!(o.not_before < o.not_after)) add(at + "/not_after", "period.empty");
    const Person* person = find(r_.people, o.person);
    const Terminal* terminal = find(r_.terminals, o.terminal);
    if (person != nullptr && terminal != nullptr && person->contractor != terminal->contractor) {
      add(at + "/terminal", "certificate.contractor");
    }
    if (!o.revoked_at && !live_certificates_.emplace(o.person, o.terminal).second) {
      add(at, "certificate.second");
    }
  }
  void judge(const std::string& at, const Terminal& o) {
    for (std::size_t i = 0; i < o.macs.size(); ++i) {
      const std::string place = at + "/macs/" + std::to_string(i);
      if (!is_mac(o.macs[i])) {
        add(place, "terminal.mac");
      } else if (!is_universal_mac(o.macs[i])) {
        add(place, "terminal.mac_local");
      }
    }
    if (o.key_jwk.empty() != o.key_thumbprint.empty() || !public_key(o.key_jwk)) add(at + "/key_jwk", "terminal.key");
    if (!o.key_thumbprint.empty() && !o.ended_at && !keys_.emplace(o.key_thumbprint).second) {
      add(at + "/key_thumbprint", "terminal.key_taken");
    }
    if (o.key_jwk.empty() && o.binding != 0) add(at + "/binding", "terminal.binding");
    const bool hash_good = o.enrolment_hash.empty() || is_hex(o.enrolment_hash, 64);
    if (o.enrolment_hash.empty() == o.enrolment_until.has_value() || !hash_good) {
      add(at + "/enrolment_hash", "terminal.enrolment");
    }
    judge_loan(at, o);
  }
  void judge(const std::string& at, const Desktop& o) {
    if (!is_ipv4(o.address)) add(at + "/address", "desktop.address");
    if (!desktops_.emplace(o.address, o.port).second) add(at + "/address", "desktop.address_taken");
  }
  void judge(const std::string& at, const Circuit& o) {
    for (std::size_t i = 0; i < o.prefixes.size(); ++i) {
      const std::string place = at + "/prefixes/" + std::to_string(i);
      if (!is_prefix(o.prefixes[i])) {
        add(place, "circuit.prefix");
        continue;
      }
      for (const auto& [owner, taken] : prefixes_) {
        if (owner != &o && meet(*owner, o) && overlap(taken, o.prefixes[i])) add(place, "circuit.overlap");
      }
      prefixes_.emplace_back(&o, o.prefixes[i]);
    }
    const auto before = [](const std::optional<Instant>& a, const std::optional<Instant>& b) {
      return a && b && *a < *b;
    };
    if (before(o.planned_at, o.ordered_at)) add(at + "/planned_at", "circuit.order");
    if (before(o.usable_at, o.ordered_at)) add(at + "/usable_at", "circuit.order");
    judge_device(at, o);
  }
  void judge(const std::string& at, const Application& o) {
    const Contract* contract = find(r_.contracts, o.contract);
    if (contract != nullptr) {
      const auto foreign = [&](const auto& map, const std::vector<std::string>& ids, std::string_view list) {
        for (std::size_t i = 0; i < ids.size(); ++i) {
          const auto* object = find(map, ids[i]);
          if (object != nullptr && object->contractor != contract->contractor) {
            add(at + "/" + std::string(list) + "/" + std::to_string(i), "application.other_contractor");
          }
        }
      };
      foreign(r_.people, o.people, "people");
      foreign(r_.terminals, o.terminals, "terminals");
      for (std::size_t i = 0; i < o.systems.size(); ++i) {
        if (!contains(contract->systems, o.systems[i])) add(at + "/systems/" + std::to_string(i), "application.system");
      }
      if (o.period.from < contract->period.from || o.period.until > contract->period.until) {
        add(at + "/period", "application.period");
      }
    }
    if (o.build_up_exception && o.purpose != Purpose::build_up) {
      add(at + "/build_up_exception", "application.exception");
    }
    judge_decision(at, o);
  }
  void judge(const std::string& at, const Exception& o) {
    if (!is_id(o.check)) add(at + "/check", "id.malformed");
    const Application* application = find(r_.applications, o.application);
    if (application != nullptr) {
      if (application->state != ApplicationState::accepted && application->state != ApplicationState::ended) {
        add(at + "/application", "exception.application");
      }
      if (!contains(application->terminals, o.terminal)) add(at + "/terminal", "exception.terminal");
      if (o.until > application->period.until) add(at + "/until", "exception.until");
      if (contains(application->people, o.approver)) add(at + "/approver", "exception.approver");
    }
    const Person* approver = find(r_.people, o.approver);
    if (approver != nullptr && !contains(approver->roles, Role::approver)) add(at + "/approver", "exception.approver");
  }
  void judge(const std::string& at, const Stop& o) {
    static constexpr std::array<std::string_view, 6> kScopes{"all",    "path",     "contractor",
                                                             "person", "terminal", "desktop"};
    if (std::ranges::find(kScopes, o.scope) == kScopes.end()) return add(at + "/scope", "stop.scope");
    if ((o.scope == "all") != o.target.empty()) return add(at + "/target", "stop.target");
    const bool gone = (o.scope == "contractor" && find(r_.contractors, o.target) == nullptr) ||
                      (o.scope == "person" && find(r_.people, o.target) == nullptr) ||
                      (o.scope == "terminal" && find(r_.terminals, o.target) == nullptr) ||
                      (o.scope == "desktop" && find(r_.desktops, o.target) == nullptr);
    if (gone) add(at + "/target", "reference.unknown");
  }

 private:
  /// Both can be usable at one moment. A circuit without its first day cannot: the day it gets one, it is judged anew.
  [[nodiscard]] static bool meet(const Circuit& a, const Circuit& b) {
    const auto after = [](const Circuit& first, const Circuit& second) {
      return first.ended_at && (!second.usable_at || *first.ended_at <= *second.usable_at);
    };
    const auto never = [](const Circuit& c) { return c.ended_at && c.usable_at && *c.ended_at <= *c.usable_at; };
    return !after(a, b) && !after(b, a) && !never(a) && !never(b);
  }
  void judge_device(const std::string& at, const Circuit& o) {
    if (!o.device_name.empty() && !is_dns_name(o.device_name)) add(at + "/device_name", "circuit.device_name");
    const bool shaped = o.device_certificate.empty() || is_der_base64(o.device_certificate);
    if (o.device_name.empty() != o.device_certificate.empty() || !shaped) {
      add(at + "/device_certificate", "circuit.device_certificate");
    }
    if (o.device_name.empty()) return;
    const auto take = [&](auto& taken, const std::string& value, const char* field, std::string_view code) {
      const auto [first, last] = taken.equal_range(value);
      if (std::any_of(first, last, [&](const auto& other) { return meet(*other.second, o); })) add(at + field, code);
      taken.emplace(value, &o);
    };
    take(device_names_, o.device_name, "/device_name", "circuit.device_name_taken");
    take(device_certificates_, o.device_certificate, "/device_certificate", "circuit.device_certificate_taken");
  }
  void judge_loan(const std::string& at, const Terminal& o) {
    const bool any = !o.circuit.empty() || !o.lent_to.empty() || !o.place.empty() || o.handed_over_at || o.due_at ||
                     o.returned_at || o.wiped_at;
    if (o.kind != TerminalKind::lent) {
      if (any) add(at, "terminal.own_has_no_loan");
      return;
    }
    if (o.handed_over_at) {
      if (o.circuit.empty()) add(at + "/circuit", "terminal.loan_incomplete");
      if (o.lent_to.empty()) add(at + "/lent_to", "terminal.loan_incomplete");
      if (o.place.empty()) add(at + "/place", "terminal.loan_incomplete");
    }
    const Circuit* circuit = find(r_.circuits, o.circuit);
    if (circuit != nullptr && circuit->contractor != o.contractor) add(at + "/circuit", "terminal.loan_contractor");
    const Person* person = find(r_.people, o.lent_to);
    if (person != nullptr && person->contractor != o.contractor) add(at + "/lent_to", "terminal.loan_contractor");
    const auto follows = [&](const char* field, const std::optional<Instant>& later,
                             const std::optional<Instant>& earlier) {
      if (later && (!earlier || *later < *earlier)) add(at + field, "terminal.loan_order");
    };
    follows("/due_at", o.due_at, o.handed_over_at);
    follows("/returned_at", o.returned_at, o.handed_over_at);
    follows("/wiped_at", o.wiped_at, o.returned_at);
  }
  template <class Map>
  static const typename Map::mapped_type* find(const Map& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
  }
  void add(std::string pointer, std::string_view code) { out_.push_back(finding(std::move(pointer), code)); }

  void judge_decision(const std::string& at, const Application& o) {
    const bool decided = !o.decided_by.empty() && o.decided_at.has_value();
    if (o.state == ApplicationState::submitted) {
      if (!o.decided_by.empty() || o.decided_at) add(at + "/decided_by", "application.decided_early");
      return;
    }
    // An application may end before anybody decided: withdrawn.
    if (!decided && (o.state != ApplicationState::ended || !o.decided_by.empty() || o.decided_at)) {
      return add(at + "/decided_by", "application.undecided");
    }
    if (!decided) return;
    if (contains(o.people, o.decided_by)) add(at + "/decided_by", "application.decided_by_applicant");
    const Person* decider = find(r_.people, o.decided_by);
    if (decider == nullptr || !contains(decider->roles, Role::approver)) {
      add(at + "/decided_by", "application.decided_by");
    }
  }
  static bool public_key(const std::string& jwk) {
    if (jwk.empty()) return true;
    const auto parsed = parse_json(jwk, JsonLimits{.bytes = 2048, .depth = 2});
    if (!parsed || !parsed->is_object() || !parsed->contains("kty")) return false;
    return std::ranges::none_of(std::array{"d", "p", "q", "dp", "dq", "qi", "k", "oth"},
                                [&](const char* secret) { return parsed->contains(secret); });
  }

  const Registry& r_;
  std::vector<Finding>& out_;
  std::set<std::string> logins_, keys_;
  std::set<std::pair<std::string, std::string>> live_certificates_;
  std::set<std::pair<std::string, std::uint16_t>> desktops_;
  std::vector<std::pair<const Circuit*, std::string>> prefixes_;
  std::multimap<std::string, const Circuit*> device_names_, device_certificates_;
};

}  // namespace

std::vector<Finding> validate(const Registry& next) {
  std::vector<Finding> out;
  Whole whole(next, out);
  for_each_kind(next, [&](Kind kind, const auto& map) {
    std::size_t index = 0;
    for (const auto& [key, object] : map) {
      const std::string at = "/" + std::string(name_of(kind).many) + "/" + std::to_string(index++);
      if (key_of(object) != key) out.push_back(finding(at, "key.mismatch"));
      FieldJudge fields(next, at, out);
      describe(fields, object);
      whole.judge(at, object);
    }
  });
  judge_zones(next, out);
  return out;
}

}  // namespace sekisho::registry
