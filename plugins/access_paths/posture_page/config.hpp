// What an operator may set for the posture page. Threads: plain value.
#pragma once
#include <sekisho/sdk/config.hpp>

#include <chrono>
#include <string>

namespace sekisho::posture_page {

struct Config {
  std::string language = "ja";
  std::chrono::seconds gatekeeper_limit{30};

  static void describe(auto& d) {
    d.field("language", &Config::language, "Language first on the page for browsers that ask for none",
            {.one_of = {"ja", "en"}});
    d.field("gatekeeper_limit_s", &Config::gatekeeper_limit,
            "Answer 503 when the gatekeeper has not answered after this long (s)", {{5, 60}});
  }
};

}  // namespace sekisho::posture_page
