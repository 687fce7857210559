// Facts as the agent holds them before it signs them, and the age of a fixture.
//
// A collector reads a machine and stamps `collected_at` with the machine's clock; the agent sends that as it is, so
// that the gate sees how far the clock is off. A fixture (collector.source "simulator") stands for a machine's state
// and has no age of its own: its first sending goes out as written, and every later one of the same bytes moves
// `collected_at` on by the gate time that has passed since. A terminal whose clock is ten minutes off stays ten minutes
// off. Threads: one. Units: gate time. Ranges: a document <= 46 KiB (base64url and signature must fit into 64 KiB),
// depth
// <= 7. Errors: agent.facts_malformed, agent.facts_too_large. Source: posture.md §1, §2.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sekisho::agent {

/// The document of a text that a collector or a fixture gave; its schema is checked here so that the person learns of
/// a broken one before the gate does.
[[nodiscard]] Result<nlohmann::json> read_facts(std::string_view text);

/// Changes when anything but `collected_at` does.
[[nodiscard]] std::string facts_digest(const nlohmann::json& facts);

class FixtureAge {
 public:
  /// The document to sign at gate time `now`. Facts of another source come back unchanged.
  [[nodiscard]] nlohmann::json at(const nlohmann::json& facts, Instant now);

 private:
  std::string known_;  // the fixture's bytes
  Instant first_{};
};

}  // namespace sekisho::agent
