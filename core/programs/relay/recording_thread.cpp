#include "programs/relay/recording_thread.hpp"

#include "programs/relay/recording_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

constexpr std::chrono::milliseconds kLongestSleep{500};

}  // namespace

struct RecordingThread::Inside {
  Inside(std::unique_ptr<audit::Disk> d, const run::Clock& c, run::Timers& t, OnNote n)
      : clock(c),
        timers(t),
        on_note(std::move(n)),
        alive(std::make_shared<bool>(true)),
        work(std::move(d), c, [this](std::uint64_t console, decltype(seam::RecordingNote::body) note) {
          tell(console, std::move(note));
        }) {}

  const run::Clock& clock;
  run::Timers& timers;
  const OnNote on_note;
  const std::shared_ptr<bool> alive;  // on the loop: false once the owner is gone

  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::function<void()>> jobs;  // guarded
  bool woken = false, stop = false;         // guarded

  // The thread's own.
  RecordingWork work;
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
      work.work();
    }
  }

  [[nodiscard]] std::chrono::microseconds sleep() const {
    std::chrono::microseconds out = kLongestSleep;
    if (const auto due = work.next_deadline()) out = std::min(out, *due - clock.now());
    return std::max(out, std::chrono::microseconds(1000));
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
    auto opened = in.work.open(console, header, keys, [&in] { in.rouse(); });
    in.on_loop([done = std::move(done), opened = std::move(opened)] { done(opened); });
  });
}

void RecordingThread::noted(std::uint64_t console, Result<void> end) {
  Inside& in = *inside_;
  in.give([&in, console, end = std::move(end)] { in.work.noted(console, end); });
}

MakeRecordings on_a_thread(std::unique_ptr<audit::Disk> disk, const run::Clock& clock, run::Timers& timers) {
  if (!disk) return {};
  const auto shared = std::make_shared<std::unique_ptr<audit::Disk>>(std::move(disk));  // a function can be copied
  return [shared, &clock, &timers](Recordings::OnNote on_note) {
    return std::make_unique<RecordingThread>(std::move(*shared), clock, timers, std::move(on_note));
  };
}

}  // namespace sekisho::relay
