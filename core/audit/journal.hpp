// Journal: append-only, preallocated segments with hash chain, Merkle heads signed with Ed25519, group commit.
// Threads: append() from any thread, never blocks on the disk; the writer has its own thread (production) or is stepped
// by the simulator. Callbacks come on the writer's thread: post them to your own.
// Ownership: entries are copied. Units: `at` gate time. Ranges: canonical JSON of one entry <= 8 KiB, text fields <= 1 KiB
// (control and bidi characters escaped). Errors: audit.full, audit.unwritable, audit.closed — then new grants must be
// refused (T-72). Source: threats.md T-70..T-74, §9 "Audit entry"; RFC 9162 (Merkle tree); performance.md finding 9.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::audit {

struct Entry {
  Instant at{};
  std::string event;      ///< "session.granted"; ids are declared in <room>/events.hpp
  std::string session;    ///< "S…", or empty before there is one
  std::string person;     ///< internal id, or empty
  std::string from;       ///< peer address
  std::string path;
  std::string rule;       ///< rule id when the event is about one
  std::string code;       ///< refusal or end code
  std::string result;     ///< "ok", "refused", "ended", "error"
  nlohmann::json detail = nlohmann::json::object();  ///< no secret
};

using Durable = std::function<void(Result<std::uint64_t> sequence)>;

class Journal {
 public:
  virtual ~Journal() = default;
  /// Queues; `durable` (may be empty) is called once the entry is synced to disk, or with an error.
  virtual void append(Entry entry, Durable durable = {}) = 0;
  [[nodiscard]] virtual bool healthy() const = 0;
};

/// A stored entry as the reader gives it back.
struct StoredEntry {
  std::uint64_t sequence = 0;
  std::string hash_hex;
  Entry entry;
};
struct Query {
  std::string session, person, rule, event, code;  ///< empty: any
  std::optional<Instant> from, until;
  std::size_t limit = 1000;
};
struct Verification {
  bool ok = false;
  std::uint64_t entries = 0, heads = 0;
  std::uint64_t first_bad = 0;   ///< sequence of the first bad entry when !ok
  std::string why;
};

struct JournalConfig {
  std::string directory;
  std::string signing_key_file;               ///< Ed25519 PEM; made on first start when absent
  std::uint64_t segment_bytes = 16u << 20;
  std::uint32_t head_every_entries = 1000;
  Seconds head_every{60};
  std::string node = "1";
};

}  // namespace sekisho::audit
