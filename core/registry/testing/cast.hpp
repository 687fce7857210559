// The cast as a registry for unit tests: mori and tani reach Internet systems, sato the My Number zone with a lent
// terminal; yama approves, kato audits. Everything is in force at kNow.
// Threads: pure functions.
#pragma once
#include "registry/model.hpp"

#include <cstdint>
#include <string>

namespace sekisho::registry::testing {

/// 2026-11-22T01:00:00Z: any test's present.
inline constexpr Instant kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(1)};

[[nodiscard]] Registry cast();
/// Base64 of what a certificate is as far as its days: nobody's, signed by nobody. `serial` is 1 to 127.
[[nodiscard]] std::string certificate_shape(int serial, Instant from, Instant until);
/// A valid registry of about `size` objects per kind, the same for the same seed.
[[nodiscard]] Registry random_registry(std::uint32_t seed, std::size_t size);

}  // namespace sekisho::registry::testing
