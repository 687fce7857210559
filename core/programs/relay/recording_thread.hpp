// RecordingThread: decodes and writes the recordings of a relay's screens, on a thread that never moves packets.
//
//   loop    open() ─────────────▶ header on the disk ─▶ done(Tape)          note() ◀─ chunk written
//   thread       tapes ─▶ RecordingWork ─▶ chunk ─▶ disk ─▶ on_note(…)      noted() ─▶ durable()
//
// Threads: as in recordings.hpp, and its own. Ownership: clock and timers are borrowed and outlive it; the disk is its
// own. Errors: as in recordings.hpp.
#pragma once
#include "audit/disk.hpp"
#include "programs/relay/recordings.hpp"
#include "run/services.hpp"

#include <memory>

namespace sekisho::relay {

class RecordingThread final : public Recordings {
 public:
  RecordingThread(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, run::Timers& timers, OnNote on_note);
  /// Waits for what is being written.
  ~RecordingThread() override;
  RecordingThread(const RecordingThread&) = delete;
  RecordingThread& operator=(const RecordingThread&) = delete;

  void open(std::uint64_t console, recording::FileHeader header, recording::Keys keys,
            std::function<void(Result<Opened>)> done) override;
  void noted(std::uint64_t console, Result<void> end) override;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// Of a desk that records to this disk; empty without one. To be called once.
[[nodiscard]] MakeRecordings on_a_thread(std::unique_ptr<audit::Disk> disk, const run::Clock& clock,
                                         run::Timers& timers);

}  // namespace sekisho::relay
