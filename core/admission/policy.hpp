// What a path demands. Plain data, from the configuration.
// Threads: plain values. Source: mission.md R03–R10; decisions.md "Posture order", "Posture loss"; threats.md §8.
#pragma once
#include "registry/model.hpp"

#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sekisho::admission {

enum class CheckMode : std::uint8_t { enforce, warn, off };
struct CheckPolicy {
  std::string check;  ///< plugin name
  CheckMode mode = CheckMode::enforce;
};

struct PathPolicy {
  std::string path;
  std::vector<registry::Zone> zones;
  bool lent_only = false;
  std::vector<std::string> factors;  ///< in order: "certificate", "password", "code", "totp"
  unsigned least_factors = 1;        ///< what `factors` must be worth (assurance.hpp); the site's default is 2
  std::vector<CheckPolicy> checks;   ///< every one configured; an unloaded plugin refuses to start
  Seconds login_life{600};           ///< a login transaction, beginning to grant
  Seconds prelogin_max_age{600};     ///< a good report this young admits at once; a bad one refuses at login
  Seconds first_report_limit{120};   ///< quarantine without any good report, then closed
  Seconds report_interval{300};      ///< re-check asked of the agent
  Seconds heartbeat{30};             ///< agent's sign of life
  Seconds silence_to_quarantine{120};
  Seconds silence_to_close{300};
  Seconds mend_limit{120};  ///< update or signature age failing mid-session
  Seconds reconnect_grace{120};
  Seconds idle_limit{3600};
  Seconds absolute_limit{43200};
  Seconds first_tunnel_limit{60};  ///< cookie granted but no tunnel
};

}  // namespace sekisho::admission
