// JournalWriter: the machine behind every journal: recovery, group commits, heads, key steps, failure and repair.
// No thread and no clock: FileJournal drives it from a thread, SteppedJournal by hand.
//
//   fine ──write or sync fails──▶ failed ──retry: clean the region, write "journal.repaired"──▶ fine
//     └──no next segment──▶ reserve: entries with result "ok" are refused, all others written while the segment lasts
//
// Threads: one. Ownership: Disks, Entropy and SpareSource outlive it. Callbacks are called inside commit() and tick().
// Errors: see open_journal(). Source: threats.md T-70..T-72; decisions.md "Session truth".
#pragma once
#include "audit/journal.hpp"
#include "audit/key_keeper.hpp"
#include "audit/segments.hpp"

#include <optional>
#include <vector>

namespace sekisho::audit {

/// An entry on its way, spelled already.
struct Append {
  std::string json;    ///< canonical_json()
  bool opens = false;  ///< result "ok": refused while only the reserve is left
  Durable durable;
};
[[nodiscard]] Append prepare(const Entry& entry, Durable durable);

class JournalWriter {
 public:
  /// `keys` is the directory of the signing key, `key_name` its file.
  [[nodiscard]] static Result<std::unique_ptr<JournalWriter>> open(const JournalConfig& config, Disk& journal,
                                                                   Disk& keys, std::string key_name, Entropy& entropy,
                                                                   SpareSource& spares, Instant now,
                                                                   const Signatures& signatures = ed25519());

  /// Writes, syncs and answers all of `batch`, in as few syncs as segments and kMaxBatch allow.
  void commit(std::vector<Append> batch, Instant now);
  /// Does what is due: a head, a key step, a retry.
  void tick(Instant now);
  /// Signs what is not signed yet and publishes the head.
  void close(Instant now);

  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Empty when healthy.
  [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
  [[nodiscard]] std::uint64_t entries() const { return chain_.entries(); }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  JournalWriter(const JournalConfig& config, Disk& journal, Disk& keys, std::string key_name, Entropy& entropy,
                SpareSource& spares, const Signatures& signatures);
  [[nodiscard]] Result<void> begin(Instant now);
  [[nodiscard]] Result<void> recover(std::uint64_t last, Instant now);
  /// Keeps what follows `good` bytes in a file of its own and overwrites it with zeros; the number of bytes cut.
  [[nodiscard]] Result<std::size_t> cut_tail(File& file, std::string_view segment, std::size_t good);
  [[nodiscard]] Result<void> announce(std::vector<Append> entries, Instant now);
  [[nodiscard]] std::string cut_name() const;

  [[nodiscard]] Result<void> roll_over(Instant now);
  /// Writes what fits of `items` from `next` on, and a head when one is due; answers what it wrote.
  [[nodiscard]] Result<void> commit_some(std::vector<Append>& items, std::size_t& next, Instant now);
  /// Answers all of `items`; the number that got an error.
  std::size_t commit_all(std::vector<Append>& items, Instant now);
  [[nodiscard]] Result<void> write(std::string_view records, const Chain& before);
  [[nodiscard]] Result<void> add_head(std::string& records, Instant now);
  /// Tells the key's directory where the journal ends now.
  void seal();
  void report_tail(Instant now);
  void step_key(Instant now);
  void publish(Instant now, bool at_once);
  [[nodiscard]] Append own_entry(const char* event, nlohmann::json detail, Instant now) const;

  void failed(const Error& error, Instant now);
  /// True when writing may be tried (again).
  [[nodiscard]] bool try_repair(Instant now);
  void look_after_spare(Instant now);
  void set_trouble();

  JournalConfig config_;
  Disk& disk_;
  std::unique_ptr<DiskLock> lock_;
  const Signatures& signatures_;
  KeyKeeper keys_;
  SpareSource& spares_;
  Segments segments_;
  Sha256 sha_;
  Chain chain_;
  std::uint64_t epoch_ = 0, key_period_ = 0, signed_entries_ = 0, published_entries_ = 0;
  std::string newest_head_;
  std::optional<Instant> unsigned_since_, publish_at_;
  Instant key_since_{};
  bool key_used_ = false, key_step_failed_ = false, tail_reported_ = false;
  std::optional<Error> tail_failure_;

  std::optional<Error> failure_, spare_trouble_, trouble_;
  Instant failed_since_{}, retry_at_{}, spare_retry_at_{};
  Seconds retry_after_{1};
  std::uint64_t refused_ = 0;
};

}  // namespace sekisho::audit
