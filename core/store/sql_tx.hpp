// SqlTx: every call of Tx as SQL that both engines understand. Private to sql_store.cpp, which owns the connection and
// the transaction around it. Threads: the connection's. Errors: soci::soci_error, CorruptRow.
#pragma once
#include "base/json.hpp"
#include "store/sql_registry.hpp"
#include "store/statements.hpp"
#include "store/store.hpp"

#include <soci/soci.h>

namespace sekisho::store {

using RegistryPtr = std::shared_ptr<const registry::Registry>;

namespace sql_tx {

inline long long micros(Instant at) {
  return at.time_since_epoch().count();
}
inline Instant instant(long long micros) {
  return Instant(std::chrono::microseconds(micros));
}

inline std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}
inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    throw CorruptRow("a kept value is not hexadecimal");
  };
  if (hex.size() % 2 != 0) throw CorruptRow("a kept value is not hexadecimal");
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

}  // namespace sql_tx

// A literal, so that each query is one.
// clang-format off
#define SEKISHO_SELECT_SESSIONS \
  "SELECT number, cookie_hash, certificate, person, terminal, contractor, contract, application, path, zone, " \
  "desktop, address, peer, language, state, granted_at, until, ended_at, end_code, node FROM sessions WHERE "
// clang-format on

class SqlTx final : public Tx {
 public:
  SqlTx(soci::session& sql, Statements& statements, RegistryPtr cached)
      : sql_(sql), statements_(statements), cached_(std::move(cached)) {}

  registry::Registry registry() override { return *newest(); }
  std::uint64_t generation() override {
    long long out = 0;
    const bool found = statements_.run("SELECT generation FROM registry_state WHERE id = 1", {}, {out});
    if (!found || out < 0) throw CorruptRow("the registry has no generation");
    return static_cast<std::uint64_t>(out);
  }
  void replace_registry(const registry::Registry& next) override {
    const auto before = newest();
    write_changes(sql_, *before, next);
    auto after = std::make_shared<registry::Registry>(next);
    after->generation = before->generation + 1;
    statements_.run("UPDATE registry_state SET generation = :generation WHERE id = 1",
                    {static_cast<long long>(after->generation)});
    cached_ = std::move(after);
  }

  nlohmann::json factor_state(std::string_view scope, std::string_view key, std::string_view factor) override {
    std::string text;
    if (!statements_.run("SELECT state FROM factor_states WHERE scope = :scope AND subject = :subject AND "
                         "factor = :factor",
                         {scope, key, factor}, {text})) {
      return nullptr;
    }
    auto parsed = parse_json(text, JsonLimits{.bytes = 64 * 1024, .depth = 16});
    if (!parsed) throw CorruptRow("a factor's state is not JSON");
    return *std::move(parsed);
  }
  void put_factor_state(std::string_view scope, std::string_view key, std::string_view factor,
                        const nlohmann::json& state, Instant now) override {
    const std::string text = state.dump();
    statements_.run(
        "INSERT INTO factor_states (scope, subject, factor, state, changed_at) "
        "VALUES (:scope, :subject, :factor, :state, :at) ON CONFLICT (scope, subject, factor) "
        "DO UPDATE SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at",
        {scope, key, factor, text, sql_tx::micros(now)});
  }

  std::optional<LoginRow> login(std::string_view handle_hash) override {
    LoginRow row{std::string(handle_hash), "", {}};
    long long expires = 0;
    if (!statements_.run("SELECT document, expires_at FROM logins WHERE handle_hash = :hash", {handle_hash},
                         {row.document, expires})) {
      return std::nullopt;
    }
    row.expires_at = sql_tx::instant(expires);
    return row;
  }
  void put_login(const LoginRow& row) override {
    statements_.run(
        "INSERT INTO logins (handle_hash, document, expires_at) VALUES (:hash, :document, :expires) "
        "ON CONFLICT (handle_hash) DO UPDATE SET document = EXCLUDED.document, expires_at = EXCLUDED.expires_at",
        {row.handle_hash, row.document, sql_tx::micros(row.expires_at)});
  }
  void drop_login(std::string_view handle_hash) override {
    statements_.run("DELETE FROM logins WHERE handle_hash = :hash", {handle_hash});
  }
  void drop_logins_before(Instant now) override {
    statements_.run("DELETE FROM logins WHERE expires_at <= :at", {sql_tx::micros(now)});
  }

  std::uint64_t next_session_count(std::string_view day) override {
    long long given = 0;
    statements_.run(
        "INSERT INTO session_counts (day, given) VALUES (:day, 1) "
        "ON CONFLICT (day) DO UPDATE SET given = session_counts.given + 1 RETURNING given",
        {day}, {given});
    if (given < 1) throw CorruptRow("a session count is below one");
    return static_cast<std::uint64_t>(given);
  }
  void put_session(const SessionRow& row) override {
    const auto ended = row.ended_at ? std::optional(sql_tx::micros(*row.ended_at)) : std::nullopt;
    statements_.run(
        "INSERT INTO sessions (number, cookie_hash, certificate, person, terminal, contractor, contract, "
        "application, path, zone, desktop, address, peer, language, state, granted_at, until, ended_at, end_code, "
        "node) "
        "VALUES (:number, :cookie, :certificate, :person, :terminal, :contractor, :contract, :application, :path, "
        ":zone, :desktop, :address, :peer, :language, :state, :granted, :until, :ended, :code, :node) "
        "ON CONFLICT (number) DO UPDATE SET cookie_hash = EXCLUDED.cookie_hash, "
        "certificate = EXCLUDED.certificate, person = EXCLUDED.person, terminal = EXCLUDED.terminal, "
        "contractor = EXCLUDED.contractor, contract = EXCLUDED.contract, application = EXCLUDED.application, "
        "path = EXCLUDED.path, zone = EXCLUDED.zone, desktop = EXCLUDED.desktop, address = EXCLUDED.address, "
        "peer = EXCLUDED.peer, language = EXCLUDED.language, state = EXCLUDED.state, "
        "granted_at = EXCLUDED.granted_at, until = EXCLUDED.until, ended_at = EXCLUDED.ended_at, "
        "end_code = EXCLUDED.end_code, node = EXCLUDED.node",
        {row.number,
         row.cookie_hash,
         row.certificate,
         row.person,
         row.terminal,
         row.contractor,
         row.contract,
         row.application,
         row.path,
         row.zone,
         row.desktop,
         row.address,
         row.peer,
         row.language,
         row.state,
         sql_tx::micros(row.granted_at),
         sql_tx::micros(row.until),
         ended,
         row.end_code,
         row.node});
    statements_.run("UPDATE registry_state SET session_changes = session_changes + 1 WHERE id = 1");
  }
  std::optional<SessionRow> session_by_cookie(std::string_view cookie_hash) override {
    return one_session(SEKISHO_SELECT_SESSIONS "cookie_hash = :wanted ORDER BY number DESC LIMIT 1", cookie_hash);
  }
  std::optional<SessionRow> session(std::string_view number) override {
    return one_session(SEKISHO_SELECT_SESSIONS "number = :wanted", number);
  }
  std::vector<SessionRow> open_sessions() override {
    return sessions(SEKISHO_SELECT_SESSIONS "state <> :wanted ORDER BY number", "ended");
  }
  std::vector<SessionRow> open_sessions_of(std::string_view person) override {
    return sessions(SEKISHO_SELECT_SESSIONS "person = :wanted AND state <> 'ended' ORDER BY number", person);
  }
  std::uint64_t session_changes() override {
    long long out = 0;
    const bool found = statements_.run("SELECT session_changes FROM registry_state WHERE id = 1", {}, {out});
    if (!found || out < 0) throw CorruptRow("the sessions have no count of changes");
    return static_cast<std::uint64_t>(out);
  }
  void put_beat(std::string_view node, Instant now) override {
    statements_.run(
        "INSERT INTO nodes (node, seen_at) VALUES (:node, :at) "
        "ON CONFLICT (node) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        {node, sql_tx::micros(now)});
  }
  std::map<std::string, Instant> beats() override {
    std::map<std::string, Instant> out;
    std::string node;
    long long at = 0;
    statements_.each("SELECT node, seen_at FROM nodes", {}, {node, at},
                     [&] { out.emplace(node, sql_tx::instant(at)); });
    return out;
  }

  std::optional<PostureRow> posture(std::string_view terminal) override {
    PostureRow row;
    row.terminal = terminal;
    long long seq = 0, at = 0;
    if (!statements_.run("SELECT last_seq, reported_at, verdict, results, memory FROM postures WHERE "
                         "terminal = :terminal",
                         {terminal}, {seq, at, row.verdict, row.results, row.memory})) {
      return std::nullopt;
    }
    row.last_seq = seq;
    row.reported_at = sql_tx::instant(at);
    return row;
  }
  void put_posture(const PostureRow& row) override {
    statements_.run(
        "INSERT INTO postures (terminal, last_seq, reported_at, verdict, results, memory) "
        "VALUES (:terminal, :seq, :at, :verdict, :results, :memory) ON CONFLICT (terminal) DO UPDATE SET "
        "last_seq = EXCLUDED.last_seq, reported_at = EXCLUDED.reported_at, verdict = EXCLUDED.verdict, "
        "results = EXCLUDED.results, memory = EXCLUDED.memory",
        {row.terminal, static_cast<long long>(row.last_seq), sql_tx::micros(row.reported_at), row.verdict, row.results,
         row.memory});
  }

  // Secrets, asked for once in a process's life: no statement keeps them in a cell.
  std::optional<std::string> value(std::string_view name) override {
    const std::string n(name);
    std::string hex;
    sql_ << "SELECT value_hex FROM kept_values WHERE name = :name", soci::into(hex), soci::use(n, "name");
    if (!sql_.got_data()) return std::nullopt;
    return sql_tx::from_hex(hex);
  }
  void put_value(std::string_view name, std::string_view value) override {
    const std::string n(name), hex = sql_tx::to_hex(value);
    sql_ << "INSERT INTO kept_values (name, value_hex) VALUES (:name, :value) "
            "ON CONFLICT (name) DO UPDATE SET value_hex = EXCLUDED.value_hex",
        soci::use(n, "name"), soci::use(hex, "value");
  }

  /// What the store may remember once this transaction is committed.
  [[nodiscard]] RegistryPtr cached() const { return cached_; }
  /// A job of the transaction was undone.
  void restore(RegistryPtr cached) { cached_ = std::move(cached); }

 private:
  RegistryPtr newest() {
    const std::uint64_t now = generation();
    if (!cached_ || cached_->generation != now) {
      auto fresh = std::make_shared<registry::Registry>(read_registry(sql_));
      fresh->generation = now;
      cached_ = std::move(fresh);
    }
    return cached_;
  }
  std::vector<SessionRow> sessions(std::string_view select, std::string_view wanted) {
    std::vector<SessionRow> out;
    SessionRow row;
    long long granted = 0, until = 0;
    std::optional<long long> ended;
    statements_.each(select, {wanted}, {row.number,     row.cookie_hash, row.certificate, row.person,   row.terminal,
                                        row.contractor, row.contract,    row.application, row.path,     row.zone,
                                        row.desktop,    row.address,     row.peer,        row.language, row.state,
                                        granted,        until,           ended,           row.end_code, row.node},
                     [&] {
                       row.granted_at = sql_tx::instant(granted);
                       row.until = sql_tx::instant(until);
                       row.ended_at = ended ? std::optional(sql_tx::instant(*ended)) : std::nullopt;
                       out.push_back(row);
                     });
    return out;
  }
  std::optional<SessionRow> one_session(std::string_view select, std::string_view wanted) {
    auto found = sessions(select, wanted);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  soci::session& sql_;
  Statements& statements_;
  RegistryPtr cached_;
};

#undef SEKISHO_SELECT_SESSIONS

}  // namespace sekisho::store
