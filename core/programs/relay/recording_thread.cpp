#include "programs/relay/recording_thread.hpp"

#include "audit/digest.hpp"
#include "recording/file.hpp"
#include "screens/screen_recording.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

using recording::RecordingFile;
using screens::ScreenRecording;

constexpr std::chrono::milliseconds kLongestSleep{500};

std::uint64_t us(Instant at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

seam::RecordingChunk note_of(const recording::Chunk& chunk) {
  return {chunk.info.number,  chunk.info.offset, us(chunk.info.begin),
          us(chunk.info.end), chunk.info.length, audit::to_hex(recording::view(chunk.hash))};
}

}  // namespace

struct RecordingThread::Inside {
  Inside(std::unique_ptr<audit::Disk> d, const run::Clock& c, run::Timers& t, OnNote n)
      : disk(std::move(d)), clock(c), timers(t), on_note(std::move(n)), alive(std::make_shared<bool>(true)) {}

  struct One {
    std::unique_ptr<RecordingFile> file;
    std::unique_ptr<ScreenRecording> recording;
  };

  std::unique_ptr<audit::Disk> disk;
  const run::Clock& clock;
  run::Timers& timers;
  const OnNote on_note;
  const std::shared_ptr<bool> alive;  // on the loop: false once the owner is gone

  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::function<void()>> jobs;  // guarded
  bool woken = false, stop = false;         // guarded

  // The thread's own.
  recording::TilePacker packer;
  std::map<std::uint64_t, One> recordings;
  std::thread thread;

  void rouse() {
    {
      const std::scoped_lock lock(mutex);
      woken = true;
    }
    wake.notify_one();
  }
  void give(std::function<void()> job) {
    {
      const std::scoped_lock lock(mutex);
      jobs.push_back(std::move(job));
    }
    wake.notify_one();
  }
  void on_loop(std::function<void()> fn) {
    timers.post([alive = alive, fn = std::move(fn)] {
      if (*alive) fn();
    });
  }
  void tell(std::uint64_t console, decltype(seam::RecordingNote::body) note) {
    on_loop([this, console, note = std::move(note)] { on_note(console, note); });
  }

  void run() {
    for (;;) {
      std::vector<std::function<void()>> now_due;
      {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, sleep(), [&] { return woken || stop || !jobs.empty(); });
        woken = false;
        now_due.swap(jobs);
        if (stop && now_due.empty()) return;
      }
      for (const auto& job : now_due) job();
      for (auto it = recordings.begin(); it != recordings.end();) {
        it = attend(it->first, it->second) ? std::next(it) : recordings.erase(it);
      }
    }
  }

  [[nodiscard]] std::chrono::microseconds sleep() const {
    std::chrono::microseconds out = kLongestSleep;
    const Instant now = clock.now();
    for (const auto& [console, one] : recordings) {
      if (const auto due = one.recording->next_deadline()) out = std::min(out, *due - now);
    }
    return std::max(out, std::chrono::microseconds(1000));
  }

  /// False: this recording has come to its end.
  bool attend(std::uint64_t console, One& one) {
    ScreenRecording& recording = *one.recording;
    recording.work(clock.now());
    while (const recording::Chunk* chunk = recording.next_chunk(clock.now())) {
      const auto written = one.file->append(*chunk);
      if (written) {
        tell(console, note_of(*chunk));
        break;  // durable once the journal has it: noted()
      }
      recording.durable(clock.now(), written);
    }
    if (recording.failure()) {
      tell(console,
           seam::RecordingFailed{recording.chunks_durable(), recording.failure()->code, recording.failure()->detail});
      return false;
    }
    if (recording.closed()) {
      tell(console, seam::RecordingClosed{recording.chunks_durable(), recording.why()});
      return false;
    }
    return true;
  }
};

RecordingThread::RecordingThread(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, run::Timers& timers,
                                 OnNote on_note)
    : inside_(std::make_unique<Inside>(std::move(disk), clock, timers, std::move(on_note))) {
  inside_->thread = std::thread([inside = inside_.get()] { inside->run(); });
}

RecordingThread::~RecordingThread() {
  *inside_->alive = false;
  {
    const std::scoped_lock lock(inside_->mutex);
    inside_->stop = true;
  }
  inside_->wake.notify_one();
  inside_->thread.join();
}

void RecordingThread::open(std::uint64_t console, recording::FileHeader header, recording::Keys keys,
                           std::function<void(Result<Opened>)> done) {
  Inside& in = *inside_;
  in.give([&in, console, header = std::move(header), keys, done = std::move(done)]() mutable {
    auto file = RecordingFile::create(*in.disk, header);
    if (!file) return in.on_loop([done = std::move(done), error = file.error()] { done(error); });
    Opened opened;
    opened.tape = std::make_shared<screens::Tape>(in.clock.now(), [&in] { in.rouse(); });
    opened.note = {recording::to_hex(header.id), audit::to_hex(recording::view((*file)->header_hash())),
                   (*file)->name(), us(header.started_at)};
    Inside::One one;
    one.recording = std::make_unique<ScreenRecording>(screens::recorder_options(keys), in.packer, header,
                                                      (*file)->header_hash(), opened.tape);
    one.file = std::move(*file);
    in.recordings.insert_or_assign(console, std::move(one));
    in.on_loop([done = std::move(done), opened = std::move(opened)] { done(opened); });
  });
}

void RecordingThread::noted(std::uint64_t console, Result<void> end) {
  Inside& in = *inside_;
  in.give([&in, console, end = std::move(end)] {
    const auto found = in.recordings.find(console);
    if (found != in.recordings.end()) found->second.recording->durable(in.clock.now(), end);
  });
}

}  // namespace sekisho::relay
