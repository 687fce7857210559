// What would join zones that never meet: rules over the whole registry. A zone belongs to one path, My Number's to the
// closed one; whatever would stand on both sides is refused when it is written. First of three guards (the others are
// admission and the kernel's filter), sharing no code with them.
// Threads: pure function. Errors: none; every place is told.
// Source: mission.md R01; issue "The closed path" §2; core/decisions/0021-closed-lab.md.
#pragma once
#include "registry/model.hpp"
#include "registry/rules.hpp"

#include <vector>

namespace sekisho::registry {

/// Adds a finding for each of: zone.contract (its systems lie on both sides), zone.server (address, machine or manager
/// of a server on the other side), zone.desktop (address of a desktop or server on the other side), zone.circuit (its
/// network holds a desktop or server), zone.terminal (a lent terminal's hardware address is an own one's).
void judge_zones(const Registry& registry, std::vector<Finding>& out);

}  // namespace sekisho::registry
