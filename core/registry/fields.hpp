// One description of every entity's fields. The JSON reader and writer, the validator and the store's SQL are visitors
// over it, so a new field is written once and cannot be forgotten by one of them.
// Threads: pure templates over values. Source: mission.md "Terms"; core/registry/README.md (JSON form).
//
// A visitor has these members, each taking a Field and a reference into the object:
//   id(key)  text(string)  ref(string)  refs(vector)  texts(vector)  choice(enum)  choices(vector<Role>)  flag(bool)
//   number(int | uint16_t)  moment(Instant | optional<Instant>)  period(Period)  json_text(string)
#pragma once
#include "registry/model.hpp"
#include "registry/rules.hpp"

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace sekisho::registry {

enum class Kind : std::uint8_t {
  contractor,
  system,
  server,
  contract,
  person,
  certificate,
  terminal,
  desktop,
  circuit,
  application,
  exception,
  stop
};
/// `one` names a kind in API and command line ("person"), `many` its array in the JSON form and its table ("people").
struct KindName {
  Kind kind;
  std::string_view one, many;
};
[[nodiscard]] std::span<const KindName> kind_names();
[[nodiscard]] const KindName& name_of(Kind kind);
/// Accepts the singular and the plural; anything else is nullopt.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name);

/// The value called `name`, for any enum of model.hpp that to_string() knows.
template <class E>
[[nodiscard]] std::optional<E> parse(std::string_view name) {
  for (int value = 0; value < 8; ++value) {
    const auto candidate = static_cast<E>(value);
    const std::string_view known = to_string(candidate);
    if (known.empty()) break;
    if (known == name) return candidate;
  }
  return std::nullopt;
}

/// How a moment is read and written: a day as `begin` means its first instant in Japan, as `end` the first instant
/// after it in Japan; `exact` takes instants only.
enum class Day : std::uint8_t { begin, end, exact };

struct Field {
  std::string_view name;
  bool required = true;      ///< the key must be present in JSON
  bool filled = true;        ///< an empty value is refused (texts, refs, lists)
  bool secret = false;       ///< left out of an export unless asked for
  bool lines = false;        ///< the text may hold line feeds
  std::size_t max = 200;     ///< bytes of a text, entries of a list
  std::optional<Kind> to{};  ///< what a ref names
  Day day = Day::exact;
  int low = 0, high = 0;  ///< of a number, both ends included
};

template <class T, class Entity>
concept Is = std::same_as<std::remove_const_t<T>, Entity>;

template <class V, Is<Contractor> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.text(Field{.name = "name"}, o.name);
}
template <class V, Is<System> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.text(Field{.name = "name"}, o.name);
  v.text(Field{.name = "department", .required = false, .filled = false}, o.department);
  v.choice(Field{.name = "zone"}, o.zone);
}
template <class V, Is<Server> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "system", .to = Kind::system}, o.system);
  v.choice(Field{.name = "kind"}, o.kind);
  v.text(Field{.name = "manager", .required = false, .filled = false}, o.manager);
  v.text(Field{.name = "machine", .required = false, .filled = false, .max = 36}, o.machine);
  v.text(Field{.name = "address", .required = false, .filled = false, .max = 45}, o.address);
}
template <class V, Is<Contract> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "contractor", .to = Kind::contractor}, o.contractor);
  v.text(Field{.name = "title"}, o.title);
  v.period(Field{.name = "period"}, o.period);
  v.flag(Field{.name = "number_handling", .required = false}, o.number_handling);
  v.refs(Field{.name = "systems", .max = 500, .to = Kind::system}, o.systems);
  v.moment(Field{.name = "ended_at", .required = false, .day = Day::end}, o.ended_at);
}
template <class V, Is<Person> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "contractor", .required = false, .filled = false, .to = Kind::contractor}, o.contractor);
  v.text(Field{.name = "login", .max = 64}, o.login);
  v.text(Field{.name = "name"}, o.name);
  v.text(Field{.name = "mail", .required = false, .filled = false, .max = 254}, o.mail);
  v.text(Field{.name = "password_hash", .required = false, .filled = false, .secret = true, .max = 512},
         o.password_hash);
  v.choices(Field{.name = "roles", .max = 8}, o.roles);
  v.period(Field{.name = "valid"}, o.valid);
  v.moment(Field{.name = "ended_at", .required = false, .day = Day::end}, o.ended_at);
}
template <class V, Is<Certificate> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "fingerprint_sha256"}, o.fingerprint_sha256);
  v.text(Field{.name = "serial_hex", .max = 64}, o.serial_hex);
  v.ref(Field{.name = "person", .to = Kind::person}, o.person);
  v.ref(Field{.name = "terminal", .to = Kind::terminal}, o.terminal);
  v.moment(Field{.name = "not_before"}, o.not_before);
  v.moment(Field{.name = "not_after"}, o.not_after);
  v.moment(Field{.name = "revoked_at", .required = false}, o.revoked_at);
}
template <class V, Is<Terminal> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "contractor", .to = Kind::contractor}, o.contractor);
  v.text(Field{.name = "name"}, o.name);
  v.choice(Field{.name = "kind"}, o.kind);
  v.texts(Field{.name = "macs", .max = 8}, o.macs);
  v.text(Field{.name = "key_thumbprint", .required = false, .filled = false, .max = 43}, o.key_thumbprint);
  v.json_text(Field{.name = "key_jwk", .required = false, .filled = false, .max = 2048}, o.key_jwk);
  v.number(Field{.name = "binding", .required = false, .low = 0, .high = 3}, o.binding);
  v.text(Field{.name = "enrolment_hash", .required = false, .filled = false, .secret = true, .max = 64},
         o.enrolment_hash);
  v.moment(Field{.name = "enrolment_until", .required = false, .secret = true}, o.enrolment_until);
  v.moment(Field{.name = "ended_at", .required = false, .day = Day::end}, o.ended_at);
  v.ref(Field{.name = "circuit", .required = false, .filled = false, .to = Kind::circuit}, o.circuit);
  v.ref(Field{.name = "lent_to", .required = false, .filled = false, .to = Kind::person}, o.lent_to);
  v.text(Field{.name = "place", .required = false, .filled = false}, o.place);
  v.moment(Field{.name = "handed_over_at", .required = false, .day = Day::begin}, o.handed_over_at);
  v.moment(Field{.name = "due_at", .required = false, .day = Day::end}, o.due_at);
  v.moment(Field{.name = "returned_at", .required = false, .day = Day::end}, o.returned_at);
  v.moment(Field{.name = "wiped_at", .required = false, .day = Day::end}, o.wiped_at);
}
template <class V, Is<Desktop> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "person", .to = Kind::person}, o.person);
  v.choice(Field{.name = "zone"}, o.zone);
  v.text(Field{.name = "address", .max = 45}, o.address);
  v.number(Field{.name = "port", .required = false, .low = 1, .high = 65535}, o.port);
}
template <class V, Is<Circuit> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "contractor", .to = Kind::contractor}, o.contractor);
  v.text(Field{.name = "site"}, o.site);
  v.texts(Field{.name = "prefixes", .required = false, .filled = false, .max = 64}, o.prefixes);
  v.moment(Field{.name = "ordered_at", .required = false, .day = Day::begin}, o.ordered_at);
  v.moment(Field{.name = "planned_at", .required = false, .day = Day::begin}, o.planned_at);
  v.moment(Field{.name = "usable_at", .required = false, .day = Day::begin}, o.usable_at);
  v.moment(Field{.name = "ended_at", .required = false, .day = Day::end}, o.ended_at);
  v.text(Field{.name = "device_name", .required = false, .filled = false, .max = 253}, o.device_name);
  v.text(Field{.name = "device_certificate", .required = false, .filled = false, .max = 8192}, o.device_certificate);
}
template <class V, Is<Application> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "contract", .to = Kind::contract}, o.contract);
  v.refs(Field{.name = "people", .max = 200, .to = Kind::person}, o.people);
  v.refs(Field{.name = "terminals", .max = 200, .to = Kind::terminal}, o.terminals);
  v.refs(Field{.name = "systems", .max = 500, .to = Kind::system}, o.systems);
  v.period(Field{.name = "period"}, o.period);
  v.choice(Field{.name = "purpose", .required = false}, o.purpose);
  v.flag(Field{.name = "build_up_exception", .required = false}, o.build_up_exception);
  v.text(Field{.name = "summary", .lines = true, .max = 4000}, o.summary);
  v.choice(Field{.name = "state", .required = false}, o.state);
  v.text(Field{.name = "decided_by", .required = false, .filled = false, .max = 63}, o.decided_by);
  v.text(Field{.name = "decision_note", .required = false, .filled = false, .lines = true, .max = 4000},
         o.decision_note);
  v.moment(Field{.name = "decided_at", .required = false}, o.decided_at);
}
template <class V, Is<Exception> T>
void describe(V& v, T& o) {
  v.id(Field{.name = "id"}, o.id);
  v.ref(Field{.name = "application", .to = Kind::application}, o.application);
  v.ref(Field{.name = "terminal", .to = Kind::terminal}, o.terminal);
  v.text(Field{.name = "check", .max = 63}, o.check);
  v.text(Field{.name = "reason", .lines = true, .max = 1000}, o.reason);
  v.ref(Field{.name = "approver", .to = Kind::person}, o.approver);
  v.moment(Field{.name = "until", .day = Day::end}, o.until);
}
template <class V, Is<Stop> T>
void describe(V& v, T& o) {
  v.text(Field{.name = "scope", .max = 16}, o.scope);
  v.text(Field{.name = "target", .required = false, .filled = false, .max = 63}, o.target);
  v.moment(Field{.name = "at"}, o.at);
  v.text(Field{.name = "by", .max = 63}, o.by);
  v.text(Field{.name = "reason", .lines = true, .max = 1000}, o.reason);
}

/// The key under which an object stands in its map.
template <class T>
[[nodiscard]] std::string key_of(const T& o) {
  if constexpr (std::same_as<T, Certificate>) {
    return o.fingerprint_sha256;
  } else if constexpr (std::same_as<T, Stop>) {
    return o.scope + ":" + o.target;
  } else {
    return o.id;
  }
}

/// Calls fn(kind, map) for every kind, those that others name first.
template <class R, class F>
void for_each_kind(R& r, F&& fn) {
  fn(Kind::contractor, r.contractors);
  fn(Kind::system, r.systems);
  fn(Kind::server, r.servers);
  fn(Kind::contract, r.contracts);
  fn(Kind::person, r.people);
  fn(Kind::terminal, r.terminals);
  fn(Kind::certificate, r.certificates);
  fn(Kind::desktop, r.desktops);
  fn(Kind::circuit, r.circuits);
  fn(Kind::application, r.applications);
  fn(Kind::exception, r.exceptions);
  fn(Kind::stop, r.stops);
}

}  // namespace sekisho::registry
