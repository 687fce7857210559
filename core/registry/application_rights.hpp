// The rights that one application carries. Threads: pure function. Source: as rules.hpp.
#pragma once
#include "registry/rules.hpp"

namespace sekisho::registry {

/// rights_of() as if application `by` were the only one there is; without `by`: rights_of().
[[nodiscard]] RightsAnswer rights_by(const Registry&, std::string_view person, std::string_view terminal,
                                     std::string_view path, const std::vector<Zone>& path_zones, bool lent_only,
                                     Instant now, std::optional<std::string_view> by);

}  // namespace sekisho::registry
