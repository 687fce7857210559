// What an operator may set for one Fortinet access path. Threads: plain value.
#pragma once
#include <sekisho/sdk/config.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace sekisho::fortinet {

struct FortinetConfig {
  std::string realm;
  std::string language = "ja";
  std::uint16_t mru = 1354;
  std::uint16_t large_mru = 0;
  bool large_uploads = false;
  std::string code_prompt = "Enter the 6-digit code sent to your mail address";
  std::uint16_t wrong_passwords = 3;
  bool ask_hostcheck = false;
  std::string login_forms = "both";
  std::string origin;
  std::string service_ja, service_en;
  std::uint16_t saml_port = 8020;
  std::chrono::seconds idle_before_login{60};
  std::chrono::seconds tunnel_open_limit{30};

  static void describe(auto& d) {
    d.field("realm", &FortinetConfig::realm,
            "Realm in the client's URL (https://gate/<realm>): lower-case letters, digits, - and _; empty: none",
            {{0, 31}});
    d.field("language", &FortinetConfig::language, "Language first in texts for clients that ask for none",
            {.one_of = {"ja", "en"}});
    d.field("mru", &FortinetConfig::mru, "Largest IP packet through the tunnel, bytes; never above the session's",
            {{1300, 1354}});
    d.field("large_mru", &FortinetConfig::large_mru,
            "Packet size offered to openconnect over TLS, for fast downloads (bytes); 0: none. Others are offered mru",
            {{0, 16000}});
    d.field("large_uploads", &FortinetConfig::large_uploads,
            "Where large_mru was agreed, let the client send such packets too, for fast uploads; for quick lines only: "
            "on a slow "
            "one the person's own key strokes wait behind them");
    d.field("code_prompt", &FortinetConfig::code_prompt,
            "Question for the mailed code when the login names none; printable ASCII without commas", {{1, 120}});
    d.field("wrong_passwords", &FortinetConfig::wrong_passwords,
            "Wrong passwords on one connection that are answered with a new question", {{0, 10}});
    d.field("ask_hostcheck", &FortinetConfig::ask_hostcheck,
            "Ask openfortivpn for its unsigned host check claim after the login");
    d.field("login_forms", &FortinetConfig::login_forms,
            "Which login forms this path allows: the VPN client's own, the pages for a browser, or both",
            {.one_of = {"both", "client", "browser"}});
    d.field("origin", &FortinetConfig::origin,
            "This gate as browsers know it, https://<name>[:<port>]; empty: what the request's Host says", {{0, 263}});
    d.field("service_ja", &FortinetConfig::service_ja,
            "Name of this environment on the Japanese pages; empty: built in", {{0, 120}});
    d.field("service_en", &FortinetConfig::service_en, "Name of this environment on the English pages; empty: built in",
            {{0, 120}});
    d.field("saml_port", &FortinetConfig::saml_port,
            "Port on the terminal itself where a client waits for its browser (SAML form)", {{1024, 65535}});
    d.field("idle_before_login_s", &FortinetConfig::idle_before_login,
            "Close a connection without tunnel after this much silence (s)", {{15, 600}});
    d.field("tunnel_open_limit_s", &FortinetConfig::tunnel_open_limit,
            "Close a tunnel whose PPP is not open after this time (s)", {{5, 120}});
  }
};

}  // namespace sekisho::fortinet
