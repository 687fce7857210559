#include "programs/sekishod/settings.hpp"

#include "audit/reader.hpp"
#include "base/site_config_parse.hpp"
#include "pki/pem.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <set>

namespace sekisho::programs {
namespace {

Result<std::vector<pem::Certificate>> certificates_in(const std::string& file) {
  const auto text = pem::read_file(file);
  if (!text) return fail("config.unreadable", pem::in_file(text.error(), file).detail);
  auto out = pem::certificates(*text);
  if (!out) return fail("config.not_pem", pem::in_file(out.error(), file).detail);
  return out;
}

/// Of authorities that somebody's certificate must end at: one of them at least counts now.
Result<std::vector<pem::Certificate>> authorities_in(const std::string& file) {
  auto out = certificates_in(file);
  if (!out) return out;
  const Instant now = std::chrono::time_point_cast<Instant::duration>(std::chrono::system_clock::now());
  if (const auto usable = pem::in_force(*out, now); !usable) {
    return fail("config.authority", pem::in_file(usable.error(), file).detail);
  }
  return out;
}

/// SHA-256 of the leaf of a PEM chain, lower-case hex.
Result<std::string> leaf_fingerprint(const std::string& file) {
  const auto chain = certificates_in(file);
  if (!chain) return chain.error();
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  if (X509_digest(chain->front().get(), EVP_sha256(), digest.data(), &size) != 1) return fail("config.not_pem", file);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

Result<std::string> der_of(const pem::Certificate& certificate, const std::string& file) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return fail("config.not_pem", file);
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

/// What charon is told of a closed path, and the doors inside its tunnels: the front's, the desktop entrance's and the
/// desktop page's, by address, protocol and port (T-43).
Result<circuits::Settings> circuit_settings(const PathConfig& path) {
  circuits::Settings out;
  out.path = path.name;
  out.address = path.closed.ike_address;
  out.name = path.closed.ike_name;
  const auto own = certificates_in(path.closed.ike_certificate_file);
  if (!own) return own.error();
  auto leaf = der_of(own->front(), path.closed.ike_certificate_file);
  if (!leaf) return leaf.error();
  out.certificate = std::move(*leaf);
  const auto authorities = authorities_in(path.closed.ike_ca_file);
  if (!authorities) return authorities.error();
  for (const pem::Certificate& each : *authorities) {
    auto der = der_of(each, path.closed.ike_ca_file);
    if (!der) return der.error();
    out.authorities.push_back(std::move(*der));
  }
  out.revocation_lists = path.closed.revocation_lists;
  std::set<std::uint16_t> ports;
  const auto add = [&](const std::string& listener) {
    const auto at = parse_socket_address(listener);
    if (at && at->address == path.closed.gate_address) ports.insert(at->port);
  };
  for (const std::string& listener : path.listen) add(listener);
  add(path.entrance);
  add(path.pages.desktop.listen);
  for (const std::uint16_t port : ports) {
    out.entrances.push_back(path.closed.gate_address + "/32[tcp/" + std::to_string(port) + "]");
  }
  return out;
}

registry::Zone zone_of(std::string_view name) {
  if (name == "internet_dmz") return registry::Zone::internet_dmz;
  if (name == "my_number") return registry::Zone::my_number;
  return registry::Zone::internet_business;
}

admission::CheckMode mode_of(std::string_view name) {
  if (name == "warn") return admission::CheckMode::warn;
  if (name == "off") return admission::CheckMode::off;
  return admission::CheckMode::enforce;
}

}  // namespace

audit::JournalConfig journal_config(const SiteConfig& config) {
  audit::JournalConfig out;
  out.directory = config.journal.directory;
  out.signing_key_file = config.journal.signing_key_file;
  out.segment_bytes = config.journal.segment_bytes;
  out.node = config.node;
  return out;
}

std::vector<gate::Hypervisors::ZoneOptions> hypervisor_zones(const SiteConfig& config) {
  std::vector<gate::Hypervisors::ZoneOptions> out;
  for (const HyperConfig& hyper : config.hypervisors) {
    gate::Hypervisors::ZoneOptions zone{zone_of(hyper.zone), {}};
    for (const PoolConfig& pool : hyper.pools) {
      desktops::Pool one;
      one.name = pool.name;
      one.manager = pool.manager;
      one.model = pool.model;
      one.account = pool.account;
      one.desktops = pool.desktops;
      for (const SeatConfig& seat : pool.seats) one.seats.push_back({seat.desktop, seat.mac, seat.address, 0});
      one.spare = pool.spare;
      one.starts_at_once = pool.starts_at_once;
      one.start = Seconds{pool.start_s};
      one.boot_limit = Seconds{pool.boot_limit_s};
      zone.pools.push_back(std::move(one));
    }
    out.push_back(std::move(zone));
  }
  return out;
}

Result<gate::GateOptions> gate_options(const SiteConfig& config, bool allow_simulator) {
  gate::GateOptions out;
  out.node = config.node;
  out.gate_id = config.gate_id;
  out.shared_store = config.store_url.starts_with("postgresql://");
  // Twice a second: an end or a stop on one node is everywhere within 2 s, whatever else the store does meanwhile.
  if (out.shared_store) out.generation_poll = std::chrono::milliseconds{500};
  out.posture.gate_id = config.gate_id;
  out.posture.allow_simulator = allow_simulator;
  std::set<std::string> certificates{config.posture.tls.certificate_file};
  for (const PathConfig& path : config.paths) certificates.insert(path.tls.certificate_file);
  if (const auto mail = authorities_in(config.mail.ca_file); !mail) return mail.error();
  for (const std::string& file : certificates) {
    auto fingerprint = leaf_fingerprint(file);
    if (!fingerprint) return fingerprint.error();
    out.posture.server_fingerprints.push_back(std::move(*fingerprint));
  }
  for (const PathConfig& path : config.paths) {
    gate::GatePath p;
    admission::PathPolicy& policy = p.policy;
    policy.path = path.name;
    for (const std::string& zone : path.zones) policy.zones.push_back(zone_of(zone));
    policy.lent_only = path.lent_only;
    policy.factors = path.factors;
    policy.least_factors = path.least_factors;
    for (const CheckConfig& check : path.checks) policy.checks.push_back({check.check, mode_of(check.mode)});
    policy.idle_limit = Seconds{path.idle_limit_s};
    policy.absolute_limit = Seconds{path.absolute_limit_s};
    policy.reconnect_grace = Seconds{path.reconnect_grace_s};
    policy.report_interval = Seconds{path.report_interval_s};
    policy.heartbeat = Seconds{path.heartbeat_s};
    policy.silence_to_quarantine = Seconds{path.silence_to_quarantine_s};
    policy.silence_to_close = Seconds{path.silence_to_close_s};
    policy.mend_limit = Seconds{path.mend_limit_s};
    policy.first_report_limit = Seconds{path.first_report_limit_s};
    policy.prelogin_max_age = Seconds{path.prelogin_max_age_s};
    p.tun = path.is_closed() ? path.closed.device : path.tun.name;
    p.gate_address = path.gate_address();
    p.prefix = path.is_closed() ? path.closed.prefix : path.tun.prefix;
    p.mtu = path.tun.mtu;
    if (path.is_closed()) {
      auto circuits = circuit_settings(path);
      if (!circuits) return circuits.error();
      p.closed = true;
      p.circuits = std::move(*circuits);
      if (const auto front = parse_socket_address(path.listen.front()))
        p.posture_page = {front->address, front->port, 6};
    }
    const auto entrance = parse_socket_address(path.entrance);
    if (!entrance) return entrance.error();
    p.entrance = {entrance->address, entrance->port, 6};
    if (const auto page = parse_socket_address(path.pages.desktop.listen))
      p.desktop_page = {page->address, page->port, 6};
    for (const std::string& listen : config.posture.listen) {
      const auto at = parse_socket_address(listen);
      if (at && !path.is_closed() && at->address == path.tun.gate_address) p.posture_page = {at->address, at->port, 6};
    }
    if (p.posture_page.port == 0) {
      return fail("config.not_allowed", "posture.listen names no address of path " + path.name);
    }
    out.paths.push_back(std::move(p));
  }
  out.consoles.watermark = config.consoles.watermark;
  out.consoles.recorded = config.consoles.recorded;
  out.consoles.keys = config.consoles.keys == "clear"    ? recording::Keys::clear
                      : config.consoles.keys == "masked" ? recording::Keys::masked
                                                         : recording::Keys::none;
  out.consoles.screens_per_session = config.consoles.screens_per_session;
  out.hypervisors = hypervisor_zones(config);
  return out;
}

Result<std::vector<std::string>> unfinished(const std::string& directory, Instant from) {
  audit::Query query;
  query.from = from;
  query.limit = 1'000'000;
  const auto found = audit::search_any(directory, query, {"session.granted", "session.ended"});
  if (!found) return found.error();
  std::set<std::string> open, over;
  for (const audit::StoredEntry& entry : *found) {
    (entry.entry.event == "session.granted" ? open : over).insert(entry.entry.session);
  }
  for (const std::string& session : over) open.erase(session);
  return std::vector<std::string>(open.begin(), open.end());
}

Result<std::map<std::string, gate::GivenDesktop>> given_desktops(const std::string& directory, Instant from) {
  audit::Query query;
  query.from = from;
  query.limit = 1'000'000;
  std::set<std::string> gone;
  for (const char* event : {"desktop.stopped", "desktop.destroyed", "desktop.stray"}) {
    query.event = event;
    const auto found = audit::search(directory, query);
    if (!found) return found.error();
    for (const audit::StoredEntry& entry : *found) gone.insert(entry.entry.detail.value("machine", std::string()));
  }
  query.event = "desktop.ready";
  const auto given = audit::search(directory, query);
  if (!given) return given.error();
  std::map<std::string, gate::GivenDesktop> out;
  for (const audit::StoredEntry& entry : *given) {
    const std::string machine = entry.entry.detail.value("machine", std::string());
    if (machine.empty() || gone.contains(machine)) continue;
    out[entry.entry.session] = {machine, entry.entry.detail.value("address", std::string())};
  }
  return out;
}

Result<std::vector<std::string>> ended(const std::string& directory, Instant from) {
  audit::Query query;
  query.from = from;
  query.limit = 1'000'000;
  query.event = "session.ended";
  const auto found = audit::search(directory, query);
  if (!found) return found.error();
  std::vector<std::string> out;
  for (const audit::StoredEntry& entry : *found) out.push_back(entry.entry.session);
  return out;
}

}  // namespace sekisho::programs
