// The system call filter of a profile. Private to the sandbox. Threads: as enter_sandbox(). Errors: run.sandbox.
#pragma once
#include "run/sandbox.hpp"

namespace sekisho::run {

[[nodiscard]] Result<void> load_system_call_filter(SandboxProfile profile);

}  // namespace sekisho::run
