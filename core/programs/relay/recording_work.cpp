#include "programs/relay/recording_work.hpp"

#include "audit/digest.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::relay {
namespace {

std::uint64_t us(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

seam::RecordingChunk note_of(const recording::Chunk& chunk) {
  return {chunk.info.number,  chunk.info.offset, us(chunk.info.begin),
          us(chunk.info.end), chunk.info.length, audit::to_hex(recording::view(chunk.hash))};
}

}  // namespace

RecordingWork::RecordingWork(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, Recordings::OnNote tell)
    : disk_(std::move(disk)), clock_(clock), tell_(std::move(tell)) {}

Result<Recordings::Opened> RecordingWork::open(std::uint64_t console, const recording::FileHeader& header,
                                               recording::Keys keys, std::function<void()> wake) {
  auto file = recording::RecordingFile::create(*disk_, header);
  if (!file) return file.error();
  Recordings::Opened opened;
  opened.tape = std::make_shared<screens::Tape>(clock_.now(), std::move(wake));
  opened.note = {recording::to_hex(header.id), audit::to_hex(recording::view((*file)->header_hash())), (*file)->name(),
                 us(header.started_at)};
  One one;
  one.recording = std::make_unique<screens::ScreenRecording>(screens::recorder_options(keys), packer_, header,
                                                             (*file)->header_hash(), opened.tape);
  one.file = std::move(*file);
  recordings_.insert_or_assign(console, std::move(one));
  return opened;
}

void RecordingWork::noted(std::uint64_t console, const Result<void>& end) {
  const auto found = recordings_.find(console);
  if (found != recordings_.end()) found->second.recording->durable(clock_.now(), end);
}

void RecordingWork::work() {
  for (auto it = recordings_.begin(); it != recordings_.end();) {
    it = attend(it->first, it->second) ? std::next(it) : recordings_.erase(it);
  }
}

std::optional<Instant> RecordingWork::next_deadline() const {
  std::optional<Instant> out;
  for (const auto& [console, one] : recordings_) {
    const auto due = one.recording->next_deadline();
    if (due && (!out || *due < *out)) out = due;
  }
  return out;
}

bool RecordingWork::attend(std::uint64_t console, One& one) {
  screens::ScreenRecording& recording = *one.recording;
  recording.work(clock_.now());
  while (const recording::Chunk* chunk = recording.next_chunk(clock_.now())) {
    const auto written = one.file->append(*chunk);
    if (written) {
      tell_(console, note_of(*chunk));
      break;  // durable once the journal has it: noted()
    }
    recording.durable(clock_.now(), written);
  }
  if (recording.failure()) {
    tell_(console,
          seam::RecordingFailed{recording.chunks_durable(), recording.failure()->code, recording.failure()->detail});
    return false;
  }
  if (recording.closed()) {
    tell_(console, seam::RecordingClosed{recording.chunks_durable(), recording.why()});
    return false;
  }
  return true;
}

}  // namespace sekisho::relay
