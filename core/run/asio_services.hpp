// The production services: timers on an Asio loop, blocking work on bounded threads, chance from the kernel.
// Threads: AsioTimers::at/cancel on the loop, post from any thread; ThreadPools::run on the loop; KernelEntropy
// anywhere. Ownership: loop, clock and timers are borrowed and outlive what is built on them. Source: design.md "Who
// drives what"; threats.md law 8, §8 (password hashing: at most 4 at once).
#pragma once
#include "run/asio_fwd.hpp"
#include "run/services.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace sekisho::run {

/// Follows the gate's clock, not Asio's: it looks at least once a second, so that a suspended machine wakes to timers
/// that are due and not to as many hours of grace.
class AsioTimers final : public Timers {
 public:
  AsioTimers(boost::asio::io_context& loop, const Clock& clock);
  ~AsioTimers() override;
  AsioTimers(const AsioTimers&) = delete;
  AsioTimers& operator=(const AsioTimers&) = delete;

  Id at(Instant at, std::function<void()> fn) override;
  void cancel(Id id) override;
  void post(std::function<void()> fn) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the waits in flight, which may outlive this object
};

/// Each pool has its own threads and its own bounded queue. A work that is still waiting when its limit ends never
/// starts. Hashing stands behind everything else on a full machine. A work that throws ends as run.threw. The
/// destructor waits for works that have begun.
class ThreadPools final : public Blocking {
 public:
  struct Size {
    std::size_t threads, queue;
  };
  struct Sizes {
    Size store{1, 4096};
    Size password{4, 128};  ///< decisions.md "Password hash"
    Size general{2, 256};
  };
  ThreadPools(const Clock& clock, Timers& timers);
  ThreadPools(const Clock& clock, Timers& timers, Sizes sizes);
  ~ThreadPools() override;
  ThreadPools(const ThreadPools&) = delete;
  ThreadPools& operator=(const ThreadPools&) = delete;

  void run(Pool pool, std::chrono::milliseconds limit, std::function<void()> work,
           std::function<void(Result<void>)> done) override;

 private:
  class Workers;
  struct Job;
  const Clock& clock_;
  Timers& timers_;
  std::array<std::unique_ptr<Workers>, 3> pools_;
};

/// getrandom(2). Ends the process when the kernel has no randomness: nothing may be granted then.
class KernelEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace sekisho::run
