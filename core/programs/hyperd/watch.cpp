#include "programs/hyperd/watch.hpp"

#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sekisho::hyperd {
namespace {
constexpr std::chrono::milliseconds kAsk(1000), kPause(1000);
}  // namespace

struct Watch::Shared {
  std::function<void(const MachineEvent&)> tell;  // the loop's alone
  std::mutex mutex;
  std::condition_variable woken;
  bool ending = false;

  /// True when it is over.
  bool wait(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex);
    return woken.wait_for(lock, pause, [&] { return ending; });
  }
};

Watch::Watch(ConsoleDriver& driver, run::Timers& timers, std::function<void(const MachineEvent&)> tell)
    : shared_(std::make_shared<Shared>()) {
  shared_->tell = std::move(tell);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([&driver, &timers, shared = shared_] {
    bool lost = false;
    const auto post = [&](MachineEvent event) {
      timers.post([weak = std::weak_ptr(shared), event = std::move(event)] {
        if (const auto self = weak.lock(); self && self->tell) self->tell(event);
      });
    };
    while (!shared->wait(std::chrono::milliseconds(0))) {
      Result<std::vector<MachineEvent>> seen = fail("console.refused", "the driver threw");
      try {
        seen = driver.events(kAsk);
      } catch (...) {
      }
      if (seen) {
        for (MachineEvent& event : *seen) {
          if (event.uuid.empty()) lost = event.manager_lost;
          post(std::move(event));
        }
        continue;
      }
      if (seen.error().code == "console.not_supported") return;
      // A manager that was never there is lost as well: somebody has to be told.
      if (!lost) post({.uuid = {}, .state = MachineState::unknown, .manager_lost = lost = true});
      if (shared->wait(kPause)) return;
    }
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Watch::~Watch() {
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->ending = true;
  }
  shared_->tell = nullptr;
  shared_->woken.notify_all();
  thread_.join();
}

}  // namespace sekisho::hyperd
