// The schema, version by version. A version that has been released is never edited; a change is a new one.
// Threads: on the store's connection. Statements are plain SQL that SQLite (>= 3.35) and PostgreSQL (>= 13) both take.
// Errors: store.schema_newer (a newer program has been here: refuse), store.corrupt (a version that never was).
#pragma once
#include <sekisho/sdk/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace soci {
class session;
}

namespace sekisho::store {

struct Migration {
  std::int64_t version;
  std::span<const std::string_view> statements;
};
[[nodiscard]] std::span<const Migration> migrations();
[[nodiscard]] std::int64_t newest_version();

/// Brings the schema from whatever it is to `target`, inside the caller's transaction. An empty database has version 0.
[[nodiscard]] Result<void> migrate(soci::session& sql, std::int64_t target);

}  // namespace sekisho::store
