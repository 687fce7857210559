// Preloaded into the lab's sekishod beside open-admission.so: the gatekeeper gives screens of any zone, as if it had
// forgotten that a path shows its own (R01). So a story sees whether the relay holds without it. Never installed.
// Threads: as admission::enforce(), which it asks.
#include "admission/enforce.hpp"

#include <dlfcn.h>

#include <cstdlib>

namespace sekisho::admission {

__attribute__((visibility("default"))) bool enforce(std::string_view rule, std::string_view name, bool holds) {
  using Real = decltype(&enforce);
  static const Real real = [] {
    Dl_info own{};
    if (dladdr(reinterpret_cast<const void*>(&enforce), &own) == 0) std::abort();
    void* const next = dlsym(RTLD_NEXT, own.dli_sname);
    if (next == nullptr) std::abort();
    return reinterpret_cast<Real>(next);
  }();
  return real(rule, name, holds || (rule == "R01" && name == "console.other_zone"));
}

}  // namespace sekisho::admission
