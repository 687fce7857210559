// One code path for SQLite and PostgreSQL. What differs stands in Backend: how a connection is opened, how a
// transaction that will write begins, and what an error means. SQLite's plain BEGIN is deferred and loses races between
// two readers who both go on to write: BEGIN IMMEDIATE. PostgreSQL: one advisory lock per transaction gives the same
// order of writers.
#include "base/json.hpp"
#include "store/migrations.hpp"
#include "store/sql_registry.hpp"
#include "store/store.hpp"

#include <fcntl.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <mutex>

namespace sekisho::store {
namespace {

using soci::into;
using soci::use;

long long micros(Instant at) {
  return at.time_since_epoch().count();
}
Instant instant(long long micros) {
  return Instant(std::chrono::microseconds(micros));
}

std::string to_hex(std::string_view bytes) {
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
std::string from_hex(std::string_view hex) {
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

/// The message without SOCI's context, which quotes bound values (hashes, documents), and without PostgreSQL's DETAIL.
std::string message_of(const soci::soci_error& error) {
  const std::string whole = error.get_error_message();
  return whole.substr(0, std::min<std::size_t>(whole.find('\n'), 300));
}

Error error_of(const soci::soci_error& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    switch (sqlite->result() & 0xff) {
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return fail("store.corrupt", message_of(error));
      case SQLITE_CONSTRAINT:
        return fail("store.conflict", message_of(error));
      default:
        return fail("store.unavailable", message_of(error));
    }
  }
  if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
    const std::string state = postgres->sqlstate();
    if (state.starts_with("23") || state.starts_with("40")) return fail("store.conflict", message_of(error));
    if (state.starts_with("XX001") || state.starts_with("XX002")) return fail("store.corrupt", message_of(error));
  }
  return fail("store.unavailable", message_of(error));
}

/// The server answered that it took too long: another connection would wait as long.
bool is_late(const soci::soci_error& error) {
  const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return postgres != nullptr && (postgres->sqlstate() == "55P03" || postgres->sqlstate() == "57014");
}

/// The URL with what keeps a lost server from holding the store's thread; what the site says itself stays.
std::string with_limits(std::string url) {
  for (const char* limit : {"connect_timeout=2", "tcp_user_timeout=5000", "keepalives_idle=5", "keepalives_interval=2",
                            "keepalives_count=2", "application_name=sekishod"}) {
    const std::string_view text(limit);
    if (url.find(text.substr(0, text.find('=') + 1)) != std::string::npos) continue;
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += text;
  }
  return url;
}

enum class Engine : std::uint8_t { sqlite, postgresql };

class SqlTx final : public Tx {
 public:
  SqlTx(soci::session& sql, std::shared_ptr<const registry::Registry> cached) : sql_(sql), cached_(std::move(cached)) {}

  registry::Registry registry() override { return *newest(); }
  std::uint64_t generation() override {
    long long out = 0;
    sql_ << "SELECT generation FROM registry_state WHERE id = 1", into(out);
    if (!sql_.got_data() || out < 0) throw CorruptRow("the registry has no generation");
    return static_cast<std::uint64_t>(out);
  }
  void replace_registry(const registry::Registry& next) override {
    const auto before = newest();
    write_changes(sql_, *before, next);
    auto after = std::make_shared<registry::Registry>(next);
    after->generation = before->generation + 1;
    const auto generation = static_cast<long long>(after->generation);
    sql_ << "UPDATE registry_state SET generation = :generation WHERE id = 1", use(generation, "generation");
    cached_ = std::move(after);
  }

  nlohmann::json factor_state(std::string_view scope, std::string_view key, std::string_view factor) override {
    const std::string s(scope), k(key), f(factor);
    std::string text;
    sql_ << "SELECT state FROM factor_states WHERE scope = :scope AND subject = :subject AND factor = :factor",
        into(text), use(s, "scope"), use(k, "subject"), use(f, "factor");
    if (!sql_.got_data()) return nullptr;
    auto parsed = parse_json(text, JsonLimits{.bytes = 64 * 1024, .depth = 16});
    if (!parsed) throw CorruptRow("a factor's state is not JSON");
    return *std::move(parsed);
  }
  void put_factor_state(std::string_view scope, std::string_view key, std::string_view factor,
                        const nlohmann::json& state, Instant now) override {
    const std::string s(scope), k(key), f(factor), text = state.dump();
    const long long at = micros(now);
    sql_ << "INSERT INTO factor_states (scope, subject, factor, state, changed_at) "
            "VALUES (:scope, :subject, :factor, :state, :at) ON CONFLICT (scope, subject, factor) "
            "DO UPDATE SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at",
        use(s, "scope"), use(k, "subject"), use(f, "factor"), use(text, "state"), use(at, "at");
  }

  std::optional<LoginRow> login(std::string_view handle_hash) override {
    LoginRow row{std::string(handle_hash), "", {}};
    long long expires = 0;
    sql_ << "SELECT document, expires_at FROM logins WHERE handle_hash = :hash", into(row.document), into(expires),
        use(row.handle_hash, "hash");
    if (!sql_.got_data()) return std::nullopt;
    row.expires_at = instant(expires);
    return row;
  }
  void put_login(const LoginRow& row) override {
    const long long expires = micros(row.expires_at);
    sql_ << "INSERT INTO logins (handle_hash, document, expires_at) VALUES (:hash, :document, :expires) "
            "ON CONFLICT (handle_hash) DO UPDATE SET document = EXCLUDED.document, expires_at = EXCLUDED.expires_at",
        use(row.handle_hash, "hash"), use(row.document, "document"), use(expires, "expires");
  }
  void drop_login(std::string_view handle_hash) override {
    const std::string hash(handle_hash);
    sql_ << "DELETE FROM logins WHERE handle_hash = :hash", use(hash, "hash");
  }
  void drop_logins_before(Instant now) override {
    const long long at = micros(now);
    sql_ << "DELETE FROM logins WHERE expires_at <= :at", use(at, "at");
  }

  std::uint64_t next_session_count(std::string_view day) override {
    const std::string d(day);
    long long given = 0;
    sql_ << "INSERT INTO session_counts (day, given) VALUES (:day, 1) "
            "ON CONFLICT (day) DO UPDATE SET given = session_counts.given + 1 RETURNING given",
        use(d, "day"), into(given);
    if (given < 1) throw CorruptRow("a session count is below one");
    return static_cast<std::uint64_t>(given);
  }
  void put_session(const SessionRow& row) override {
    const long long granted = micros(row.granted_at), until = micros(row.until);
    long long ended = row.ended_at ? micros(*row.ended_at) : 0;
    soci::indicator ended_mark = row.ended_at ? soci::i_ok : soci::i_null;
    sql_ << "INSERT INTO sessions (number, cookie_hash, certificate, person, terminal, contractor, contract, "
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
        use(row.number, "number"), use(row.cookie_hash, "cookie"), use(row.certificate, "certificate"),
        use(row.person, "person"), use(row.terminal, "terminal"), use(row.contractor, "contractor"),
        use(row.contract, "contract"), use(row.application, "application"), use(row.path, "path"),
        use(row.zone, "zone"), use(row.desktop, "desktop"), use(row.address, "address"), use(row.peer, "peer"),
        use(row.language, "language"), use(row.state, "state"), use(granted, "granted"), use(until, "until"),
        use(ended, ended_mark, "ended"), use(row.end_code, "code"), use(row.node, "node");
    sql_ << "UPDATE registry_state SET session_changes = session_changes + 1 WHERE id = 1";
  }
  std::optional<SessionRow> session_by_cookie(std::string_view cookie_hash) override {
    return one_session("cookie_hash = :wanted ORDER BY number DESC LIMIT 1", cookie_hash);
  }
  std::optional<SessionRow> session(std::string_view number) override {
    return one_session("number = :wanted", number);
  }
  std::vector<SessionRow> open_sessions() override { return sessions("state <> :wanted ORDER BY number", "ended"); }
  std::vector<SessionRow> open_sessions_of(std::string_view person) override {
    return sessions("person = :wanted AND state <> 'ended' ORDER BY number", person);
  }
  std::uint64_t session_changes() override {
    long long out = 0;
    sql_ << "SELECT session_changes FROM registry_state WHERE id = 1", into(out);
    if (!sql_.got_data() || out < 0) throw CorruptRow("the sessions have no count of changes");
    return static_cast<std::uint64_t>(out);
  }
  void put_beat(std::string_view node, Instant now) override {
    const std::string n(node);
    const long long at = micros(now);
    sql_ << "INSERT INTO nodes (node, seen_at) VALUES (:node, :at) "
            "ON CONFLICT (node) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        use(n, "node"), use(at, "at");
  }
  std::map<std::string, Instant> beats() override {
    std::map<std::string, Instant> out;
    std::string node;
    long long at = 0;
    soci::statement select = (sql_.prepare << "SELECT node, seen_at FROM nodes", into(node), into(at));
    select.execute();
    while (select.fetch()) out.emplace(node, instant(at));
    return out;
  }

  std::optional<PostureRow> posture(std::string_view terminal) override {
    PostureRow row;
    row.terminal = terminal;
    long long seq = 0, at = 0;
    sql_ << "SELECT last_seq, reported_at, verdict, results, memory FROM postures WHERE terminal = :terminal",
        into(seq), into(at), into(row.verdict), into(row.results), into(row.memory), use(row.terminal, "terminal");
    if (!sql_.got_data()) return std::nullopt;
    row.last_seq = seq;
    row.reported_at = instant(at);
    return row;
  }
  void put_posture(const PostureRow& row) override {
    const long long seq = row.last_seq, at = micros(row.reported_at);
    sql_ << "INSERT INTO postures (terminal, last_seq, reported_at, verdict, results, memory) "
            "VALUES (:terminal, :seq, :at, :verdict, :results, :memory) ON CONFLICT (terminal) DO UPDATE SET "
            "last_seq = EXCLUDED.last_seq, reported_at = EXCLUDED.reported_at, verdict = EXCLUDED.verdict, "
            "results = EXCLUDED.results, memory = EXCLUDED.memory",
        use(row.terminal, "terminal"), use(seq, "seq"), use(at, "at"), use(row.verdict, "verdict"),
        use(row.results, "results"), use(row.memory, "memory");
  }

  std::optional<std::string> value(std::string_view name) override {
    const std::string n(name);
    std::string hex;
    sql_ << "SELECT value_hex FROM kept_values WHERE name = :name", into(hex), use(n, "name");
    if (!sql_.got_data()) return std::nullopt;
    return from_hex(hex);
  }
  void put_value(std::string_view name, std::string_view value) override {
    const std::string n(name), hex = to_hex(value);
    sql_ << "INSERT INTO kept_values (name, value_hex) VALUES (:name, :value) "
            "ON CONFLICT (name) DO UPDATE SET value_hex = EXCLUDED.value_hex",
        use(n, "name"), use(hex, "value");
  }

  /// What the store may remember once this transaction is committed.
  [[nodiscard]] std::shared_ptr<const registry::Registry> cached() const { return cached_; }

 private:
  std::shared_ptr<const registry::Registry> newest() {
    const std::uint64_t now = generation();
    if (!cached_ || cached_->generation != now) {
      auto fresh = std::make_shared<registry::Registry>(read_registry(sql_));
      fresh->generation = now;
      cached_ = std::move(fresh);
    }
    return cached_;
  }
  std::vector<SessionRow> sessions(const std::string& where, std::string_view wanted) {
    const std::string w(wanted);
    std::vector<SessionRow> out;
    SessionRow row;
    long long granted = 0, until = 0, ended = 0;
    soci::indicator ended_mark = soci::i_ok;
    soci::statement select =
        (sql_.prepare << "SELECT number, cookie_hash, certificate, person, terminal, contractor, contract, "
                         "application, path, zone, desktop, address, peer, language, state, granted_at, until, "
                         "ended_at, end_code, node FROM sessions WHERE " +
                             where,
         use(w, "wanted"), into(row.number), into(row.cookie_hash), into(row.certificate), into(row.person),
         into(row.terminal), into(row.contractor), into(row.contract), into(row.application), into(row.path),
         into(row.zone), into(row.desktop), into(row.address), into(row.peer), into(row.language), into(row.state),
         into(granted), into(until), into(ended, ended_mark), into(row.end_code), into(row.node));
    select.execute();
    while (select.fetch()) {
      row.granted_at = instant(granted);
      row.until = instant(until);
      row.ended_at.reset();
      if (ended_mark == soci::i_ok) row.ended_at = instant(ended);
      out.push_back(row);
    }
    return out;
  }
  std::optional<SessionRow> one_session(const std::string& where, std::string_view wanted) {
    auto found = sessions(where, wanted);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  soci::session& sql_;
  std::shared_ptr<const registry::Registry> cached_;
};

class SqlStore final : public Store {
 public:
  SqlStore(Engine engine, std::string connect) : engine_(engine), connect_(std::move(connect)) {}

  Result<void> connect() {
    try {
      if (engine_ == Engine::sqlite) {
        sql_.open(soci::sqlite3, connect_);
        sql_ << "PRAGMA busy_timeout = 5000";
        std::string mode;
        sql_ << "PRAGMA journal_mode = WAL", into(mode);
        if (mode != "wal") return fail("store.unavailable", "the file system cannot hold a write-ahead log");
        sql_ << "PRAGMA synchronous = FULL";
        sql_ << "PRAGMA foreign_keys = ON";
        std::string check;
        sql_ << "PRAGMA quick_check(1)", into(check);
        if (check != "ok") return fail("store.corrupt", "the database fails its own check");
      } else {
        sql_.open(soci::postgresql, connect_);
        sql_ << "SET client_encoding = 'UTF8'";
        sql_ << "SET client_min_messages = 'error'";  // libpq prints the rest to stderr
        sql_ << "SET lock_timeout = '2s'";
        // A node that dies in the middle must not keep the others waiting.
        sql_ << "SET idle_in_transaction_session_timeout = '5s'";
      }
      begin();
      Result<void> migrated = migrate(sql_, newest_version());
      sql_ << (migrated ? "COMMIT" : "ROLLBACK");
      if (engine_ == Engine::postgresql) sql_ << "SET statement_timeout = '5s'";
      return migrated;
    } catch (const soci::soci_error& error) {
      return error_of(error);
    } catch (const std::exception& error) {
      return fail("store.unavailable", error.what());
    }
  }

  Result<void> transact(const std::function<void(Tx&)>& job) override {
    const std::lock_guard lock(mutex_);
    if (auto begun = begin_connected(); !begun) return begun;
    SqlTx tx(sql_, cached_);
    try {
      job(tx);
      sql_ << "COMMIT";
    } catch (const soci::soci_error& error) {
      return roll_back(error_of(error));
    } catch (const CorruptRow& error) {
      return roll_back(fail("store.corrupt", error.what()));
    } catch (const std::exception& error) {
      return roll_back(fail("store.aborted", error.what()));
    } catch (...) {
      return roll_back(fail("store.aborted", "the job threw"));
    }
    cached_ = tx.cached();
    return {};
  }

 private:
  /// A connection that was lost since the last job is opened anew, once: nothing of this job has been done yet.
  Result<void> begin_connected() {
    bool fresh = false;
    if (broken_) {
      if (auto again = reconnect(); !again) return again;
      fresh = true;
    }
    for (;;) {
      try {
        begin();
        return {};
      } catch (const soci::soci_error& error) {
        if (engine_ == Engine::sqlite) return error_of(error);
        broken_ = true;
        if (fresh || is_late(error)) return error_of(error);
        if (auto again = reconnect(); !again) return again;
        fresh = true;
      }
    }
  }
  void begin() {
    if (engine_ == Engine::sqlite) {
      sql_ << "BEGIN IMMEDIATE";
    } else {
      sql_ << "BEGIN";
      long long got = 0;
      sql_ << "SELECT 1 FROM pg_advisory_xact_lock(7305804402)", into(got);
    }
  }
  Error roll_back(Error why) {
    try {
      sql_ << "ROLLBACK";
    } catch (const std::exception&) {
      // SQLite rolls back by itself on some errors; a lost PostgreSQL connection has nothing left to roll back.
      broken_ = engine_ == Engine::postgresql;
    }
    return why;
  }
  Result<void> reconnect() {
    try {
      sql_.close();
    } catch (const std::exception&) {
      // The connection is lost already; opening a new one is what counts.
    }
    cached_.reset();
    Result<void> again = connect();
    broken_ = !again;
    return again;
  }

  Engine engine_;
  std::string connect_;
  std::mutex mutex_;  // guards everything below
  soci::session sql_;
  std::shared_ptr<const registry::Registry> cached_;
  bool broken_ = false;
};

/// Makes the file, or checks the one that is there: regular, no link, nobody else's to read (T-75).
Result<void> prepare_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return fail("store.unavailable", path + ": " + std::strerror(errno));
  struct stat found {};
  const bool good = ::fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink == 1 &&
                    ((found.st_mode & 0177) == 0 || ::fchmod(fd, 0600) == 0);
  ::close(fd);
  if (!good) return fail("store.unavailable", path + ": not a plain file of our own");
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open(std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite://";
  std::unique_ptr<SqlStore> store;
  if (url.starts_with("sqlite:///")) {
    const std::string path(url.substr(kSqlite.size()));
    // SOCI's connection text has its own quoting; a path that needs escaping there is refused.
    if (path.find_first_of("\"\\\n\r") != std::string::npos || path.find('\0') != std::string::npos) {
      return fail("store.unavailable", "the path of the database holds a character that cannot be passed on");
    }
    if (auto file = prepare_file(path); !file) return file.error();
    store = std::make_unique<SqlStore>(Engine::sqlite, "db=\"" + path + "\" timeout=5");
  } else if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    store = std::make_unique<SqlStore>(Engine::postgresql, with_limits(std::string(url)));
  } else {
    return fail("store.unavailable", "the store's URL begins with neither sqlite:/// nor postgresql://");
  }
  if (auto connected = store->connect(); !connected) return connected.error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace sekisho::store
