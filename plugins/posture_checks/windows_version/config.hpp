// Fields of the Windows check. Threads: plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::windows_version {

struct PathLimits {
  std::string path;
  std::optional<std::int64_t> min_build, warn_days, grace_days;

  static void describe(auto& d) {
    d.field("path", &PathLimits::path, "Configured name of the access path", {.range = {1, 64}, .required = true});
    d.field("min_build", &PathLimits::min_build, "As above, for this path", {{22000, 1000000}});
    d.field("warn_days", &PathLimits::warn_days, "As above, for this path", {{0, 365}});
    d.field("grace_days", &PathLimits::grace_days, "As above, for this path", {{0, 365}});
  }
};

struct Config {
  std::int64_t min_build = 22000, warn_days = 60, grace_days = 0;
  std::string builds_file;
  std::vector<PathLimits> paths;

  static void describe(auto& d) {
    d.field("min_build", &Config::min_build, "Least build; 22000 is the first Windows 11", {{22000, 1000000}});
    d.field("warn_days", &Config::warn_days, "Warn this many days before a build's end of service", {{0, 365}});
    d.field("grace_days", &Config::grace_days, "Admit this many days after it", {{0, 365}});
    d.field("builds_file", &Config::builds_file,
            "A newer table of builds (JSON as builds.json); empty: the built-in one");
    d.field("paths", &Config::paths, "Limits that differ for single paths", {.range = {0, 16}});
  }
};

}  // namespace sekisho::windows_version
