#include "worker.hpp"

#include <signal.h>

#include <deque>
#include <thread>

namespace sekisho::libvirt {
namespace {
constexpr std::size_t kThreads = 4;
constexpr std::chrono::seconds kPatience(2);
}  // namespace

struct Worker::State {
  std::mutex mutex;
  std::condition_variable work_here, thread_gone;
  std::deque<std::function<void()>> works;
  std::size_t threads = 0;
  bool ending = false;

  static void serve(const std::shared_ptr<State>& state) {
    for (;;) {
      std::function<void()> work;
      {
        std::unique_lock lock(state->mutex);
        state->work_here.wait(lock, [&] { return state->ending || !state->works.empty(); });
        if (state->ending) break;
        work = std::move(state->works.front());
        state->works.pop_front();
      }
      work();
    }
    const std::scoped_lock lock(state->mutex);
    --state->threads;
    state->thread_gone.notify_all();
  }
};

Worker::Worker() : state_(std::make_shared<State>()) {}

void Worker::post(std::function<void()> work) {
  const std::scoped_lock lock(state_->mutex);
  state_->works.push_back(std::move(work));
  if (state_->threads < kThreads) {  // started when they are needed: a driver that nobody asks has none
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([state = state_] { State::serve(state); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ++state_->threads;
  }
  state_->work_here.notify_one();
}

Worker::~Worker() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->works.clear();
  state_->work_here.notify_all();
  state_->thread_gone.wait_for(lock, kPatience, [&] { return state_->threads == 0; });
}

}  // namespace sekisho::libvirt
