// Daemon: sekishod put together from its rooms; the mains (production's and the lab's) differ in what they hand in.
// Threads: construct and run() on the main thread; run() returns when the process is told to stop.
// Errors: run() answers the process's exit code; every failure is logged as sekishod.* first.
#pragma once
#include "run/services.hpp"

#include <functional>
#include <memory>
#include <string>

namespace sekisho::programs {

struct DaemonOptions {
  std::string config_file;
  bool check_only = false;
  /// Labs only: facts made by a simulator count (posture.md §1). Production never sets it.
  bool allow_simulator = false;
  /// Labs only: gate::GateOptions::bare_entrance (R15). Production never sets it.
  bool bare_entrance = false;
  /// Labs only: verifies passwords instead of Argon2id, so that a benchmark compares the same hash.
  std::function<bool(const VerifyPassword&)> verify_password;
  /// Labs only: so many times as long may a hash and the store take; beside emulated guests both are slow.
  unsigned patience = 1;
  /// Labs only: wraps the gate's clock. Production leaves it empty.
  std::function<std::unique_ptr<run::Clock>(const run::Clock&)> wrap_clock;
};

/// Reads the configuration, loads plugins, enters the sandbox, serves until SIGTERM or until the supervisor is gone.
[[nodiscard]] int run_daemon(const DaemonOptions& options);

}  // namespace sekisho::programs
