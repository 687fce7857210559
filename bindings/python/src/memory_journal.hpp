// MemoryJournal: the production's journal writer on disks in memory, moved by hand or by a gate on virtual time.
// Threads: one. Ownership: shared by Python and the gates that write it.
#pragma once
#include "audit/testing/journal_stage.hpp"
#include "errors.hpp"

#include <chrono>
#include <utility>

namespace sekisho::python {

/// A journal on disks in memory, moved by hand.
class MemoryJournal {
 public:
  MemoryJournal(std::uint32_t seed, Instant start) : stage(seed) {
    stage.now = start;
    unwrap(stage.open());
  }
  std::uint64_t append(const audit::Entry& entry) {
    Result<std::uint64_t> end = fail("audit.late", "no answer came");
    stage.journal->append(entry, [&end](Result<std::uint64_t> given) { end = std::move(given); });
    stage.journal->pump(stage.now);
    return unwrap(std::move(end));
  }
  void advance(std::chrono::microseconds seconds) {
    stage.now += seconds;
    stage.journal->pump(stage.now);
  }
  void crash() {
    stage.disk.crash();
    stage.keys.crash();
    unwrap(stage.open());
  }
  audit::JournalStage stage;
};

}  // namespace sekisho::python
