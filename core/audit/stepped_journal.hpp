// SteppedJournal: a journal that works only when told to, over Disks that are handed in: for the simulator and for
// tests that must be repeatable to the byte. Threads: one. Ownership: Disks, Entropy and Signatures outlive it.
// Callbacks come inside pump(). Its destructor writes nothing: that is what a killed program does; call close() for a
// good end.
#pragma once
#include "audit/writer.hpp"

namespace sekisho::audit {

class SteppedJournal : public Journal {
 public:
  /// `config.directory` is not looked at; of `config.signing_key_file` the last part names the key in `keys`.
  [[nodiscard]] static Result<std::unique_ptr<SteppedJournal>> open(const JournalConfig& config, Disk& journal,
                                                                    Disk& keys, Entropy& entropy, Instant now,
                                                                    const Signatures& signatures = ed25519());

  void append(Entry entry, Durable durable = {}) override;
  [[nodiscard]] bool healthy() const override { return !writer_->trouble(); }
  /// Writes what waits and does what is due.
  void pump(Instant now);
  void close(Instant now);
  [[nodiscard]] bool waiting() const { return !queue_.empty(); }
  [[nodiscard]] std::optional<Instant> next_deadline() const { return writer_->next_deadline(); }
  [[nodiscard]] const JournalWriter& writer() const { return *writer_; }

 private:
  SteppedJournal() = default;

  std::unique_ptr<SpareSource> spares_;
  std::unique_ptr<JournalWriter> writer_;
  std::vector<Append> queue_;
};

}  // namespace sekisho::audit
