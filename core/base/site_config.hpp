// SiteConfig: the one configuration file of a gate, read by every program, each taking its own part.
// Threads: plain values. Secrets appear as file paths only. Parsing: base/config.hpp (all errors at once, JSON pointers).
// The full example with every key is core/base/all-keys.json, loaded by a test.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sekisho {

struct PluginConfig {
  std::string plugin;                                       ///< name of the plugin's manifest
  bool critical = true;                                     ///< a failure keeps the program from starting
  nlohmann::json config = nlohmann::json::object();         ///< checked against the plugin's schema
};
struct TlsConfig {
  std::string certificate_file, key_file;                   ///< PEM; chain leaf first
  std::string client_ca_file;                               ///< CA of client certificates; empty: none asked for
};
struct TunConfig {
  std::string name = "sekisho0";
  std::string gate_address;                                 ///< "10.202.0.1"
  std::uint8_t prefix = 24;                                 ///< pool = the network of gate_address
  std::uint16_t mtu = 1354;
};
struct CheckConfig {
  std::string check, mode = "enforce";                      ///< enforce | warn | off
};
struct PathConfig {
  std::string name;                                         ///< "internet"
  PluginConfig plugin;
  std::vector<std::string> listen;                          ///< "198.51.100.1:443"
  TlsConfig tls;
  TunConfig tun;
  std::uint32_t uid = 0;
  std::vector<std::string> zones, factors;
  std::vector<CheckConfig> checks;
  bool lent_only = false;
  std::string entrance;                                     ///< desktop entrance, "10.202.0.1:5900"
  std::uint32_t relay_uid = 0;
  std::uint32_t idle_limit_s = 3600, absolute_limit_s = 43200, reconnect_grace_s = 120;
  std::uint32_t report_interval_s = 300, heartbeat_s = 30, silence_to_quarantine_s = 120, silence_to_close_s = 300;
  std::uint32_t mend_limit_s = 120, first_report_limit_s = 120, prelogin_max_age_s = 600;
};
struct PostureConfig {
  std::vector<std::string> listen;                          ///< public address and every path's gate address
  TlsConfig tls;
  std::uint32_t uid = 0;
};
struct MailConfig {
  std::string url;                                          ///< "smtp://post.example:25" (STARTTLS required) or smtps://
  std::string from, ca_file, user_file;                     ///< user_file: "user:password", optional
  std::uint32_t spool = 256, limit_s = 30;
};
struct JournalSection {
  std::string directory, signing_key_file;
  std::uint64_t segment_bytes = 16u << 20;
};
struct SiteConfig {
  std::string node = "1", gate_id;                          ///< gate_id: the public name
  std::string plugin_directory, state_directory, control_socket;
  std::string store_url;                                    ///< sqlite:///… or postgresql://…
  std::uint32_t sekishod_uid = 0, netd_uid = 0;
  JournalSection journal;
  MailConfig mail;
  std::vector<PluginConfig> authenticators, posture_checks;
  std::vector<PathConfig> paths;
  PostureConfig posture;
};

}  // namespace sekisho
