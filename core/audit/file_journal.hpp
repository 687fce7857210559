// FileJournal: the production journal: a writer thread that commits everything that waits with one write and one sync.
// Threads: append() and healthy() from any; callbacks on the writer's thread. The destructor writes what waits, signs
// it and ends the thread. Errors: see open_journal(). Source: performance.md finding 9; threats.md T-72.
#pragma once
#include "audit/disk.hpp"
#include "audit/journal.hpp"

#include <sekisho/sdk/services.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sekisho::audit {

/// What open_journal() makes from its configuration; tests hand in others.
struct JournalParts {
  std::unique_ptr<Disk> journal, keys;
  std::unique_ptr<Entropy> entropy;
  /// A commit that takes longer counts as unhealthy: newcomers must not wait for a dying disk.
  std::chrono::milliseconds stalled_after{2000};
};

[[nodiscard]] Result<std::unique_ptr<Journal>> open_journal_with(JournalParts parts, const JournalConfig& config,
                                                                 std::function<Instant()> clock);

}  // namespace sekisho::audit
