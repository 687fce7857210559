// Every service of run/services.hpp on one thread with a virtual clock, one ordered heap and seeded chance: the same
// seed and the same calls give the same bytes. For unit tests and the simulator. Threads: one. Ownership: FakeServices
// owns all; services() borrows from it.
#pragma once
#include "run/services.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::run::testing {

/// Time stands still until it is moved; what is due at the same instant runs in the order in which it was asked for.
class FakeTimers final : public Timers, public Clock {
 public:
  explicit FakeTimers(Instant start) : now_(start) {}
  [[nodiscard]] Instant now() const override { return now_; }
  Id at(Instant at, std::function<void()> fn) override;
  void cancel(Id id) override;
  void post(std::function<void()> fn) override { static_cast<void>(at(now_, std::move(fn))); }

  /// Runs everything that is due now, also what that adds; ends the process after 1,000,000 rounds at one instant.
  void settle();
  /// Moves time by `span`, stopping at every instant at which something is due.
  void advance(Instant::duration span);
  /// Moves to the next instant at which something is due and settles there; false when nothing waits.
  bool step();
  [[nodiscard]] std::optional<Instant> next() const;
  [[nodiscard]] std::size_t waiting() const { return heap_.size(); }

 private:
  Instant now_;
  std::map<std::pair<Instant, Id>, std::function<void()>> heap_;
  std::map<Id, Instant> when_;
  Id next_id_ = 1;
};

/// `at_once`: the work runs inside run(), its end is posted. `held`: works wait until finish() or their limit.
class FakeBlocking final : public Blocking {
 public:
  enum class Mode : std::uint8_t { at_once, held };
  explicit FakeBlocking(FakeTimers& timers) : timers_(timers) {}
  void run(Pool pool, std::chrono::milliseconds limit, std::function<void()> work,
           std::function<void(Result<void>)> done) override;

  Mode mode = Mode::at_once;
  bool full = false;           ///< every run() answers run.busy
  bool out_of_memory = false;  ///< every run() throws
  /// Runs the oldest held work (also one that is late already); false when none waits.
  bool finish();
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  struct Job {
    std::function<void()> work;
    std::function<void(Result<void>)> done;
    Timers::Id limit = 0;
  };
  void perform(const std::shared_ptr<Job>& job);
  FakeTimers& timers_;
  std::deque<std::shared_ptr<Job>> held_;
};

class FakeEntropy final : public Entropy {
 public:
  explicit FakeEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::mt19937_64 random_;
};

/// Keeps every mail. `answer` decides what `done` hears; default: the next hop has it.
class FakeMail final : public Mail {
 public:
  explicit FakeMail(FakeTimers& timers) : timers_(timers) {}
  void send(SendMail mail, std::function<void(Result<void>)> done) override;
  std::vector<SendMail> sent;
  std::function<Result<void>(const SendMail&)> answer;

 private:
  FakeTimers& timers_;
};

struct FakeServices {
  explicit FakeServices(std::uint64_t seed = 1, Instant start = *parse_rfc3339("2026-11-22T00:00:00Z"))
      : timers(start), blocking(timers), entropy(seed), mail(timers) {}
  [[nodiscard]] Services services() { return {timers, timers, blocking, entropy, mail}; }

  FakeTimers timers;
  FakeBlocking blocking;
  FakeEntropy entropy;
  FakeMail mail;
};

}  // namespace sekisho::run::testing
