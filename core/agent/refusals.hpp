// What the agent itself says when it cannot go on: rule, code, what, why and remedy, in Japanese and English. The
// gate's own refusals come from the gate. Threads: constant data behind pure functions.
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>

#include <string_view>
#include <vector>

namespace sekisho::agent {

[[nodiscard]] const std::vector<Refusal>& refusals();
/// The text of an agent.* code; agent.internal for one that nobody knows.
[[nodiscard]] const Refusal& refusal(std::string_view code);

}  // namespace sekisho::agent
