// Journal: append-only, preallocated segments with hash chain, Merkle heads signed with Ed25519, group commit.
// Threads: append() from any thread, never blocks on the disk; the writer has its own thread (production) or is stepped
// by the simulator. Callbacks come on the writer's thread (or, with audit.full and audit.closed, inside append()): post
// them to your own. Make no call of the journal inside a callback but append().
// Ownership: entries are copied. Units: `at` gate time. Ranges: canonical JSON of one entry <= 8 KiB, text fields <= 1
// KiB (control and bidi characters escaped). Errors: audit.full, audit.unwritable, audit.closed — then new grants must
// be refused (T-72). While the disk has less than its reserve free, entries with result "ok" get audit.full and all
// others are still written. Source: threats.md T-70..T-74, §9 "Audit entry"; RFC 9162 (Merkle tree); performance.md
// finding 9.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::audit {

struct Entry {
  Instant at{};
  std::string event;    ///< "session.granted"; ids are declared in <room>/events.hpp
  std::string session;  ///< "S…", or empty before there is one
  std::string person;   ///< internal id, or empty
  std::string from;     ///< peer address
  std::string path;
  std::string rule;                                  ///< rule id when the event is about one
  std::string code;                                  ///< refusal or end code
  std::string result;                                ///< "ok", "refused", "ended", "error"
  nlohmann::json detail = nlohmann::json::object();  ///< no secret
};

using Durable = std::function<void(Result<std::uint64_t> sequence)>;

class Journal {
 public:
  virtual ~Journal() = default;
  /// Queues; `durable` (may be empty) is called once the entry is synced to disk, or with an error.
  virtual void append(Entry entry, Durable durable = {}) = 0;
  /// false: full, unwritable or stalled; becomes true again by itself. From any thread.
  [[nodiscard]] virtual bool healthy() const = 0;
};

/// A stored entry as the reader gives it back.
struct StoredEntry {
  std::uint64_t sequence = 0;  ///< 1, 2, 3 … without gaps
  std::string hash_hex;        ///< chain hash: names this entry and everything before it
  Entry entry;
};
/// Everything given must match; texts exactly.
struct Query {
  std::string session, person, rule, event, code;  ///< empty: any
  std::optional<Instant> from, until;              ///< [from, until)
  std::size_t limit = 1000;                        ///< the newest win; the answer is in ascending order
};
struct Verification {
  bool ok = false;
  std::uint64_t entries = 0, heads = 0;  ///< that were found good
  std::uint64_t first_bad = 0;           ///< when !ok: the first entry that no longer stands proved
  std::string why;                       ///< when !ok
};

struct JournalConfig {
  std::string directory;
  std::string signing_key_file;  ///< Ed25519 PEM; made on first start when absent
  std::uint64_t segment_bytes = 16u << 20;
  std::uint32_t head_every_entries = 1000;
  Seconds head_every{60};
  Seconds key_step{900};              ///< how long one signing key serves
  std::uint32_t reserve_percent = 5;  ///< of the file system, kept free for the entries of what already runs
  std::string node = "1";             ///< <= 63 bytes
  /// The one alarm: called on the writer's thread when health changes; nullopt: well again. May be empty.
  std::function<void(const std::optional<Error>&)> on_health;
};

/// Opens (makes, recovers) the journal and starts its thread. `clock` gives gate time, from the writer's thread.
/// Errors: audit.locked (another writer), audit.broken (first bad entry in detail), audit.rolled_back (less than the
/// tail or the published head beside the signing key), audit.key_missing, audit.key_mismatch, audit.config, audit.full,
/// audit.unwritable. Chance for keys comes from getrandom(2).
[[nodiscard]] Result<std::unique_ptr<Journal>> open_journal(const JournalConfig& config,
                                                            std::function<Instant()> clock);

}  // namespace sekisho::audit
