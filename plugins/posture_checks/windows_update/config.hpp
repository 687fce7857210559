// Fields of the update check. Threads: plain values.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::windows_update {

struct PathLimits {
  std::string path;
  std::optional<std::int64_t> tolerance_days, install_max_age_days;

  static void describe(auto& d) {
    d.field("path", &PathLimits::path, "Configured name of the access path", {.range = {1, 64}, .required = true});
    d.field("tolerance_days", &PathLimits::tolerance_days, "As above, for this path", {{0, 365}});
    d.field("install_max_age_days", &PathLimits::install_max_age_days, "As above, for this path", {{1, 365}});
  }
};

struct Config {
  std::int64_t tolerance_days = 30, table_max_age_days = 45, install_max_age_days = 45;
  std::string updates_file;
  std::vector<PathLimits> paths;

  static void describe(auto& d) {
    d.field("tolerance_days", &Config::tolerance_days, "An update must be applied this many days after its release",
            {{0, 365}});
    d.field("table_max_age_days", &Config::table_max_age_days, "A table older than this is not believed", {{1, 365}});
    d.field("install_max_age_days", &Config::install_max_age_days,
            "Without a usable table: greatest age of the last installed update", {{1, 365}});
    d.field("updates_file", &Config::updates_file,
            "Table of released updates (JSON, see README.md); empty: none, the last installed update is judged");
    d.field("paths", &Config::paths, "Limits that differ for single paths", {.range = {0, 16}});
  }
};

}  // namespace sekisho::windows_update
