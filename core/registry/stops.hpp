// Whether an emergency stop is in force (R19): one question for people, terminals, desktops and circuits alike.
// Threads: a pure function over a snapshot. Source: mission.md R19.
#pragma once
#include "registry/model.hpp"

#include <string_view>

namespace sekisho::registry {

/// `target`: the id of what `scope` (path, contractor, person, terminal, desktop) names; empty for scope "all".
[[nodiscard]] bool is_stopped(const Registry& registry, std::string_view scope, std::string_view target);

}  // namespace sekisho::registry
