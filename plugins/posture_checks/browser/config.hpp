// Fields of the browser check. Threads: plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sekisho::browser {

struct Config {
  std::int64_t edge = 124, chrome = 126, firefox = 123;
  std::vector<std::string> vpn_clients{"Mozilla/5.0 SV1", "FortiSSLVPN", "sekisho-agent/"};

  static void describe(auto& d) {
    d.field("edge", &Config::edge, "Least major version of Microsoft Edge", {{1, 100000}});
    d.field("chrome", &Config::chrome, "Least major version of Google Chrome", {{1, 100000}});
    d.field("firefox", &Config::firefox, "Least major version of Mozilla Firefox", {{1, 100000}});
    d.field("vpn_clients", &Config::vpn_clients, "A User-Agent that begins so is a program, not a browser",
            {.range = {0, 32}});
  }
};

}  // namespace sekisho::browser
