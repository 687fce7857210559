// Fields of the line path. Threads: plain values.
#pragma once
#include <chrono>

namespace sekisho::template_access_path {

struct Config {
  std::chrono::seconds patience{30};

  static void describe(auto& d) {
    d.field("patience_s", &Config::patience, "Closed when no complete line has come for this long (s)", {{1, 60}});
  }
};

}  // namespace sekisho::template_access_path
