// ChildProcess: one child of the supervisor: started, handed things on its fd 3, watched until it ends.
// Threads: the loop's thread. Ownership: it owns the process: destroying it kills it and waits for it.
// Safety: nothing that a child says is parsed: the bytes of Ready are compared, anything else is a breach (threats.md
// law 3). Errors: supervise.spawn.
#pragma once
#include "run/asio_fwd.hpp"
#include "run/link.hpp"

#include <sekisho/sdk/result.hpp>

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace sekisho::supervise {

/// How a process ended: by itself with `code`, or by `signal`.
struct Exit {
  int code = 0, signal = 0;
};

class ChildProcess {
 public:
  struct Handler {
    virtual ~Handler() = default;
    virtual void on_ready() = 0;
    /// It said something else than Ready, or Ready twice; the caller ends it.
    virtual void on_breach() = 0;
    virtual void on_exit(Exit exit) = 0;  ///< last call
  };

  /// Starts `argv` (argv[0] is a path) with stdin from /dev/null, the caller's stdout and stderr, and fd 3 as its
  /// control link; every other descriptor is closed. The kernel kills it when this process dies.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(boost::asio::io_context& loop,
                                                                   const std::vector<std::string>& argv,
                                                                   Handler& handler);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// False when the child does not take it (it is ending, or does not read).
  [[nodiscard]] bool hand_over(const std::string& kind, const std::string& name, int fd);
  void signal(int number);
  [[nodiscard]] pid_t pid() const;

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with the waits in flight
};

}  // namespace sekisho::supervise
