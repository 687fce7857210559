#include "run/asio_services.hpp"
#include "run/priority.hpp"

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace sekisho::run {

/// `done` belongs to the loop: whoever comes first there, the end of the work or of its limit, takes it.
struct ThreadPools::Job {
  std::function<void()> work;
  std::function<void(Result<void>)> done;
  Timers::Id limit = 0;
  std::atomic<bool> abandoned = false;

  void answer(Result<void> end) {
    if (!done) return;
    const auto fn = std::exchange(done, nullptr);
    fn(std::move(end));
  }
};

class ThreadPools::Workers {
 public:
  Workers(Timers& timers, Size size, bool behind = false) : timers_(timers), capacity_(size.queue) {
    // Signals are the loop's business: a worker that took one would leave the loop asleep.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (std::size_t i = 0; i < size.threads; ++i) {
      threads_.emplace_back([this, behind] {
        if (behind) give_way();
        work();
      });
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      queue_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  bool push(std::shared_ptr<Job> job) {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= capacity_)
        std::erase_if(queue_, [](const auto& waiting) { return waiting->abandoned.load(); });
      if (queue_.size() >= capacity_) return false;
      queue_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
  }

 private:
  void work() {
    for (;;) {
      std::shared_ptr<Job> job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (stopping_) return;
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      if (job->abandoned.load()) continue;
      bool threw = false;
      try {
        job->work();
      } catch (...) {
        threw = true;
      }
      const auto end = [job, &timers = timers_, threw] {
        timers.cancel(job->limit);
        job->work = nullptr;
        job->answer(threw ? Result<void>(fail("run.threw", "the work ended with an exception")) : Result<void>());
      };
      job.reset();
      // Whoever waits must hear it: without memory for that, again.
      for (bool told = false; !told;) {
        try {
          timers_.post(end);
          told = true;
        } catch (const std::bad_alloc&) {
          std::this_thread::yield();
        }
      }
    }
  }

  Timers& timers_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

ThreadPools::ThreadPools(const Clock& clock, Timers& timers) : ThreadPools(clock, timers, Sizes{}) {}

ThreadPools::ThreadPools(const Clock& clock, Timers& timers, Sizes sizes)
    : clock_(clock),
      timers_(timers),
      pools_{std::make_unique<Workers>(timers, sizes.store), std::make_unique<Workers>(timers, sizes.password, true),
             std::make_unique<Workers>(timers, sizes.general)} {}

ThreadPools::~ThreadPools() = default;

void ThreadPools::run(Pool pool, std::chrono::milliseconds limit, std::function<void()> work,
                      std::function<void(Result<void>)> done) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->done = std::move(done);
  job->limit = timers_.at(clock_.now() + limit, [job] {
    job->abandoned = true;
    job->answer(fail("run.late", "the work did not end within its limit"));
  });
  if (pools_[static_cast<std::size_t>(pool)]->push(job)) return;
  timers_.cancel(job->limit);
  // Posted like every other end, so that a caller never finds itself called back inside its own call.
  timers_.post([job] { job->answer(fail("run.busy", "the queue of this pool is full")); });
}

}  // namespace sekisho::run
