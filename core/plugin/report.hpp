// Says why plugins were not loaded: each refusal of the loader is an event of its own.
// Threads: as Log. Ownership: everything borrowed until the call returns.
#pragma once
#include "base/log.hpp"
#include "plugin/loader.hpp"

#include <string_view>

namespace sekisho::plugin {

/// The event whose id is this refusal's code; nullptr for a code that the loader never gives.
[[nodiscard]] const Event* event_of(std::string_view code);

/// All of a list: `refused` as critical, `skipped` as not.
void report(Log& log, const LoadedAll& all);

}  // namespace sekisho::plugin
