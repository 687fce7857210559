// Recordings: what a relay's desk asks of whoever records its screens. Production: RecordingThread, on a thread that
// moves no packets; labs on virtual time do the same work (recording_work.hpp) in turns of their one thread.
//
//   open() ─▶ header on the disk ─▶ done(Opened)          a chunk is written ─▶ on_note ─journal─▶ noted() ─▶ durable
//
// Threads: open(), noted() and destruction on the loop; `done` and on_note come there, never inside a call. Errors:
// those of RecordingFile::create() (audit.full, audit.unwritable); what fails later ends the screen through its tape,
// and is told by a RecordingFailed note. Source: issue "Desktops and consoles" part 3; threats.md T-63.
#pragma once
#include "recording/recorder.hpp"
#include "screens/tape.hpp"
#include "seam/console_messages.hpp"

#include <functional>
#include <memory>

namespace sekisho::relay {

class Recordings {
 public:
  /// A note for the journal; RecordingClosed and RecordingFailed are the last of their console.
  using OnNote = std::function<void(std::uint64_t console, decltype(seam::RecordingNote::body) note)>;
  struct Opened {
    std::shared_ptr<screens::Tape> tape;
    seam::RecordingOpened note;
  };
  virtual ~Recordings() = default;
  /// Makes the file.
  virtual void open(std::uint64_t console, recording::FileHeader header, recording::Keys keys,
                    std::function<void(Result<Opened>)> done) = 0;
  /// The journal's answer to the chunk that on_note told last.
  virtual void noted(std::uint64_t console, Result<void> end) = 0;
};

/// How a desk gets its recordings; empty where nothing is ever recorded.
using MakeRecordings = std::function<std::unique_ptr<Recordings>(Recordings::OnNote)>;

}  // namespace sekisho::relay
