// One code path for SQLite and PostgreSQL. What differs stands in Backend: how a connection is opened, how a
// transaction that will write begins, and what an error means. SQLite's plain BEGIN is deferred and loses races between
// two readers who both go on to write: BEGIN IMMEDIATE. PostgreSQL: one advisory lock per transaction gives the same
// order of writers.
#include "store/migrations.hpp"
#include "store/sql_registry.hpp"
#include "store/sql_tx.hpp"
#include "store/statements.hpp"
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
      open_ = false;
      if (engine_ == Engine::postgresql) sql_ << "SET statement_timeout = '5s'";
      return migrated;
    } catch (const soci::soci_error& error) {
      return error_of(error);
    } catch (const std::exception& error) {
      return fail("store.unavailable", error.what());
    }
  }

  Result<void> transact(const Job& job) override { return transact_each({&job, 1}).front(); }

  std::vector<Result<void>> transact_each(std::span<const Job> jobs) override {
    const std::lock_guard lock(mutex_);
    std::vector<Result<void>> ends(jobs.size());
    if (jobs.empty()) return ends;
    if (open_) static_cast<void>(roll_back({}));  // something, memory for one, ran out in the middle of the last one
    if (open_) return fail_all(std::move(ends), fail("store.unavailable", "the last transaction cannot be ended"));
    if (auto begun = begin_connected(); !begun) return fail_all(std::move(ends), begun.error());
    SqlTx tx(sql_, statements_, cached_);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (jobs.size() == 1) {
        ends[i] = attempt([&] { jobs[i](tx); });
        if (ends[i]) continue;
        const Error lost = roll_back(ends[i].error());
        return fail_all(std::move(ends), lost);
      }
      const RegistryPtr before = tx.cached();
      ends[i] = attempt([&] {
        sql_ << "SAVEPOINT one_job";
        jobs[i](tx);
        sql_ << "RELEASE SAVEPOINT one_job";
      });
      if (ends[i]) continue;
      tx.restore(before);
      const auto back = attempt([&] {
        sql_ << "ROLLBACK TO SAVEPOINT one_job";
        sql_ << "RELEASE SAVEPOINT one_job";  // else one that cannot set its own would go back to this
      });
      // The whole transaction is lost: its connection is, or the disk is full.
      if (!back) {
        const Error lost = roll_back(ends[i].error());
        return fail_all(std::move(ends), lost);
      }
      statements_.clear();
    }
    if (auto committed = attempt([&] { sql_ << "COMMIT"; }); !committed) {
      return fail_all(std::move(ends), roll_back(committed.error()));
    }
    open_ = false;
    cached_ = tx.cached();
    return ends;
  }

 private:
  template <class Work>
  static Result<void> attempt(Work&& work) {
    try {
      work();
      return {};
    } catch (const soci::soci_error& error) {
      return error_of(error);
    } catch (const CorruptRow& error) {
      return fail("store.corrupt", error.what());
    } catch (const std::exception& error) {
      return fail("store.aborted", error.what());
    } catch (...) {
      return fail("store.aborted", "the job threw");
    }
  }
  /// A job that failed for a reason of its own keeps that.
  static std::vector<Result<void>> fail_all(std::vector<Result<void>> ends, const Error& why) {
    for (Result<void>& end : ends) {
      if (end) end = why;
    }
    return ends;
  }
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
        open_ = false;
        if (engine_ == Engine::sqlite) return error_of(error);
        broken_ = true;
        if (fresh || is_late(error)) return error_of(error);
        if (auto again = reconnect(); !again) return again;
        fresh = true;
      }
    }
  }
  void begin() {
    open_ = true;
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
      open_ = false;
    } catch (const soci::soci_error&) {
      // SQLite rolls back by itself on some errors; a lost PostgreSQL connection has nothing left to roll back.
      open_ = false;
      broken_ = engine_ == Engine::postgresql;
    } catch (const std::exception&) {
      // Not even asked for: open_ says that it is still to be done.
    }
    statements_.clear();
    return why;
  }
  Result<void> reconnect() {
    statements_.clear();
    try {
      sql_.close();
    } catch (const std::exception&) {
      // The connection is lost already; opening a new one is what counts.
    }
    cached_.reset();
    open_ = false;
    Result<void> again = connect();
    broken_ = !again;
    return again;
  }

  Engine engine_;
  std::string connect_;
  std::mutex mutex_;  // guards everything below
  soci::session sql_;
  Statements statements_{sql_};
  RegistryPtr cached_;
  bool broken_ = false;
  bool open_ = false;  ///< a transaction may have begun and not ended
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
