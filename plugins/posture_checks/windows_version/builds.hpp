// The table of Windows 11 builds and their ends of service: data that an operator may replace.
// Threads: plain values. Errors: windows_version.bad_table with the place. Source: posture.md §6.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::windows_version {

/// Each end is the first instant at which service is over: midnight UTC after the last day.
struct Build {
  std::string name;
  Instant home_pro_end{}, enterprise_end{};
  std::optional<Instant> ltsc_end;
  std::vector<std::string> arches;  ///< empty: every kind of device
};
using Builds = std::map<std::int64_t, Build>;

/// At most 256 builds, each once, with all its days.
[[nodiscard]] Result<Builds> parse_builds(std::string_view json);
[[nodiscard]] std::string_view compiled_in_builds();

}  // namespace sekisho::windows_version
