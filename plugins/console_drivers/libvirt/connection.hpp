// One connection to libvirt that comes back by itself, and what its lifecycle events say.
//
//   none ──get()──▶ opening ──▶ open ──closed, not alive──▶ none        (a failed opening: not again for a second;
//                                                                        others wait two seconds for one that runs)
//
// Threads: get() from a worker thread (it may block); the rest from any thread. Ownership: hands out counted
// references; an old connection lives until the last call on it has come back. Errors: console.unreachable. Source:
// consoles.md §2.1; libvirt's close callbacks and keep-alives (5 s, 3 times).
#pragma once
#include "handles.hpp"

#include <sekisho/sdk/console_driver.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sekisho::libvirt {

/// What happened, until somebody takes it. When too much waits, all of it becomes "the manager is back: ask anew".
class EventQueue {
 public:
  void push(MachineEvent event);
  /// Waits for the first until `end`; wakes early when interrupted.
  [[nodiscard]] std::vector<MachineEvent> take(std::chrono::steady_clock::time_point end);

 private:
  std::mutex mutex_;
  std::condition_variable here_;
  std::deque<MachineEvent> events_;
};

/// What a lifecycle event of libvirt says of a machine; `detail` is not needed for it.
[[nodiscard]] MachineState state_after(int lifecycle_event);
/// virDomainState as ours.
[[nodiscard]] MachineState state_of(int domain_state);

class Connection {
 public:
  explicit Connection(std::string uri);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The connection, opened if there is none.
  [[nodiscard]] Result<Connect> get();
  /// Whether it is there now, without trying.
  [[nodiscard]] bool open() const;
  [[nodiscard]] EventQueue& events() { return *events_; }

 private:
  struct Watch;
  void drop();
  [[nodiscard]] Result<Connect> opened();

  const std::string uri_;
  const std::shared_ptr<EventQueue> events_;  // shared with the callbacks, which may be on their way
  mutable std::mutex mutex_;
  std::condition_variable opened_;
  Connect connect_;
  std::shared_ptr<Watch> watch_;
  bool opening_ = false;
  std::chrono::steady_clock::time_point not_before_{};
};

}  // namespace sekisho::libvirt
