// One object of the running gate's registry. Threads: one.
#pragma once
#include "programs/sekishoctl/commands.hpp"

#include <cstdint>

namespace sekisho::ctl {

/// False: there is none, or the gate refused; said already. `generation` is that of the registry it was read from.
bool find_object(Session& session, const std::string& kind, const std::string& id, nlohmann::json& object,
                 std::uint64_t* generation = nullptr);

}  // namespace sekisho::ctl
