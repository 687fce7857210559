// Released Windows updates by build and UBR: data that the operator keeps up to date.
// Threads: plain values. Units: days of UTC. Errors: windows_update.bad_table with the place. Source: posture.md §6,
// §7.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace sekisho::windows_update {

struct Release {
  std::int64_t ubr = 0;
  Instant released{};  ///< midnight UTC at which its day begins
};
struct Releases {
  Instant updated{};
  std::map<std::int64_t, std::vector<Release>> of_build;

  /// The highest UBR of `build` released at `by` or earlier; nullopt when the table knows none.
  [[nodiscard]] std::optional<std::int64_t> highest(std::int64_t build, Instant by) const;
};

/// At most 4,096 releases for at most 16 builds each.
[[nodiscard]] Result<Releases> parse_releases(std::string_view json);
[[nodiscard]] std::string_view compiled_in_updates();

}  // namespace sekisho::windows_update
