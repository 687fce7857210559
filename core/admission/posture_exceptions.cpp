#include "admission/posture_exceptions.hpp"

#include <algorithm>

namespace sekisho::admission {

const registry::Exception* exception_for(const registry::Registry& registry, std::string_view terminal,
                                         std::string_view check, Instant now) {
  for (const auto& [id, exception] : registry.exceptions) {
    if (exception.terminal != terminal || exception.check != check || now >= exception.until) continue;
    const auto application = registry.applications.find(exception.application);
    if (application == registry.applications.end()) continue;
    const auto& named = application->second.terminals;
    if (application->second.state == registry::ApplicationState::accepted &&
        std::ranges::find(named, terminal) != named.end()) {
      return &exception;
    }
  }
  return nullptr;
}

}  // namespace sekisho::admission
