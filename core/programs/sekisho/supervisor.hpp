// Supervisor: starts the processes of a plan in order, gives them their listeners and links, and brings back what dies.
// Threads: the loop's thread. Ownership: loop, clock, timers and log are borrowed; listeners and children are its own.
// Order: a child starts for the first time once all before it are ready; later each comes back by itself: at once,
// then after 0.1, 0.2 … 2 s; a child that has been ready for 10 s starts over at "at once". Stop goes in reverse order.
// Links: whenever a child starts, a fresh pair goes to it and to each neighbour that runs.
// Errors: none leave it; they are events, and the children's states. Source: design.md "Processes"; threats.md R-01,
//
#pragma once
#include "base/log.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sekisho::supervise {

struct ChildPlan {
  std::string name;                    ///< "netd", "sekishod", "front:internet": also its name on links
  std::vector<std::string> argv;       ///< argv[0] is the program's path
  std::vector<std::string> listeners;  ///< names among Plan::listeners
};
struct Plan {
  std::vector<ChildPlan> children;                         ///< in the order of starting
  std::vector<std::pair<std::string, std::string>> links;  ///< names of two children each
  std::string listen_after;                                ///< sockets listen once this child is ready; empty: at start
};

enum class ChildState : std::uint8_t { waiting, starting, ready, resting, stopping, stopped };
[[nodiscard]] std::string_view to_string(ChildState state);

struct ChildStatus {
  std::string name;
  ChildState state = ChildState::waiting;
  pid_t pid = 0;  ///< 0: not running
  std::uint64_t starts = 0;
};

struct SupervisorLimits {
  std::chrono::milliseconds ready{120'000}, stop{5'000}, stable{10'000};
  std::chrono::milliseconds rest_first{100}, rest_longest{2'000};
};

class Supervisor {
 public:
  struct Callbacks {
    std::function<void()> on_all_ready;  ///< once
    std::function<void()> on_change;     ///< status() may differ
    std::function<void()> on_stopped;    ///< after stop(): nothing runs any more
  };
  /// `listeners`: bound stream sockets by name; they live as long as this object.
  Supervisor(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Plan plan,
             std::map<std::string, run::Fd> listeners, Log& log, Callbacks callbacks, SupervisorLimits limits = {});
  /// Kills what still runs.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  void start();
  void stop();
  /// A socket could not listen: everything stops by itself.
  [[nodiscard]] bool failed() const;
  [[nodiscard]] std::vector<ChildStatus> status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sekisho::supervise
