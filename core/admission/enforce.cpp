#include "admission/enforce.hpp"

#include "admission/enforcement_points.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#ifdef SEKISHO_MUTATION
#include <cstdlib>
#include <set>
#include <string>
#endif

namespace sekisho::admission {
namespace {

using Named = std::pair<std::string_view, std::string_view>;  // name first: rules are few

/// The table in the order of its names: enforce() looks into it many times in a login.
const std::vector<Named>& by_name() {
  static const std::vector<Named> kSorted = [] {
    std::vector<Named> out;
    for (const EnforcementPoint& point : enforcement_points()) out.emplace_back(point.name, point.rule);
    std::ranges::sort(out);
    return out;
  }();
  return kSorted;
}

#ifdef SEKISHO_MUTATION
std::set<std::string>& disabled_points() {
  // The test build's only global: filled before threads start, then read.
  static std::set<std::string> points = [] {
    const char* const named = std::getenv("SEKISHO_SWITCHED_OFF");  // NOLINT(concurrency-mt-unsafe)
    return named != nullptr ? std::set<std::string>{named} : std::set<std::string>{};
  }();
  return points;
}
bool is_disabled(std::string_view rule, std::string_view name) {
  return disabled_points().contains(std::string(rule) + "/" + std::string(name));
}
#endif

}  // namespace

bool is_enforcement_point(std::string_view rule, std::string_view name) {
  return std::ranges::binary_search(by_name(), Named(name, rule));
}

bool enforce(std::string_view rule, std::string_view name, bool holds) {
  if (!is_enforcement_point(rule, name)) {
    const std::string text = "enforcement point " + std::string(rule) + "/" + std::string(name) +
                             " stands in no table (admission/enforcement_points.cpp)";
    assertion_failed(text.c_str(), __FILE__, __LINE__);
  }
#ifdef SEKISHO_MUTATION
  if (is_disabled(rule, name)) return true;
#endif
  return holds;
}

#ifdef SEKISHO_MUTATION
void disable_for_test(std::string_view rule_slash_name) {
  const auto slash = rule_slash_name.find('/');
  SEKISHO_ASSERT(slash != std::string_view::npos);
  SEKISHO_ASSERT(is_enforcement_point(rule_slash_name.substr(0, slash), rule_slash_name.substr(slash + 1)));
  disabled_points().emplace(rule_slash_name);
}
#endif

}  // namespace sekisho::admission
