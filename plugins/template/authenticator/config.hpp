// Fields of the pass phrase factor. Threads: plain values.
#pragma once
#include <cstdint>
#include <string>

namespace sekisho::template_authenticator {

struct Config {
  std::string phrase_file;
  std::uint32_t tries = 3;

  static void describe(auto& d) {
    d.field("phrase_file", &Config::phrase_file, "File whose first line is the pass phrase",
            {.required = true, .secret = true});
    d.field("tries", &Config::tries, "Tries in one login", {{1, 5}});
  }
};

}  // namespace sekisho::template_authenticator
