// Heap: the one queue of everything that will happen in a simulated world, ordered by time and then by the order in
// which it was asked for. Each event belongs to an owner (a process), whose events vanish when it dies.
// Threads: one. Ownership: owns the callbacks. Units: true time of the world; a process may believe another
// (ProcessTimers).
#pragma once
#include "run/services.hpp"

#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace sekisho::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// 0 is the world itself.
using Owner = std::uint32_t;

class Heap {
 public:
  using Id = std::uint64_t;
  explicit Heap(Instant start) : now_(start) {}
  [[nodiscard]] Instant now() const { return now_; }
  Id at(Owner owner, Instant when, std::function<void()> fn);
  Id in(Owner owner, Instant::duration span, std::function<void()> fn) { return at(owner, now_ + span, std::move(fn)); }
  void cancel(Id id);
  /// Nothing of this owner happens any more.
  void drop(Owner owner);
  /// Runs the next event; false when none is due before `end` (time is `end` then).
  bool step(Instant end);
  /// Time passes and nothing runs: the machine sleeps. What is overdue runs afterwards, late.
  void sleep_until(Instant when);
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  static constexpr unsigned kPlaceBits = 24;  ///< of an Id, low: its place in waiting_; above it a count
  struct Event {
    Id id = 0;  ///< 0: the place is free
    Owner owner = 0;
    std::function<void()> fn;
  };
  struct Turn {
    Instant when{};
    Id id = 0;
    friend bool operator>(const Turn& a, const Turn& b) { return a.when != b.when ? a.when > b.when : a.id > b.id; }
  };
  [[nodiscard]] std::function<void()> take(Event& event);
  Instant now_;
  std::vector<Turn> turns_;  ///< a binary heap, the next one in front; may name events that are gone
  std::vector<Event> waiting_;
  std::vector<std::uint32_t> free_;  ///< places of waiting_
  std::uint64_t asked_ = 0, events_ = 0;
};

/// Timers and clock of one process. `skew`: how far its clock is from the world's; gate time never steps (GateClock),
/// so it is fixed for a process's life.
class ProcessTimers final : public run::Timers, public run::Clock {
 public:
  ProcessTimers(Heap& heap, Owner owner, Instant::duration skew) : heap_(heap), owner_(owner), skew_(skew) {}
  [[nodiscard]] Instant now() const override { return heap_.now() + skew_; }
  Id at(Instant when, std::function<void()> fn) override {
    return heap_.at(owner_, when == Instant::max() ? when : when - skew_ + lateness, std::move(fn));
  }
  void cancel(Id id) override { heap_.cancel(id); }
  void post(std::function<void()> fn) override { heap_.at(owner_, heap_.now(), std::move(fn)); }

  Instant::duration lateness{0};  ///< a planted fault: every timer comes so much too late

 private:
  Heap& heap_;
  Owner owner_;
  Instant::duration skew_;
};

}  // namespace sekisho::sim
