// The services around the machines: time, timers, blocking work, mail. Production implements them with Asio and threads
// (run/asio_services.hpp); tests and the simulator with one heap on one thread (run/testing/).
// Threads: one loop thread owns a gate; every callback below comes on it. `work` of Blocking runs elsewhere.
// Source: design.md "Who drives what".
#pragma once
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sekisho::run {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
};

class Timers {
 public:
  using Id = std::uint64_t;
  virtual ~Timers() = default;
  /// Calls `fn` once at or after `at` on the loop; 0 is never returned.
  virtual Id at(Instant at, std::function<void()> fn) = 0;
  virtual void cancel(Id id) = 0;  ///< unknown ids are fine
  /// Calls `fn` soon on the loop, after the current callback; may be called from any thread.
  virtual void post(std::function<void()> fn) = 0;
};

/// Pools are bounded: a full queue answers `done` with run.busy at once. After `limit` done gets run.late and the
/// work's result is dropped (the work itself may still be running: it must own all it touches).
enum class Pool : std::uint8_t { store, password, general };
class Blocking {
 public:
  virtual ~Blocking() = default;
  virtual void run(Pool pool, std::chrono::milliseconds limit, std::function<void()> work,
                   std::function<void(Result<void>)> done) = 0;
};

/// Runs `work` and hands its value to `done(Result<T>)`.
template <class T, class Work, class DoneFn>
void run_blocking(Blocking& blocking, Pool pool, std::chrono::milliseconds limit, Work work, DoneFn done) {
  auto slot = std::make_shared<std::unique_ptr<T>>();
  blocking.run(
      pool, limit, [slot, work = std::move(work)]() mutable { *slot = std::make_unique<T>(work()); },
      [slot, done = std::move(done)](const Result<void>& end) mutable {
        if (!end) return done(Result<T>(end.error()));
        if (!*slot) return done(Result<T>(fail("run.threw", "the work ended with an exception")));
        done(Result<T>(std::move(**slot)));
      });
}

class Mail {
 public:
  virtual ~Mail() = default;
  /// Queues one mail; `done` comes when the next hop has it or has refused it for good, or mail.busy when the spool is
  /// full.
  virtual void send(SendMail mail, std::function<void(Result<void>)> done) = 0;
};

struct Services {
  Clock& clock;
  Timers& timers;
  Blocking& blocking;
  Entropy& entropy;
  Mail& mail;
};

}  // namespace sekisho::run
