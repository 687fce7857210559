// Enrolling: a factor that must be handed to the person before it can be proved (an authenticator app). An
// authenticator that has this second base is asked by the gate when staff enrol somebody; the others need nothing of
// it. Threads: as Authenticator::step(): the store thread, one call at a time. No exception may leave it. Since: plugin
// API 1.0
#pragma once
#include <sekisho/sdk/secret.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <string_view>

namespace sekisho {

struct Enrolled {
  nlohmann::json account_state;  ///< replaces this factor's account state of the person; object, <= 8 KiB
  Secret shown;                  ///< what the person is given, once: never stored, never logged
};

class Enrolling {
 public:
  virtual ~Enrolling() = default;
  /// `person` is the internal id, `login` what the person knows himself by.
  [[nodiscard]] virtual Enrolled enrol(std::string_view person, std::string_view login, Instant now) = 0;
};

}  // namespace sekisho
