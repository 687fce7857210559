// Fields of the socket driver. Threads: plain values.
#pragma once
#include <string>

namespace sekisho::template_console_driver {

struct Config {
  std::string directory;

  static void describe(auto& d) {
    d.field("directory", &Config::directory, "Directory of the sockets, <uuid>.rfb each",
            {.range = {1, 60}, .required = true});
  }
};

}  // namespace sekisho::template_console_driver
