// sekisho-front put together from its rooms; the mains (production's and the lab's) differ in what they hand in.
// Threads: construct and run on the main thread; the call returns when the process is told to stop.
// Errors: the process's exit code: 0 stopped, 1 could not start or lost the gatekeeper for good, 2 bad configuration.
// Every failure is logged first.
#pragma once
#include "front/packet_filter.hpp"

#include <string>

namespace sekisho::programs {

struct FrontOptions {
  std::string config_file;
  std::string path;      ///< configured access path; empty with `posture`
  bool posture = false;  ///< the posture page instead of an access path
  /// Who judges every packet. Production hands in the strict one; only the lab has another.
  const front::PacketFilter& filter;
};

/// Reads configuration, keys and plugin, closes the sandbox, serves until SIGTERM or until the supervisor is gone.
[[nodiscard]] int run_front(const FrontOptions& options);

}  // namespace sekisho::programs
