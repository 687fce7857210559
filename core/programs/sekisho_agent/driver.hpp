// Drives the machine with the real world: facts file, wire, signals, time, output.
// SIGUSR1: something changed, report at once. SIGTERM, SIGINT, SIGHUP: leave (the session stays as it is).
// Threads: one, and it is the only one that takes signals. Units: CLOCK_BOOTTIME, so that a resume counts as time.
#pragma once
#include "agent/agent.hpp"
#include "programs/sekisho_agent/curl_wire.hpp"
#include "programs/sekisho_agent/say.hpp"

#include <optional>
#include <string>

namespace sekisho::agent {

/// The program's exit codes; scripts and scenarios rely on them.
enum ExitCode : int {
  kPassed = 0,       ///< every check passed; enrolled; the session ended
  kUsage = 2,        ///< the command line
  kDenied = 3,       ///< the gate said no
  kGateFailed = 4,   ///< the gate cannot be reached, verified or understood
  kLocalFailed = 5,  ///< facts, key, state, token, settings
};

/// A descriptor that becomes readable with the signals above, which no longer interrupt anything.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  [[nodiscard]] int descriptor() const { return fd_; }
  /// Takes what has come; true when one of them says leave.
  bool drain();
  /// Whether SIGUSR1 came since the last call.
  [[nodiscard]] bool take_change();

 private:
  int fd_ = -1;
  bool change_ = false;
};

/// The facts of a file; only a document that says it comes from a simulator (agent.facts_source).
[[nodiscard]] Result<nlohmann::json> collect_from_file(const std::string& path);

/// Runs the machine to its end; answers the exit code. `signals` is nullptr for one report: then the usual signals end
/// the program, and troubles go to stderr so that stdout holds one answer.
[[nodiscard]] int drive(Agent& agent, CurlWire& wire, const std::string& facts_file, Signals* signals,
                        const Format& format);

}  // namespace sekisho::agent
