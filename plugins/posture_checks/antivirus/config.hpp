// Fields of the antivirus check. Threads: plain values.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::antivirus {

struct PathLimits {
  std::string path;
  std::optional<std::chrono::seconds> signature_max_age, stuck_after;

  static void describe(auto& d) {
    d.field("path", &PathLimits::path, "Configured name of the access path", {.range = {1, 64}, .required = true});
    d.field("signature_max_age_s", &PathLimits::signature_max_age, "As above, for this path (s)", {{3600, 31536000}});
    d.field("stuck_after_s", &PathLimits::stuck_after, "As above, for this path (s)", {{3600, 31536000}});
  }
};

struct Config {
  std::vector<std::string> allowed{"microsoft", "trendmicro", "norton", "mcafee", "eset", "webroot"};
  std::chrono::seconds signature_max_age{259200}, stuck_after{604800};
  std::string vendors_file;
  std::vector<PathLimits> paths;

  static void describe(auto& d) {
    d.field("allowed", &Config::allowed, "Vendors that may protect a terminal", {.range = {1, 64}});
    d.field("signature_max_age_s", &Config::signature_max_age,
            "Greatest age of dated definitions (s); the default reaches from Friday evening to Monday",
            {{3600, 31536000}});
    d.field("stuck_after_s", &Config::stuck_after, "Warn when an undated version has not changed for this long (s)",
            {{3600, 31536000}});
    d.field("vendors_file", &Config::vendors_file,
            "A newer table of vendors (JSON as vendors.json); empty: the built-in one");
    d.field("paths", &Config::paths, "Limits that differ for single paths", {.range = {0, 16}});
  }
};

}  // namespace sekisho::antivirus
