// Fields of the terminal check. Threads: plain values.
#pragma once
#include <string>
#include <vector>

namespace sekisho::registered_terminal {

/// A path that demands another binding than the rest.
struct PathLimits {
  std::string path;
  int min_binding = 1;

  static void describe(auto& d) {
    d.field("path", &PathLimits::path, "Configured name of the access path", {.range = {1, 64}, .required = true});
    d.field("min_binding", &PathLimits::min_binding, "As above, for this path", {.range = {0, 3}, .required = true});
  }
};

struct Config {
  int min_binding = 1;
  std::vector<PathLimits> paths;

  static void describe(auto& d) {
    d.field("min_binding", &Config::min_binding,
            "Least binding of the terminal's key: 0 hardware address only (warns), 1 software key, 2 TPM key proved at "
            "enrolment, 3 = 2 and the VPN certificate's key is that key",
            {.range = {0, 3}});
    d.field("paths", &Config::paths, "Limits that differ for single paths", {.range = {0, 16}});
  }
};

}  // namespace sekisho::registered_terminal
