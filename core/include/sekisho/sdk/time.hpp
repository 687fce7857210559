// Time as every room sees it: an instant of gate time that is handed in, never asked for.
// Threads: pure functions. Units: microseconds since 1970-01-01T00:00:00Z. Source: RFC 3339.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho {

/// Gate time. Production anchors it to the system clock at start and then follows the monotonic clock,
/// so that a stepped system clock neither prolongs nor revives anything.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Seconds = std::chrono::seconds;

/// "2026-11-22T00:31:00.000000Z"; always UTC, always six decimals.
[[nodiscard]] std::string to_rfc3339(Instant at);
/// Accepts RFC 3339 with "Z" and 0 to 6 decimals, years 1970 to 9999; anything else is nullopt.
[[nodiscard]] std::optional<Instant> parse_rfc3339(std::string_view text);
/// "2026-11-22" of the UTC day of `at`.
[[nodiscard]] std::string to_date(Instant at);
/// "2026-11-22" -> the instant at which that day begins in UTC; nullopt when it is no calendar day.
[[nodiscard]] std::optional<Instant> parse_date(std::string_view text);

}  // namespace sekisho
