// Accepted exceptions from one posture check for one terminal (posture.md §7). Threads: pure function.
#pragma once
#include "registry/model.hpp"

#include <sekisho/sdk/time.hpp>

#include <string_view>

namespace sekisho::admission {

/// The exception in force: from an accepted application that names the terminal. Null: none. Borrowed from `registry`.
[[nodiscard]] const registry::Exception* exception_for(const registry::Registry& registry, std::string_view terminal,
                                                       std::string_view check, Instant now);

}  // namespace sekisho::admission
