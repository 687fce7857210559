// The registry's entities: who may be let in, with what, to where, until when. Plain data; rules stand in rules.hpp.
// Threads: plain values; a Registry snapshot is immutable and shared between threads.
// Units: instants are gate time (UTC); days are whole UTC+9 days already turned into instants by the importer.
// Ranges: ids match [a-z0-9][a-z0-9_-]{0,62}. Source: mission.md R01–R03, R16–R18, R20–R21; terms table.
#pragma once
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::registry {

enum class Zone : std::uint8_t { internet_business, internet_dmz, my_number };
enum class TerminalKind : std::uint8_t { own, lent };
enum class ServerKind : std::uint8_t { virtual_machine, physical };
enum class ApplicationState : std::uint8_t { submitted, accepted, returned, ended };
enum class Role : std::uint8_t { contractor, staff, approver, auditor };
enum class Purpose : std::uint8_t { maintenance, build_up };

/// [from, until): `until` is the first instant that is outside.
struct Period {
  Instant from{}, until{};
  [[nodiscard]] bool holds(Instant at) const { return from <= at && at < until; }
  friend bool operator==(const Period&, const Period&) = default;
};

struct Contractor {
  std::string id, name;
  friend bool operator==(const Contractor&, const Contractor&) = default;
};
struct System {
  std::string id, name, department;
  Zone zone = Zone::internet_business;
  friend bool operator==(const System&, const System&) = default;
};
/// Virtual: manager + machine uuid. Physical: address.
struct Server {
  std::string id, system;
  ServerKind kind = ServerKind::virtual_machine;
  std::string manager, machine;
  std::string address;
  friend bool operator==(const Server&, const Server&) = default;
};
struct Contract {
  std::string id, contractor, title;
  Period period;
  bool number_handling = false;  ///< handles My Number data (個人番号利用事務)
  std::vector<std::string> systems;
  std::optional<Instant> ended_at;
  friend bool operator==(const Contract&, const Contract&) = default;
};
struct Person {
  std::string id;
  std::string contractor;  ///< empty for staff
  std::string login;       ///< canonical form (T-20), unique
  std::string name, mail;
  std::string password_hash;  ///< PHC string or empty
  std::vector<Role> roles;
  Period valid;
  std::optional<Instant> ended_at;
  friend bool operator==(const Person&, const Person&) = default;
};
struct Certificate {
  std::string fingerprint_sha256;  ///< lower-case hex; the key
  std::string serial_hex, person, terminal;
  Instant not_before{}, not_after{};
  std::optional<Instant> revoked_at;
  friend bool operator==(const Certificate&, const Certificate&) = default;
};
struct Terminal {
  std::string id, contractor, name;
  TerminalKind kind = TerminalKind::own;
  std::vector<std::string> macs;  ///< 1 to 8, lower-case with colons
  std::string key_thumbprint;     ///< RFC 7638 of the device key, empty until enrolled
  std::string key_jwk;            ///< public JWK (JSON), empty until enrolled
  int binding = 0;                ///< posture.md §7
  std::string enrolment_hash;     ///< SHA-256 hex of the one-time token, empty when none is open
  std::optional<Instant> enrolment_until;
  std::optional<Instant> ended_at;
  // The inventory of lent terminals (R03); an own terminal has none of it.
  std::string circuit{};  ///< the only circuit that it works on
  std::string lent_to{};  ///< the person who answers for it
  std::string place{};    ///< where it stands
  std::optional<Instant> handed_over_at{}, due_at{}, returned_at{}, wiped_at{};
  friend bool operator==(const Terminal&, const Terminal&) = default;
};
/// A person's desktop: the address and port of its screen inside the VDI segment.
struct Desktop {
  std::string id, person;
  Zone zone = Zone::internet_business;
  std::string address;
  std::uint16_t port = 5900;
  friend bool operator==(const Desktop&, const Desktop&) = default;
};
/// A contractor's line of the closed network. Its state follows from its days (registry/circuits.hpp).
struct Circuit {
  std::string id, contractor, site;
  std::vector<std::string> prefixes;
  std::optional<Instant> ordered_at, planned_at, usable_at, ended_at;
  std::string device_name{};         ///< IKE identity of the site's device: a DNS name that its certificate carries
  std::string device_certificate{};  ///< that certificate, DER in base64; no other is taken on this circuit
  friend bool operator==(const Circuit&, const Circuit&) = default;
};
/// 申請. The only source of rights: people, with terminals, to targets, for a period, for a purpose (R17, R18).
struct Application {
  std::string id, contract;
  std::vector<std::string> people, terminals, systems;
  Period period;
  Purpose purpose = Purpose::maintenance;
  bool build_up_exception = false;  ///< R18: exception granted by staff
  std::string summary;              ///< what the work is
  ApplicationState state = ApplicationState::submitted;
  std::string decided_by, decision_note;
  std::optional<Instant> decided_at;
  friend bool operator==(const Application&, const Application&) = default;
};
/// Turns a posture fail of one check on one terminal into a warning until its last day (posture.md §7).
struct Exception {
  std::string id, application, terminal, check, reason, approver;
  Instant until{};
  friend bool operator==(const Exception&, const Exception&) = default;
};
/// R19: what is stopped right now. scope: "all", "path", "contractor", "person", "terminal", "desktop".
struct Stop {
  std::string scope, target;  ///< target empty for "all"
  Instant at{};
  std::string by, reason;
  friend bool operator==(const Stop&, const Stop&) = default;
};

/// One consistent state of everything, keyed by id (certificates by fingerprint, stops by "scope:target").
struct Registry {
  std::uint64_t generation = 0;  ///< rises with every change, over all nodes
  std::map<std::string, Contractor> contractors;
  std::map<std::string, System> systems;
  std::map<std::string, Server> servers;
  std::map<std::string, Contract> contracts;
  std::map<std::string, Person> people;
  std::map<std::string, Certificate> certificates;
  std::map<std::string, Terminal> terminals;
  std::map<std::string, Desktop> desktops;
  std::map<std::string, Circuit> circuits;
  std::map<std::string, Application> applications;
  std::map<std::string, Exception> exceptions;
  std::map<std::string, Stop> stops;
};

}  // namespace sekisho::registry
