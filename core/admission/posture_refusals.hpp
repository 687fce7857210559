// The refusals of posture: every code of posture.md §7's table and of the envelope, in Japanese and English with
// remedy. The catalogue of admission takes them from here. Threads: constant data behind pure functions.
#pragma once
#include <sekisho/sdk/posture_check.hpp>
#include <sekisho/sdk/refusal.hpp>

#include <string_view>
#include <vector>

namespace sekisho::admission {

[[nodiscard]] std::vector<Refusal> posture_refusals();

/// The text of a posture code, or nullptr for a code that only a foreign plugin knows. Static life.
[[nodiscard]] const Refusal* posture_refusal(std::string_view code);

/// A refusal for a check's result: the catalogue's text with what was seen and what is wanted, or the plugin's own
/// remedy.
[[nodiscard]] Refusal refusal_of(const CheckResult& result);

/// Mid-session, is this failure one that the person gets mend_limit for (posture.md §7 `session`, decisions.md)?
/// Everything unlisted closes at once.
[[nodiscard]] bool is_mendable(std::string_view code);

}  // namespace sekisho::admission
