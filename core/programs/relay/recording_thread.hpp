// RecordingThread: decodes and writes the recordings of a relay's screens, on a thread that never moves packets.
//
//   loop    open() ─────────────▶ header on the disk ─▶ done(Tape)          note() ◀─ chunk written
//   thread       tapes ─▶ ScreenRecording ─▶ chunk ─▶ disk ─▶ on_note(…)    noted() ─▶ durable()
//
// Threads: open(), noted() and destruction on the loop; `done` and on_note come there. Ownership: clock and timers are
// borrowed and outlive it; the disk is its own. Errors: those of RecordingFile::create() (audit.full,
// audit.unwritable); what fails later ends the screen through its tape, and is told by a RecordingFailed note. Source:
// issue "Desktops and consoles" part 3; threats.md T-63.
#pragma once
#include "audit/disk.hpp"
#include "recording/recorder.hpp"
#include "run/services.hpp"
#include "screens/tape.hpp"
#include "seam/console_messages.hpp"

#include <functional>
#include <memory>

namespace sekisho::relay {

class RecordingThread {
 public:
  /// A note for the journal; RecordingClosed and RecordingFailed are the last of their console.
  using OnNote = std::function<void(std::uint64_t console, decltype(seam::RecordingNote::body) note)>;

  RecordingThread(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, run::Timers& timers, OnNote on_note);
  /// Waits for what is being written.
  ~RecordingThread();
  RecordingThread(const RecordingThread&) = delete;
  RecordingThread& operator=(const RecordingThread&) = delete;

  struct Opened {
    std::shared_ptr<screens::Tape> tape;
    seam::RecordingOpened note;
  };
  /// Makes the file. `done` on the loop.
  void open(std::uint64_t console, recording::FileHeader header, recording::Keys keys,
            std::function<void(Result<Opened>)> done);
  /// The journal's answer to the chunk that on_note told last.
  void noted(std::uint64_t console, Result<void> end);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace sekisho::relay
