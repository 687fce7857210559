// Preloaded into the lab's sekishod beside open-admission.so: the gatekeeper gives screens of any zone, as if it had
// forgotten that a path shows its own (R01). So a story sees whether the relay holds without it. Never installed.
// Threads: as admission::enforce(), which it asks.
#include "admission/enforce.hpp"
#include "base/testing/next_definition.hpp"

namespace sekisho::admission {

__attribute__((visibility("default"))) bool enforce(std::string_view rule, std::string_view name, bool holds) {
  static auto* const real = sekisho::testing::next_definition(&enforce);
  return real(rule, name, holds || (rule == "R01" && name == "console.other_zone"));
}

}  // namespace sekisho::admission
