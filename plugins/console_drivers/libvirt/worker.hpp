// Calls that may hang, with a limit: libvirt knows none. A call that is late is abandoned; it goes on alone, owns what
// it touches, and what it brings back is released.
// Threads: run() from any thread; works run on four threads of the driver's own, signals blocked.
// Ownership: a work must own all it touches. Errors: console.timed_out; a work that throws is console.refused.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace sekisho::libvirt {

class Worker {
 public:
  Worker();
  /// Works that hang past two seconds are left to themselves.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  template <class T>
  [[nodiscard]] Result<T> run(std::chrono::milliseconds limit, std::function<Result<T>()> work) {
    auto slot = std::make_shared<Slot<T>>();
    const auto end = std::chrono::steady_clock::now() + limit;
    post([slot, work = std::move(work)] {
      {
        const std::scoped_lock lock(slot->mutex);
        if (slot->abandoned) return;  // nobody waits: it must not begin
      }
      std::optional<Result<T>> result;
      try {
        result.emplace(work());
      } catch (...) {
        result.emplace(fail("console.refused", "the call ended with an exception"));
      }
      const std::scoped_lock lock(slot->mutex);
      if (!slot->abandoned) slot->result = std::move(result);
      slot->done.notify_one();
    });
    std::unique_lock lock(slot->mutex);
    if (!slot->done.wait_until(lock, end, [&] { return slot->result.has_value(); })) {
      slot->abandoned = true;
      return fail("console.timed_out", "no answer within " + std::to_string(limit.count()) + " ms");
    }
    return *std::move(slot->result);
  }

 private:
  template <class T>
  struct Slot {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Result<T>> result;
    bool abandoned = false;
  };
  struct State;
  void post(std::function<void()> work);
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::libvirt
