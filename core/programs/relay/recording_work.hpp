// RecordingWork: the recordings of a relay's screens, without a thread: tapes are decoded, chunks written, and what the
// journal must know is told. Whoever drives it calls work() when a tape has woken it and at next_deadline().
// Threads: one at a time, never one that moves packets. Ownership: the disk is its own, the clock is borrowed and
// outlives it. Errors: as in recordings.hpp.
#pragma once
#include "audit/disk.hpp"
#include "programs/relay/recordings.hpp"
#include "recording/file.hpp"
#include "run/services.hpp"
#include "screens/screen_recording.hpp"

#include <map>
#include <memory>
#include <optional>

namespace sekisho::relay {

class RecordingWork {
 public:
  /// `tell`: the notes; comes inside work().
  RecordingWork(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, Recordings::OnNote tell);
  RecordingWork(const RecordingWork&) = delete;
  RecordingWork& operator=(const RecordingWork&) = delete;

  /// `wake`: from the tape's writer, whenever there is something for work().
  [[nodiscard]] Result<Recordings::Opened> open(std::uint64_t console, const recording::FileHeader& header,
                                                recording::Keys keys, std::function<void()> wake);
  void noted(std::uint64_t console, const Result<void>& end);
  /// A turn for each.
  void work();
  /// nullopt: nothing is recorded.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

 private:
  struct One {
    std::unique_ptr<recording::RecordingFile> file;
    std::unique_ptr<screens::ScreenRecording> recording;
  };
  /// False: this recording has come to its end.
  bool attend(std::uint64_t console, One& one);

  const std::unique_ptr<audit::Disk> disk_;
  const run::Clock& clock_;
  const Recordings::OnNote tell_;
  recording::TilePacker packer_;
  std::map<std::uint64_t, One> recordings_;
};

}  // namespace sekisho::relay
