// What an operator may set for one path of the closed network. Threads: plain value.
#pragma once
#include <sekisho/sdk/config.hpp>

#include <chrono>
#include <string>

namespace sekisho::ip_vpn {

struct Config {
  std::string language = "ja";
  std::string origin;
  std::string desktop_page;
  std::string service_ja, service_en;
  std::chrono::seconds gatekeeper_limit{30};

  static void describe(auto& d) {
    d.field("language", &Config::language, "Language first on the pages for browsers that ask for none",
            {.one_of = {"ja", "en"}});
    d.field("origin", &Config::origin,
            "This entrance as browsers know it, https://<name>[:<port>]; empty: what the request's Host says",
            {{0, 263}});
    d.field("desktop_page", &Config::desktop_page,
            "Address of the desktop page, https://<name>[:<port>], as in pages.desktop.origin; empty: no link",
            {{0, 263}});
    d.field("service_ja", &Config::service_ja, "Name of this environment on the Japanese pages; empty: built in",
            {{0, 120}});
    d.field("service_en", &Config::service_en, "Name of this environment on the English pages; empty: built in",
            {{0, 120}});
    d.field("gatekeeper_limit_s", &Config::gatekeeper_limit,
            "Answer 503 when the gatekeeper has not answered after this long (s)", {{5, 60}});
  }
};

}  // namespace sekisho::ip_vpn
