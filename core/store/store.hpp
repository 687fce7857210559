// Store: everything that must survive a process or be shared between nodes, behind one interface.
// Threads: transact() may be called from any thread; jobs run one after another on the store's writer thread's
// connection (the caller posts through services::Blocking, never from a packet thread). Ownership: Tx is borrowed
// during the job. Errors: store.unavailable, store.conflict, store.corrupt; after an error nothing of the job is kept.
// Source: design.md "Several nodes"; toolchain.md (SOCI traps); decisions.md "Session truth".
#pragma once
#include "registry/model.hpp"

#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::store {

/// A pending login; the handle itself is stored only as SHA-256 hex.
struct LoginRow {
  std::string handle_hash;
  std::string document;  ///< JSON of admission's login state, secrets only as keyed hashes
  Instant expires_at{};
};

struct SessionRow {
  std::string number;       ///< "S20261122-1-000042"
  std::string cookie_hash;  ///< SHA-256 hex
  std::string certificate;  ///< fingerprint, or empty
  std::string person, terminal, contractor, contract, application, path, zone, desktop, address, peer, language;
  std::string state;  ///< "quarantine", "admitted", "ended"
  Instant granted_at{}, until{};
  std::optional<Instant> ended_at;
  std::string end_code;
  std::string node;  ///< the node that serves it; empty in rows of an older schema
};

/// A terminal's newest posture verdict and the counters of its key.
struct PostureRow {
  std::string terminal;
  std::int64_t last_seq = -1;
  Instant reported_at{};
  std::string verdict;  ///< "pass", "fail"
  std::string results;  ///< JSON array of CheckResult
  std::string memory;   ///< JSON object check -> memory
};

class Tx {
 public:
  virtual ~Tx() = default;
  // registry
  virtual registry::Registry registry() = 0;
  virtual std::uint64_t generation() = 0;
  /// Replaces the whole registry by `next` (already validated); generation becomes old + 1. Rows not named are deleted.
  virtual void replace_registry(const registry::Registry& next) = 0;
  // factor state: scope "account" | "source"; key = person id | network; factor = plugin's factor
  virtual nlohmann::json factor_state(std::string_view scope, std::string_view key, std::string_view factor) = 0;
  virtual void put_factor_state(std::string_view scope, std::string_view key, std::string_view factor,
                                const nlohmann::json& state, Instant now) = 0;
  // pending logins
  virtual std::optional<LoginRow> login(std::string_view handle_hash) = 0;
  virtual void put_login(const LoginRow& row) = 0;
  virtual void drop_login(std::string_view handle_hash) = 0;
  virtual void drop_logins_before(Instant now) = 0;
  // sessions
  virtual std::uint64_t next_session_count(std::string_view day) = 0;  ///< 1, 2, 3 … for each day
  /// Upsert by number. Of one path, two open sessions never have one address: store.conflict.
  virtual void put_session(const SessionRow& row) = 0;
  virtual std::optional<SessionRow> session_by_cookie(std::string_view cookie_hash) = 0;
  virtual std::optional<SessionRow> session(std::string_view number) = 0;
  virtual std::vector<SessionRow> open_sessions() = 0;
  virtual std::vector<SessionRow> open_sessions_of(std::string_view person) = 0;
  virtual std::uint64_t session_changes() = 0;  ///< rises with every put_session(), whichever node's
  // nodes that share the store: when each said last that it lives
  virtual void put_beat(std::string_view node, Instant now) = 0;
  virtual std::map<std::string, Instant> beats() = 0;
  // posture
  virtual std::optional<PostureRow> posture(std::string_view terminal) = 0;
  virtual void put_posture(const PostureRow& row) = 0;
  // keys that must outlive the process ("code_pepper", …), made once; value is opaque
  virtual std::optional<std::string> value(std::string_view name) = 0;
  virtual void put_value(std::string_view name, std::string_view value) = 0;
};

using Job = std::function<void(Tx&)>;

class Store {
 public:
  virtual ~Store() = default;
  /// Runs `job` in one immediate transaction; commits when it returns, rolls back when it throws.
  [[nodiscard]] virtual Result<void> transact(const Job& job) = 0;
  /// The same for each of `jobs`, in order, with one commit for all: a job that throws is undone alone, a commit that
  /// fails takes all. Not for replace_registry(): its references are judged at the commit.
  [[nodiscard]] virtual std::vector<Result<void>> transact_each(std::span<const Job> jobs);
};

/// "sqlite:///var/lib/sekisho/sekisho.db" or "postgresql://…" (a libpq URI; a password comes from its passfile). Opens,
/// migrates, verifies the schema version.
[[nodiscard]] Result<std::unique_ptr<Store>> open(std::string_view url);

}  // namespace sekisho::store
