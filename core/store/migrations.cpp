#include "store/migrations.hpp"

#include <soci/soci.h>

#include <array>
#include <string>

namespace sekisho::store {
namespace {

// Moments are microseconds of UTC since 1970 in BIGINT; flags are 0 or 1 in INTEGER; enums are their names. Foreign
// keys are deferred: a change of the registry is judged as a whole, when it is committed.
constexpr std::array<std::string_view, 23> kRegistry{
    "CREATE TABLE registry_state (id INTEGER PRIMARY KEY CHECK (id = 1), generation BIGINT NOT NULL)",
    "INSERT INTO registry_state (id, generation) VALUES (1, 0)",
    R"(CREATE TABLE contractors (id TEXT PRIMARY KEY, name TEXT NOT NULL))",
    R"(CREATE TABLE systems (id TEXT PRIMARY KEY, name TEXT NOT NULL, department TEXT NOT NULL, zone TEXT NOT NULL))",
    R"(CREATE TABLE servers (id TEXT PRIMARY KEY,
       system TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
       kind TEXT NOT NULL, manager TEXT NOT NULL, machine TEXT NOT NULL, address TEXT NOT NULL))",
    R"(CREATE TABLE contracts (id TEXT PRIMARY KEY,
       contractor TEXT NOT NULL REFERENCES contractors (id) DEFERRABLE INITIALLY DEFERRED,
       title TEXT NOT NULL, period_from BIGINT NOT NULL, period_until BIGINT NOT NULL,
       number_handling INTEGER NOT NULL, ended_at BIGINT))",
    R"(CREATE TABLE contract_systems (owner TEXT NOT NULL REFERENCES contracts (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
       PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE people (id TEXT PRIMARY KEY,
       contractor TEXT REFERENCES contractors (id) DEFERRABLE INITIALLY DEFERRED,
       login TEXT NOT NULL, name TEXT NOT NULL, mail TEXT NOT NULL, password_hash TEXT NOT NULL,
       valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL, ended_at BIGINT))",
    R"(CREATE TABLE person_roles (owner TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE terminals (id TEXT PRIMARY KEY,
       contractor TEXT NOT NULL REFERENCES contractors (id) DEFERRABLE INITIALLY DEFERRED,
       name TEXT NOT NULL, kind TEXT NOT NULL, key_thumbprint TEXT NOT NULL, key_jwk TEXT NOT NULL,
       binding INTEGER NOT NULL, enrolment_hash TEXT NOT NULL, enrolment_until BIGINT, ended_at BIGINT))",
    R"(CREATE TABLE terminal_macs (owner TEXT NOT NULL REFERENCES terminals (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE certificates (id TEXT PRIMARY KEY, serial_hex TEXT NOT NULL,
       person TEXT NOT NULL REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
       terminal TEXT NOT NULL REFERENCES terminals (id) DEFERRABLE INITIALLY DEFERRED,
       not_before BIGINT NOT NULL, not_after BIGINT NOT NULL, revoked_at BIGINT))",
    R"(CREATE TABLE desktops (id TEXT PRIMARY KEY,
       person TEXT NOT NULL REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
       zone TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL))",
    R"(CREATE TABLE circuits (id TEXT PRIMARY KEY,
       contractor TEXT NOT NULL REFERENCES contractors (id) DEFERRABLE INITIALLY DEFERRED,
       site TEXT NOT NULL, ordered_at BIGINT, planned_at BIGINT, usable_at BIGINT, ended_at BIGINT))",
    R"(CREATE TABLE circuit_prefixes (owner TEXT NOT NULL REFERENCES circuits (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE applications (id TEXT PRIMARY KEY,
       contract TEXT NOT NULL REFERENCES contracts (id) DEFERRABLE INITIALLY DEFERRED,
       period_from BIGINT NOT NULL, period_until BIGINT NOT NULL, purpose TEXT NOT NULL,
       build_up_exception INTEGER NOT NULL, summary TEXT NOT NULL, state TEXT NOT NULL, decided_by TEXT NOT NULL,
       decision_note TEXT NOT NULL, decided_at BIGINT))",
    R"(CREATE TABLE application_people (owner TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED,
       PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE application_terminals (owner TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL REFERENCES terminals (id) DEFERRABLE INITIALLY DEFERRED,
       PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE application_systems (owner TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
       position INTEGER NOT NULL, value TEXT NOT NULL REFERENCES systems (id) DEFERRABLE INITIALLY DEFERRED,
       PRIMARY KEY (owner, position)))",
    R"(CREATE TABLE exceptions (id TEXT PRIMARY KEY,
       application TEXT NOT NULL REFERENCES applications (id) DEFERRABLE INITIALLY DEFERRED,
       terminal TEXT NOT NULL REFERENCES terminals (id) DEFERRABLE INITIALLY DEFERRED,
       "check" TEXT NOT NULL, reason TEXT NOT NULL, approver TEXT NOT NULL, until BIGINT NOT NULL))",
    R"(CREATE TABLE stops (id TEXT PRIMARY KEY, scope TEXT NOT NULL, target TEXT NOT NULL, at BIGINT NOT NULL,
       "by" TEXT NOT NULL, reason TEXT NOT NULL))",
    "CREATE INDEX people_by_login ON people (login)",
    "CREATE INDEX certificates_by_person ON certificates (person)"};

// What a running gate must not forget between processes and nodes.
constexpr std::array<std::string_view, 9> kRunning{
    R"(CREATE TABLE factor_states (scope TEXT NOT NULL, subject TEXT NOT NULL, factor TEXT NOT NULL, state TEXT NOT NULL,
       changed_at BIGINT NOT NULL, PRIMARY KEY (scope, subject, factor)))",
    "CREATE TABLE logins (handle_hash TEXT PRIMARY KEY, document TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE INDEX logins_by_end ON logins (expires_at)",
    R"(CREATE TABLE sessions (number TEXT PRIMARY KEY, cookie_hash TEXT NOT NULL, certificate TEXT NOT NULL,
       person TEXT NOT NULL, terminal TEXT NOT NULL, contractor TEXT NOT NULL, contract TEXT NOT NULL,
       application TEXT NOT NULL, path TEXT NOT NULL, zone TEXT NOT NULL, desktop TEXT NOT NULL, address TEXT NOT NULL,
       peer TEXT NOT NULL, language TEXT NOT NULL, state TEXT NOT NULL, granted_at BIGINT NOT NULL,
       until BIGINT NOT NULL, ended_at BIGINT, end_code TEXT NOT NULL))",
    "CREATE INDEX sessions_by_cookie ON sessions (cookie_hash)",
    "CREATE INDEX sessions_open ON sessions (state) WHERE state <> 'ended'",
    "CREATE TABLE session_counts (day TEXT PRIMARY KEY, given BIGINT NOT NULL)",
    R"(CREATE TABLE postures (terminal TEXT PRIMARY KEY, last_seq BIGINT NOT NULL, reported_at BIGINT NOT NULL,
       verdict TEXT NOT NULL, results TEXT NOT NULL, memory TEXT NOT NULL))",
    // Bytes as lower-case hex: PostgreSQL's TEXT takes neither NUL nor malformed UTF-8.
    "CREATE TABLE kept_values (name TEXT PRIMARY KEY, value_hex TEXT NOT NULL)"};

// Several nodes over one store: who serves a session, who lives, and what tells the others that something changed.
constexpr std::array<std::string_view, 5> kNodes{
    "ALTER TABLE sessions ADD COLUMN node TEXT NOT NULL DEFAULT ''",
    "CREATE UNIQUE INDEX sessions_by_address ON sessions (path, address) WHERE state <> 'ended'",
    "CREATE INDEX sessions_of_person ON sessions (person) WHERE state <> 'ended'",
    "ALTER TABLE registry_state ADD COLUMN session_changes BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE nodes (node TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)"};

// The site's device of a circuit, and the inventory of lent terminals. A lent terminal without its circuit and its
// handing over has no rights until staff have entered them.
constexpr std::array<std::string_view, 9> kClosedPath{
    "ALTER TABLE circuits ADD COLUMN device_name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE circuits ADD COLUMN device_certificate TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE terminals ADD COLUMN circuit TEXT REFERENCES circuits (id) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE terminals ADD COLUMN lent_to TEXT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE terminals ADD COLUMN place TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE terminals ADD COLUMN handed_over_at BIGINT",
    "ALTER TABLE terminals ADD COLUMN due_at BIGINT",
    "ALTER TABLE terminals ADD COLUMN returned_at BIGINT",
    "ALTER TABLE terminals ADD COLUMN wiped_at BIGINT"};

constexpr std::array<Migration, 4> kMigrations{{{1, kRegistry}, {2, kRunning}, {3, kNodes}, {4, kClosedPath}}};

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}
std::int64_t newest_version() {
  return kMigrations.back().version;
}

Result<void> migrate(soci::session& sql, std::int64_t target) {
  sql << "CREATE TABLE IF NOT EXISTS schema_version (id INTEGER PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)";
  sql << "INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING";
  long long found = -1;
  sql << "SELECT version FROM schema_version WHERE id = 1", soci::into(found);
  if (found > newest_version()) {
    return fail("store.schema_newer", "the database has schema version " + std::to_string(found) +
                                          ", this program knows versions up to " + std::to_string(newest_version()));
  }
  if (found < 0) return fail("store.corrupt", "the database has no schema version");
  for (const Migration& step : kMigrations) {
    if (step.version <= found || step.version > target) continue;
    for (const std::string_view statement : step.statements) sql << std::string(statement);
    const long long now = step.version;
    sql << "UPDATE schema_version SET version = :version WHERE id = 1", soci::use(now, "version");
  }
  return {};
}

}  // namespace sekisho::store
