#include "admission/enforce.hpp"

#include "admission/enforcement_points.hpp"

#include <sekisho/sdk/result.hpp>

#include <functional>
#include <unordered_set>
#include <utility>

#ifdef SEKISHO_MUTATION
#include <cstdlib>
#include <set>
#include <string>
#endif

namespace sekisho::admission {
namespace {

using Named = std::pair<std::string_view, std::string_view>;  // rule, name
struct OfName {
  std::size_t operator()(const Named& point) const { return std::hash<std::string_view>{}(point.second); }
};

/// The table by names: enforce() looks into it a hundred times in a login.
const std::unordered_set<Named, OfName>& points() {
  static const std::unordered_set<Named, OfName> kPoints = [] {
    std::unordered_set<Named, OfName> out;
    for (const EnforcementPoint& point : enforcement_points()) out.emplace(point.rule, point.name);
    return out;
  }();
  return kPoints;
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
  return points().contains(Named(rule, name));
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
