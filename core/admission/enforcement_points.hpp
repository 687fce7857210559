// The table behind enforce(): one row per (rule, name), sorted by the room that holds the check. A new check gets its
// row in enforcement_points.cpp in the same change; enforcement_points_test.cpp finds calls without a row and rows
// whose file is gone. Threads: constant data.
#pragma once
#include "admission/enforce.hpp"

namespace sekisho::admission {

/// Whether enforce(rule, name, …) may be called: asked before a foreign plugin's code is used as a name.
[[nodiscard]] bool is_enforcement_point(std::string_view rule, std::string_view name);

}  // namespace sekisho::admission
