// Preloaded into the lab's sekishod: rights without the rule that a path leads to its own zones alone (R01), nor that
// an Internet terminal is an own one. So a story sees whether the other guards hold without this one. Never installed.
// Threads: as registry::rights_by(), which it asks.
#include "base/testing/next_definition.hpp"
#include "registry/rules.hpp"

namespace sekisho::registry {

__attribute__((visibility("default"))) RightsAnswer rights_by(const Registry& registry, std::string_view person,
                                                              std::string_view terminal, std::string_view path,
                                                              const std::vector<Zone>&, bool, Instant now,
                                                              std::optional<std::string_view> by) {
  static auto* const real = sekisho::testing::next_definition(&rights_by);
  return real(registry, person, terminal, path, {Zone::internet_business, Zone::internet_dmz, Zone::my_number}, false,
              now, by);
}

__attribute__((visibility("default"))) RightsAnswer rights_of(const Registry& registry, std::string_view person,
                                                              std::string_view terminal, std::string_view path,
                                                              const std::vector<Zone>& zones, bool lent_only,
                                                              Instant now) {
  return rights_by(registry, person, terminal, path, zones, lent_only, now, std::nullopt);
}

}  // namespace sekisho::registry
