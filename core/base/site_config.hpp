// SiteConfig: the one configuration file of a gate, read by every program, each taking its own part.
// Threads: plain values. Secrets appear as file paths only. Parsing and the rules between fields:
// base/site_config_parse.hpp (all errors at once, JSON pointers). The full example with every key is
// core/base/all-keys.json, loaded by a test. Units: `_s` seconds. Limits may be made stricter than decisions.md and
// threats.md §8, never weaker.
#pragma once
#include "base/hyper_config.hpp"
#include "base/plugin_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sekisho {

struct TlsConfig {
  std::string certificate_file, key_file;  ///< PEM; chain leaf first
  std::string client_ca_file;              ///< CA of client certificates; empty: none asked for
  static void describe(auto& d) {
    d.field("certificate_file", &TlsConfig::certificate_file, "PEM chain, leaf first", {.required = true});
    d.field("key_file", &TlsConfig::key_file, "PEM key of the leaf", {.required = true, .secret = true});
    d.field("client_ca_file", &TlsConfig::client_ca_file,
            "PEM of the client certificates' CA; empty: none is asked for");
  }
};
struct TunConfig {
  std::string name = "sekisho0";
  std::string gate_address;  ///< "10.202.0.1"; empty: the path carries no packets
  std::uint8_t prefix = 24;  ///< pool = the network of gate_address
  std::uint16_t mtu = 1354;
  static void describe(auto& d) {
    d.field("name", &TunConfig::name, "Name of the TUN device", {{1, 15}});
    d.field("gate_address", &TunConfig::gate_address,
            "The gate's inner IPv4 address; the sessions' pool is its network; empty: the path carries no packets");
    d.field("prefix", &TunConfig::prefix, "Length of that network's prefix", {{8, 30}});
    d.field("mtu", &TunConfig::mtu, "Inner MTU (bytes)", {{576, 9000}});
  }
};
/// A path whose packets come out of charon's tunnels (core/decisions/0020-ip-vpn.md).
struct ClosedConfig {
  std::string gate_address;                         ///< "10.95.0.1"; empty: the path is none of the closed network's
  std::uint8_t prefix = 16;                         ///< the circuits' prefixes stand in the network of gate_address
  std::string device = "ipsec0", esp = "libipsec";  ///< libipsec | kernel
  std::string ike_device, ike_address;              ///< the closed interface, and its address
  std::string ike_name, ike_certificate_file, ike_ca_file;
  bool revocation_lists = false;
  std::string vici_socket;  ///< empty: the path has no lines, and nobody gets in
  static void describe(auto& d) {
    d.field("gate_address", &ClosedConfig::gate_address,
            "The gate's IPv4 address inside the circuits' tunnels; empty: this path is none of the closed network's");
    d.field("prefix", &ClosedConfig::prefix, "Length of the prefix of the network that all circuits stand in",
            {{16, 30}});
    d.field("device", &ClosedConfig::device, "Device that charon's packets come out of", {{1, 15}});
    d.field("esp", &ClosedConfig::esp, "Who does ESP: charon (a TUN of its own) or the kernel (the closed interface)",
            {.one_of = {"libipsec", "kernel"}});
    d.field("ike_device", &ClosedConfig::ike_device, "The closed interface, where IKE arrives", {{0, 15}});
    d.field("ike_address", &ClosedConfig::ike_address, "Its IPv4 address");
    d.field("ike_name", &ClosedConfig::ike_name, "The gate's IKE identity, a DNS name of its certificate", {{0, 253}});
    d.field("ike_certificate_file", &ClosedConfig::ike_certificate_file, "PEM of that certificate; charon has its key");
    d.field("ike_ca_file", &ClosedConfig::ike_ca_file, "PEM of the authorities of the sites' devices");
    d.field("revocation_lists", &ClosedConfig::revocation_lists,
            "charon has their revocation lists: a certificate without a fresh one is refused");
    d.field("vici_socket", &ClosedConfig::vici_socket, "charon's control socket; empty: no line is ever up",
            {{0, 107}});
  }
};
struct CheckConfig {
  std::string check, mode = "enforce";  ///< enforce | warn | off
  static void describe(auto& d) {
    d.field("check", &CheckConfig::check, "Name of a configured posture check", {.range = {1, 64}, .required = true});
    d.field("mode", &CheckConfig::mode, "Whether a failure refuses, warns or is not judged",
            {.one_of = {"enforce", "warn", "off"}});
  }
};
struct PageTlsConfig {
  std::string certificate_file, key_file;  ///< PEM; chain leaf first; both or none
  static void describe(auto& d) {
    d.field("certificate_file", &PageTlsConfig::certificate_file, "PEM chain, leaf first; its names are the origin's");
    d.field("key_file", &PageTlsConfig::key_file, "PEM key of the leaf", {.secret = true});
  }
};
/// One page of a path: where it is served, under which name browsers know it, and what was built of it.
struct PageConfig {
  std::string listen;  ///< "10.202.0.1:8443", an inside address; empty: this page is not served
  std::string origin;  ///< "https://10.202.0.1:8443", as browsers write it
  std::string files;   ///< folder with index.html
  PageTlsConfig tls;   ///< may be missing at a loopback address alone
  static void describe(auto& d) {
    d.field("listen", &PageConfig::listen, "Inside address of the page, \"address:port\"; empty: none");
    d.field("origin", &PageConfig::origin, "The page's origin as browsers write it: \"https://address:port\"");
    d.field("files", &PageConfig::files, "Folder of the built page (index.html and what it names)");
    d.field("tls", &PageConfig::tls, "TLS of the page; may be missing at a loopback address alone (R02)");
  }
};
struct PagesConfig {
  PageConfig desktop, console;
  std::string recordings;  ///< folder of recordings; the relay's user owns it
  static void describe(auto& d) {
    d.field("desktop", &PagesConfig::desktop, "Desktop page, on the tunnel's side");
    d.field("console", &PagesConfig::console, "Console page, on the desktops' side (R12)");
    d.field("recordings", &PagesConfig::recordings, "Folder that recordings are written to (R15)");
  }
};
/// What holds for every screen of the site.
struct ConsolesConfig {
  bool watermark = true, recorded = true;
  std::string keys = "none";  ///< none | masked | clear
  std::uint32_t screens_per_session = 4;
  static void describe(auto& d) {
    d.field("watermark", &ConsolesConfig::watermark, "Show person and time over the picture");
    d.field("recorded", &ConsolesConfig::recorded, "Record every desktop and console (R15)");
    d.field("keys", &ConsolesConfig::keys, "What recordings keep of the keyboard (T-66)",
            {.one_of = {"none", "masked", "clear"}});
    d.field("screens_per_session", &ConsolesConfig::screens_per_session, "Consoles that a person may have open",
            {{1, 4}});
  }
};
struct PathConfig {
  std::string name;  ///< "internet"
  PluginConfig plugin;
  std::vector<std::string> listen;  ///< "198.51.100.1:443"
  bool dtls = false;                ///< UDP at the same addresses and ports
  TlsConfig tls;
  TunConfig tun;
  ClosedConfig closed;  ///< instead of tun
  std::uint32_t uid = 0;
  std::vector<std::string> zones, factors;
  std::uint32_t least_factors = 2;  ///< real factors that `factors` must be worth; a mailed code is worth 0 (T-29)
  std::vector<CheckConfig> checks;
  bool lent_only = false;
  std::string entrance;  ///< desktop entrance, "10.202.0.1:5900"
  PagesConfig pages;
  std::uint32_t relay_uid = 0;
  std::uint32_t idle_limit_s = 3600, absolute_limit_s = 43200, reconnect_grace_s = 120;
  std::uint32_t report_interval_s = 300, heartbeat_s = 30, silence_to_quarantine_s = 120, silence_to_close_s = 300;
  std::uint32_t mend_limit_s = 120, first_report_limit_s = 120, prelogin_max_age_s = 600;
  [[nodiscard]] bool is_closed() const { return !closed.gate_address.empty(); }
  /// The gate's address where this path's sessions reach it; empty: none.
  [[nodiscard]] const std::string& gate_address() const { return is_closed() ? closed.gate_address : tun.gate_address; }
  static void describe(auto& d) {
    d.field("name", &PathConfig::name, "Name of the access path: [a-z0-9_]+", {.range = {1, 32}, .required = true});
    d.field("plugin", &PathConfig::plugin, "Access path plugin");
    d.field("listen", &PathConfig::listen, "Addresses to listen at, \"address:port\"",
            {.range = {1, 16}, .required = true});
    d.field("dtls", &PathConfig::dtls, "Also take DTLS 1.2 over UDP at the same addresses and ports");
    d.field("tls", &PathConfig::tls, "TLS of this path");
    d.field("tun", &PathConfig::tun, "Inner network of this path");
    d.field("closed", &PathConfig::closed, "A path of the closed network: its circuits, instead of tun (R01, R03)");
    d.field("uid", &PathConfig::uid, "User that the front runs as");
    d.field("zones", &PathConfig::zones, "Zones that this path may reach (R01)",
            {.range = {1, 3}, .required = true, .one_of = {"internet_business", "internet_dmz", "my_number"}});
    d.field("factors", &PathConfig::factors, "Factors of a login, in order (R04)", {.range = {1, 8}, .required = true});
    d.field("least_factors", &PathConfig::least_factors,
            "Real factors that the login must be worth; a mailed code is worth none (T-29)", {{1, 4}});
    d.field("checks", &PathConfig::checks, "Posture checks of this path (R05 to R09)", {{0, 32}});
    d.field("lent_only", &PathConfig::lent_only, "Only lent terminals on their own circuit (R03)");
    d.field("entrance", &PathConfig::entrance, "Desktop entrance inside, \"address:port\"; empty: none");
    d.field("pages", &PathConfig::pages, "Desktop page, console page and recordings; needs the entrance");
    d.field("relay_uid", &PathConfig::relay_uid, "User that the relay of the entrance runs as");
    d.field("idle_limit_s", &PathConfig::idle_limit_s, "A tunnel without traffic ends after (s)", {{1, 3600}});
    d.field("absolute_limit_s", &PathConfig::absolute_limit_s, "A session ends after (s)", {{1, 43200}});
    d.field("reconnect_grace_s", &PathConfig::reconnect_grace_s, "A lost tunnel may come back within (s)", {{0, 120}});
    d.field("report_interval_s", &PathConfig::report_interval_s, "The agent reports again after (s)", {{1, 300}});
    d.field("heartbeat_s", &PathConfig::heartbeat_s, "The agent's sign of life (s)", {{1, 30}});
    d.field("silence_to_quarantine_s", &PathConfig::silence_to_quarantine_s, "Silent agent: quarantine after (s)",
            {{1, 120}});
    d.field("silence_to_close_s", &PathConfig::silence_to_close_s, "Silent agent: closed after (s)", {{1, 300}});
    d.field("mend_limit_s", &PathConfig::mend_limit_s, "Time to mend ageing updates or signatures (s)", {{1, 120}});
    d.field("first_report_limit_s", &PathConfig::first_report_limit_s,
            "Quarantine without a good report: closed after (s)", {{1, 120}});
    d.field("prelogin_max_age_s", &PathConfig::prelogin_max_age_s, "A report before login counts for (s)", {{0, 600}});
  }
};
struct PostureConfig {
  std::vector<std::string> listen;  ///< public address and every path's gate address
  TlsConfig tls;
  std::uint32_t uid = 0;
  static void describe(auto& d) {
    d.field("listen", &PostureConfig::listen, "Public address and every path's gate address, \"address:port\"",
            {.range = {1, 32}, .required = true});
    d.field("tls", &PostureConfig::tls, "TLS of the posture page");
    d.field("uid", &PostureConfig::uid, "User that its front runs as");
  }
};
struct MailConfig {
  std::string url;                       ///< "smtp://post.example:25" (STARTTLS required) or smtps://
  std::string from, ca_file, user_file;  ///< user_file: "user:password", optional
  std::uint32_t spool = 256, limit_s = 30;
  static void describe(auto& d) {
    d.field("url", &MailConfig::url, "Next hop: smtp:// (STARTTLS is required) or smtps://", {.required = true});
    d.field("from", &MailConfig::from, "Sender's address", {.range = {3, 254}, .required = true});
    d.field("ca_file", &MailConfig::ca_file, "PEM of the CA that the mail server's certificate must end at",
            {.required = true});
    d.field("user_file", &MailConfig::user_file, "File with \"user:password\"; empty: no login", {.secret = true});
    d.field("spool", &MailConfig::spool, "Mails that may wait", {{1, 65536}});
    d.field("limit_s", &MailConfig::limit_s, "Time for one mail (s)", {{1, 300}});
  }
};
struct JournalSection {
  std::string directory, signing_key_file;
  std::uint64_t segment_bytes = 16u << 20;
  static void describe(auto& d) {
    d.field("directory", &JournalSection::directory, "Directory of the journal", {.required = true});
    d.field("signing_key_file", &JournalSection::signing_key_file, "Key that signs its checkpoints",
            {.required = true, .secret = true});
    d.field("segment_bytes", &JournalSection::segment_bytes, "Size at which a new file begins (bytes)",
            {{64 * 1024, 1 << 30}});
  }
};
struct SiteConfig {
  std::string node = "1", gate_id;  ///< gate_id: the public name
  std::string plugin_directory, state_directory, control_socket;
  std::string store_url;  ///< sqlite:///… or postgresql://…
  std::uint32_t sekishod_uid = 0, netd_uid = 0;
  JournalSection journal;
  MailConfig mail;
  std::vector<PluginConfig> authenticators, posture_checks;
  std::vector<PathConfig> paths;
  PostureConfig posture;
  std::vector<HyperConfig> hypervisors;
  ConsolesConfig consoles;
  static void describe(auto& d) {
    d.field("node", &SiteConfig::node, "This node in session numbers: [a-z0-9]+", {{1, 8}});
    d.field("gate_id", &SiteConfig::gate_id, "Public name of the gate", {.range = {1, 253}, .required = true});
    d.field("plugin_directory", &SiteConfig::plugin_directory, "Directory of plugins and manifests",
            {.required = true});
    d.field("state_directory", &SiteConfig::state_directory, "Directory that sekishod may write", {.required = true});
    d.field("control_socket", &SiteConfig::control_socket, "Unix socket of sekishoctl",
            {.range = {1, 107}, .required = true});
    d.field("store_url", &SiteConfig::store_url, "sqlite:///path or postgresql://...", {.required = true});
    d.field("sekishod_uid", &SiteConfig::sekishod_uid, "User that sekishod runs as");
    d.field("netd_uid", &SiteConfig::netd_uid, "User that sekisho-netd runs as");
    d.field("journal", &SiteConfig::journal, "Audit journal");
    d.field("mail", &SiteConfig::mail, "Mail of codes and notices");
    d.field("authenticators", &SiteConfig::authenticators, "Authenticator plugins",
            {.range = {1, 16}, .required = true});
    d.field("posture_checks", &SiteConfig::posture_checks, "Posture check plugins", {{0, 32}});
    d.field("paths", &SiteConfig::paths, "Access paths", {.range = {1, 16}, .required = true});
    d.field("posture", &SiteConfig::posture, "Posture page");
    d.field("hypervisors", &SiteConfig::hypervisors, "Virtualisation managers, one entry a zone", {{0, 3}});
    d.field("consoles", &SiteConfig::consoles, "Desktops' and servers' screens");
  }
};

}  // namespace sekisho
