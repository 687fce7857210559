#include "admission/browser_rule.hpp"

#include "admission/enforcement_points.hpp"
#include "admission/posture_exceptions.hpp"
#include "admission/posture_refusals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace sekisho::admission {
namespace {

constexpr std::string_view kCheck = "browser";
constexpr std::string_view kRule = "R09";
constexpr std::string_view kUnknown = "browser.unknown";

/// The first result that is not good enough, or null. What cannot be judged is unknown.
std::optional<CheckResult> objection(const PostureCheck* check, const CheckInput& input) {
  CheckResult unknown;
  unknown.rule = kRule;
  unknown.code = kUnknown;
  if (check == nullptr) return unknown;
  try {
    CheckOutcome outcome = check->judge(input);
    if (outcome.results.empty()) return unknown;
    for (CheckResult& result : outcome.results) {
      if (result.verdict == CheckVerdict::pass || result.verdict == CheckVerdict::warn) continue;
      if (result.verdict == CheckVerdict::not_applicable || result.code.empty()) return unknown;
      return std::move(result);
    }
    return std::nullopt;
  } catch (const std::exception&) {
  } catch (...) {
  }
  return unknown;
}

}  // namespace

std::optional<Refusal> refuse_browser(const PathPolicy& policy,
                                      const std::map<std::string, const PostureCheck*>& checks,
                                      const registry::Registry& registry, const std::string& terminal,
                                      const Arrival& arrival, Instant now) {
  if (arrival.form == LoginForm::client) return std::nullopt;
  const auto wanted = std::ranges::find_if(policy.checks, [](const CheckPolicy& c) { return c.check == kCheck; });
  if (wanted == policy.checks.end() || wanted->mode != CheckMode::enforce) return std::nullopt;
  if (!terminal.empty() && exception_for(registry, terminal, kCheck, now) != nullptr) return std::nullopt;

  const auto found = checks.find(std::string(kCheck));
  const nlohmann::json facts = nlohmann::json::object(), nothing;
  const CheckInput input{.facts = facts,
                         .now = now,
                         .terminal = terminal,
                         .registered_macs = {},
                         .signed_by_terminal = {},
                         .binding = 0,
                         .user_agent = arrival.user_agent,
                         .memory = nothing,
                         .path = policy.path};
  auto against = objection(found == checks.end() ? nullptr : found->second, input);
  if (!against) return std::nullopt;
  if (!is_enforcement_point(against->rule, against->code)) against->rule = kRule, against->code = kUnknown;
  if (enforce(against->rule, against->code, false)) return std::nullopt;
  return refusal_of(*against);
}

}  // namespace sekisho::admission
