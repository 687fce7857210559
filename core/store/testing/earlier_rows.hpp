// Rows as an earlier program left them, and what must be left of them once the schema is the newest.
// Threads: on the store's connection. Units: microseconds, as the columns have them. Ranges: schema versions 1 to the
// newest.
#pragma once
#include "registry/circuits.hpp"
#include "registry/model.hpp"

#include <gtest/gtest.h>
#include <soci/soci.h>

#include <cstdint>

namespace sekisho::store::testing {

/// A contractor with a circuit in use and a lent terminal. Version 0 has no tables.
inline void put_earlier_rows(soci::session& sql, std::int64_t version) {
  if (version < 1) return;
  sql << "INSERT INTO contractors (id, name) VALUES ('sato-joho', '佐藤情報')";
  sql << "INSERT INTO circuits (id, contractor, site, ordered_at, usable_at) VALUES ('line-sato', 'sato-joho', '本社', "
         "1767225600000000, 1775001600000000)";
  sql << "INSERT INTO circuit_prefixes (owner, position, value) VALUES ('line-sato', 0, '10.90.1.0/24')";
  sql << "INSERT INTO terminals (id, contractor, name, kind, key_thumbprint, key_jwk, binding, enrolment_hash) VALUES "
         "('pc-sato', 'sato-joho', 'pc-sato', 'lent', '', '', 0, '')";
  sql << "INSERT INTO terminal_macs (owner, position, value) VALUES ('pc-sato', 0, '00:1b:21:00:00:03')";
  sql << "UPDATE registry_state SET generation = 41";
}

/// They are all there; what they could not say yet is empty, so the terminal has no rights.
inline void expect_earlier_rows(const registry::Registry& found, std::int64_t version, Instant now) {
  EXPECT_EQ(found.generation, version < 1 ? 0U : 41U) << version;
  EXPECT_EQ(found.contractors.size(), version < 1 ? 0U : 1U) << version;
  if (version < 1) return;
  ASSERT_TRUE(found.circuits.contains("line-sato")) << version;
  const registry::Circuit& circuit = found.circuits.at("line-sato");
  EXPECT_EQ(circuit.prefixes, std::vector<std::string>{"10.90.1.0/24"});
  EXPECT_EQ(registry::state_of(circuit, now), registry::CircuitState::usable);
  EXPECT_EQ(circuit.device_name + circuit.device_certificate, "");
  ASSERT_TRUE(found.terminals.contains("pc-sato")) << version;
  const registry::Terminal& terminal = found.terminals.at("pc-sato");
  EXPECT_EQ(terminal.kind, registry::TerminalKind::lent);
  EXPECT_EQ(terminal.macs.size(), 1U);
  EXPECT_EQ(terminal.circuit + terminal.lent_to + terminal.place, "");
  EXPECT_FALSE(terminal.handed_over_at || terminal.due_at || terminal.returned_at || terminal.wiped_at);
  EXPECT_EQ(registry::against_loan(found, terminal, now), "terminal.not_handed_over");
}

}  // namespace sekisho::store::testing
