// Numbers of the password factor. A site may make them stricter; the ends of the ranges are the limits of threats.md
// §8. Threads: plain values. Units: seconds.
#pragma once
#include <chrono>
#include <cstdint>

namespace sekisho::password {

struct Config {
  std::uint32_t throttle_from = 3;         ///< the failure from which on the next try has to wait
  std::chrono::seconds throttle_first{1};  ///< then doubled with every further failure …
  std::chrono::seconds throttle_max{32};   ///< … up to this
  std::uint32_t lock_after = 10;           ///< each further multiple of it locks again
  std::chrono::seconds lock{1800};
  std::uint32_t retry_tries = 3;  ///< failures up to which the person is simply asked again

  static void describe(auto& d) {
    d.field("throttle_from", &Config::throttle_from, "Failure from which on the next try has to wait", {{1, 3}});
    d.field("throttle_first_s", &Config::throttle_first, "First wait, doubled with every further failure (s)",
            {{1, 60}});
    d.field("throttle_max_s", &Config::throttle_max, "Longest wait between two tries (s)", {{32, 3600}});
    d.field("lock_after", &Config::lock_after, "Failures in a row that lock the password factor", {{3, 10}});
    d.field("lock_s", &Config::lock, "How long it stays locked (s)", {{1800, 86400}});
    d.field("retry_tries", &Config::retry_tries,
            "Failures up to which the client may ask for the password again by itself", {{0, 5}});
  }
};

}  // namespace sekisho::password
