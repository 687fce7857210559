// The registry in tables: SQL made from the field descriptions of registry/fields.hpp.
// One table per entity (its plural name; key column "id"), one link table per list field ("contract_systems": owner,
// position, value); a period is two columns. The tables themselves stand in migrations.cpp.
// Threads: on the store's connection. Errors: soci::soci_error; CorruptRow for a value that no program of ours wrote.
#pragma once
#include "registry/model.hpp"

#include <stdexcept>

namespace soci {
class session;
}

namespace sekisho::store {

struct CorruptRow : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Everything but the generation.
[[nodiscard]] registry::Registry read_registry(soci::session& sql);
/// Writes what differs between `before` (what the tables hold) and `after`.
void write_changes(soci::session& sql, const registry::Registry& before, const registry::Registry& after);

}  // namespace sekisho::store
