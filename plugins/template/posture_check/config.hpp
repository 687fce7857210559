// Fields of the disk check. Threads: plain values.
#pragma once

namespace sekisho::template_posture_check {

struct Config {
  bool warn_only = false;

  static void describe(auto& d) {
    d.field("warn_only", &Config::warn_only, "Whether a disk that is reported as not encrypted is only warned about");
  }
};

}  // namespace sekisho::template_posture_check
