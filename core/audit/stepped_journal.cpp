#include "audit/stepped_journal.hpp"

#include <filesystem>
#include <utility>

namespace sekisho::audit {

Result<std::unique_ptr<SteppedJournal>> SteppedJournal::open(const JournalConfig& config, Disk& journal, Disk& keys,
                                                             Entropy& entropy, Instant now,
                                                             const Signatures& signatures) {
  std::unique_ptr<SteppedJournal> out(new SteppedJournal);
  out->spares_ = inline_spares(journal, config.segment_bytes, config.reserve_percent);
  auto writer = JournalWriter::open(config, journal, keys, std::filesystem::path(config.signing_key_file).filename(),
                                    entropy, *out->spares_, now, signatures);
  if (!writer) return writer.error();
  out->writer_ = std::move(*writer);
  return out;
}

void SteppedJournal::append(Entry entry, Durable durable) {
  queue_.push_back(prepare(entry, std::move(durable)));
}

void SteppedJournal::pump(Instant now) {
  if (!queue_.empty()) writer_->commit(std::exchange(queue_, {}), now);
  if (const auto due = writer_->next_deadline(); due && now >= *due) writer_->tick(now);
}

void SteppedJournal::close(Instant now) {
  pump(now);
  writer_->close(now);
}

}  // namespace sekisho::audit
