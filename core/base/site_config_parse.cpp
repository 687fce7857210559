#include "base/site_config_parse.hpp"

#include "base/ipv4.hpp"
#include "base/json.hpp"
#include "base/site_config_places.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>

namespace sekisho {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

bool only(std::string_view text, std::string_view also) {
  for (const char c : text) {
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && also.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

/// A segment of desktops: 16 to 30 bits of prefix.
std::optional<Ipv4Network> segment_of(const std::string& text) {
  const auto out = parse_ipv4_network(text);
  return out && out->prefix >= 16 && out->prefix <= 30 ? out : std::nullopt;
}

/// "52:54:00:00:00:01": six bytes, the first without the bit of groups.
bool is_card(const std::string& text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool colon = i % 3 == 2;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (colon ? text[i] != ':' : !digit) return false;
  }
  return std::string_view("02468ace").find(text[1]) != std::string_view::npos;
}

bool is_loopback(const SocketAddress& at) {
  return at.ipv6 ? at.address == "::1" : at.address.starts_with("127.");
}

/// The rules that no single field can know.
class Rules {
 public:
  explicit Rules(std::vector<Error>& errors) : errors_(errors) {}

  void check(const SiteConfig& site) {
    need(only(site.node, ""), "/node", "only a-z and 0-9");
    file("/plugin_directory", site.plugin_directory);
    file("/state_directory", site.state_directory);
    file("/control_socket", site.control_socket);
    file("/journal/directory", site.journal.directory);
    file("/journal/signing_key_file", site.journal.signing_key_file);
    store(site.store_url);
    mail(site.mail);
    plugins("/authenticators", site.authenticators);
    const auto checks = plugins("/posture_checks", site.posture_checks);
    user("/sekishod_uid", site.sekishod_uid);
    user("/netd_uid", site.netd_uid);
    user("/posture/uid", site.posture.uid);
    tls("/posture/tls", site.posture.tls);
    for (std::size_t i = 0; i < site.paths.size(); ++i) path("/paths/" + std::to_string(i), site.paths[i], checks);
    sockets("/posture/listen", site.posture.listen);
    hypervisors(site.hypervisors);
    judge_places(site, errors_);
  }

 private:
  void need(bool holds, const std::string& at, const std::string& why) {
    if (!holds) errors_.push_back(fail("config.not_allowed", at + ": " + why));
  }
  void file(const std::string& at, const std::string& path, bool may_be_empty = false) {
    need((may_be_empty && path.empty()) || path.substr(0, 1) == "/", at, "must be an absolute path");
  }
  void tls(const std::string& at, const TlsConfig& tls) {
    file(at + "/certificate_file", tls.certificate_file);
    file(at + "/key_file", tls.key_file);
    file(at + "/client_ca_file", tls.client_ca_file, true);
  }
  void store(const std::string& url) {
    const bool sqlite = url.rfind("sqlite:////", 0) == 0 || (url.rfind("sqlite:///", 0) == 0 && url.size() > 10);
    const bool postgres = url.rfind("postgresql://", 0) == 0;
    need(sqlite || postgres, "/store_url", "must begin with sqlite:/// or postgresql://");
    const std::string user = postgres ? url.substr(13, url.find('@', 13) - 13) : "";
    const bool password = url.find('@') != std::string::npos && user.find(':') != std::string::npos;
    need(!password && url.find("password=") == std::string::npos, "/store_url",
         "holds a password; use a passfile or the socket's peer identity");
  }
  void mail(const MailConfig& mail) {
    need(mail.url.rfind("smtp://", 0) == 0 || mail.url.rfind("smtps://", 0) == 0, "/mail/url",
         "must begin with smtp:// or smtps://");
    need(mail.url.find('@') == std::string::npos, "/mail/url", "holds user data; use user_file");
    const auto at = mail.from.find('@');
    need(at != std::string::npos && at > 0 && at + 1 < mail.from.size() &&
             mail.from.find('@', at + 1) == std::string::npos && mail.from.find_first_of(" <>") == std::string::npos,
         "/mail/from", "must be one plain address");
    file("/mail/ca_file", mail.ca_file);
    file("/mail/user_file", mail.user_file, true);
  }
  std::set<std::string> plugins(const std::string& at, const std::vector<PluginConfig>& list) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string where = at + "/" + std::to_string(i) + "/plugin";
      need(only(list[i].plugin, "_"), where, "only a-z, 0-9 and _");
      need(names.insert(list[i].plugin).second, where, "this plugin is listed twice");
    }
    return names;
  }
  /// Rights are cut between processes by their users: two that share one cut nothing. 0 means not changed (labs).
  void user(const std::string& at, std::uint32_t uid) {
    if (uid == 0) return;
    const auto [other, fresh] = users_.emplace(uid, at);
    need(fresh, at, "the same user as " + other->second);
  }
  void sockets(const std::string& at, const std::vector<std::string>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) socket(at + "/" + std::to_string(i), list[i]);
  }
  void socket(const std::string& where, const std::string& text) {
    const auto address = parse_socket_address(text);
    if (!address) return need(false, where, address.error().detail);
    const auto [other, fresh] = sockets_.emplace(text, where);
    need(fresh, where, "the same as " + other->second);
  }
  void dtls(const std::string& at, const PathConfig& path) {
    need(!path.tls.client_ca_file.empty(), at + "/dtls",
         "DTLS demands client certificates: tls/client_ca_file is missing");
    need(!path.tun.gate_address.empty(), at + "/dtls", "DTLS carries packets: tun/gate_address is missing");
    for (const std::string& name : path.listen) {
      const auto where = parse_socket_address(name);
      // An answer would leave by the route's address, which the client does not know.
      need(!where || !where->is_everywhere(), at + "/dtls", "needs one address in each entry of listen, not " + name);
    }
  }
  void path(const std::string& at, const PathConfig& path, const std::set<std::string>& checks) {
    need(only(path.name, "_"), at + "/name", "only a-z, 0-9 and _");
    need(names_.insert(path.name).second, at + "/name", "another path has this name");
    need(only(path.plugin.plugin, "_"), at + "/plugin/plugin", "only a-z, 0-9 and _");
    tls(at + "/tls", path.tls);
    sockets(at + "/listen", path.listen);
    if (path.dtls) dtls(at, path);
    user(at + "/uid", path.uid);
    user(at + "/relay_uid", path.relay_uid);

    const std::set<std::string> zones(path.zones.begin(), path.zones.end());
    need(zones.size() == path.zones.size(), at + "/zones", "a zone is listed twice");
    for (const std::string& zone : zones) {
      const auto [other, fresh] = zones_.emplace(zone, at);
      need(fresh, at + "/zones", zone + " is reached by " + other->second + " already: a zone has one path (R01)");
    }
    need(!zones.contains("my_number") || zones.size() == 1, at + "/zones",
         "my_number is reached by a path of its own (R01)");
    need(zones.contains("my_number") == path.is_closed(), at + "/closed",
         "the my_number zone is reached over the closed network, and nothing else is (R01)");
    const std::set<std::string> factors(path.factors.begin(), path.factors.end());
    need(factors.size() == path.factors.size(), at + "/factors", "a factor is listed twice");

    std::set<std::string> judged;
    for (std::size_t i = 0; i < path.checks.size(); ++i) {
      const std::string where = at + "/checks/" + std::to_string(i) + "/check";
      need(checks.contains(path.checks[i].check), where, "no such entry in /posture_checks");
      need(judged.insert(path.checks[i].check).second, where, "this check is listed twice");
    }
    need(path.silence_to_quarantine_s < path.silence_to_close_s, at + "/silence_to_close_s",
         "must be longer than silence_to_quarantine_s");
    need(path.heartbeat_s < path.silence_to_quarantine_s, at + "/heartbeat_s",
         "must be shorter than silence_to_quarantine_s");
    need(path.idle_limit_s <= path.absolute_limit_s, at + "/idle_limit_s", "must not be longer than absolute_limit_s");
    if (!path.entrance.empty()) {
      const auto entrance = parse_socket_address(path.entrance);
      need(entrance.has_value(), at + "/entrance", entrance ? "" : entrance.error().detail);
      // R11: whatever a tunnel reaches is at the gate's inner address; netd opens nothing else.
      need(!entrance || path.gate_address().empty() || entrance->address == path.gate_address(), at + "/entrance",
           "must be at the address of tun.gate_address or closed.gate_address");
    }
    pages(at, path);
    if (!path.tun.gate_address.empty()) pool(at + "/tun", path.tun);
    if (path.is_closed()) closed(at, path);
  }
  /// The entrance stands inside the tunnels, and what charon is told of is all there (R02, T-43).
  void closed(const std::string& at, const PathConfig& path) {
    const ClosedConfig& closed = path.closed;
    const std::string here = at + "/closed";
    need(path.tun.gate_address.empty(), at + "/tun/gate_address", "a closed path has no TUN");
    need(path.lent_only, at + "/lent_only", "the closed network takes only lent terminals (R03)");
    need(!path.tls.client_ca_file.empty(), at + "/tls/client_ca_file", "lent terminals show their certificate (R03)");
    need(std::find(path.factors.begin(), path.factors.end(), "certificate") != path.factors.end(), at + "/factors",
         "a lent terminal is known by its certificate (R03)");
    network(here + "/gate_address", closed.gate_address, closed.prefix);
    for (std::size_t i = 0; i < path.listen.size(); ++i) {
      const auto where = parse_socket_address(path.listen[i]);
      need(!where || where->address == closed.gate_address, at + "/listen/" + std::to_string(i),
           "must be at the address of closed.gate_address");
    }
    const std::string others = "_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    need(only(closed.device, others), here + "/device", "only letters, digits and _ - .");
    need(tuns_.insert(closed.device).second, here + "/device", "another path has this device");
    need(only(closed.ike_device, others), here + "/ike_device", "only letters, digits and _ - .");
    const bool kernel = closed.esp == "kernel";
    need(kernel == (closed.device == closed.ike_device), here + "/device",
         kernel ? "the kernel's ESP comes out of ike_device itself" : "charon's own TUN is not ike_device");
    need(kernel || tuns_.insert(closed.ike_device).second, here + "/ike_device", "another path has this device");
    need(parse_ipv4(closed.ike_address).has_value(), here + "/ike_address", "must be an IPv4 address");
    need(!closed.ike_name.empty(), here + "/ike_name", "is missing");
    file(here + "/ike_certificate_file", closed.ike_certificate_file);
    file(here + "/ike_ca_file", closed.ike_ca_file);
    file(here + "/vici_socket", closed.vici_socket, true);
  }
  void hypervisors(const std::vector<HyperConfig>& list) {
    std::set<std::string> zones, managers;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = "/hypervisors/" + std::to_string(i);
      need(zones.insert(list[i].zone).second, at + "/zone", "a zone has one sekisho-hyperd");
      user(at + "/uid", list[i].uid);
      for (std::size_t m = 0; m < list[i].managers.size(); ++m) {
        const std::string where = at + "/managers/" + std::to_string(m);
        need(only(list[i].managers[m].name, "_-"), where + "/name", "only a-z, 0-9, _ and -");
        need(managers.insert(list[i].managers[m].name).second, where + "/name", "another manager has this name");
        need(only(list[i].managers[m].plugin.plugin, "_"), where + "/plugin/plugin", "only a-z, 0-9 and _");
      }
      desktops(at, list[i]);
    }
  }
  /// A zone's desktops stand in a segment of their own: what reaches one zone's desktop reaches no other's (R01).
  void desktops(const std::string& at, const HyperConfig& zone) {
    if (zone.pools.empty() && zone.network.empty()) return;
    const auto segment = segment_of(zone.network);
    need(segment.has_value(), at + "/network", "must be an IPv4 network with its prefix of 16 to 30");
    if (segment) disjoint(at + "/network", *segment);
    for (std::size_t i = 0; i < zone.pools.size(); ++i) {
      const PoolConfig& pool = zone.pools[i];
      const std::string where = at + "/pools/" + std::to_string(i);
      need(only(pool.name, "_-"), where + "/name", "only a-z, 0-9, _ and -");
      once(desktops_, pool.name, where + "/name");
      const auto manager = std::find_if(zone.managers.begin(), zone.managers.end(),
                                        [&](const ManagerConfig& m) { return m.name == pool.manager; });
      need(manager != zone.managers.end() && manager->role == "desktops", where + "/manager",
           "no manager of this zone has this name and makes desktops");
      std::size_t shared = 0;
      for (std::size_t s = 0; s < pool.seats.size(); ++s) {
        shared += pool.seats[s].desktop.empty() ? 1 : 0;
        seat(where + "/seats/" + std::to_string(s), pool.seats[s], segment);
      }
      for (std::size_t d = 0; d < pool.desktops.size(); ++d) {
        const std::string each = where + "/desktops/" + std::to_string(d);
        need(only(pool.desktops[d], "_-"), each, "only a-z, 0-9, _ and -");
        once(desktops_, pool.desktops[d], each);
      }
      need(pool.desktops.empty() || shared > 0, where + "/desktops", "every seat of this pool has an owner");
      need(pool.spare <= shared, where + "/spare", "more than there are seats without an owner");
    }
  }
  void seat(const std::string& at, const SeatConfig& seat, const std::optional<Ipv4Network>& segment) {
    if (!seat.desktop.empty()) {
      need(only(seat.desktop, "_-"), at + "/desktop", "only a-z, 0-9, _ and -");
      once(desktops_, seat.desktop, at + "/desktop");
    }
    need(is_card(seat.mac), at + "/mac", "must be a card's own address in small letters with colons");
    once(cards_, seat.mac, at + "/mac");
    const auto address = parse_ipv4(seat.address);
    need(address && segment && *address > segment->address && *address < segment->last(), at + "/address",
         "must be an IPv4 address inside /network of its zone");
    once(seats_, seat.address, at + "/address");
    need(!pages_.contains(seat.address), at + "/address", "a page of the gate is served there");
  }
  void once(std::map<std::string, std::string>& taken, const std::string& what, const std::string& at) {
    const auto [other, fresh] = taken.emplace(what, at);
    need(fresh, at, "the same as " + other->second);
  }
  void page(const std::string& at, const PageConfig& page) {
    if (page.listen.empty()) return;
    socket(at + "/listen", page.listen);
    const auto where = parse_socket_address(page.listen);
    need(!where || !where->is_everywhere(), at + "/listen", "must be one address");
    // Desktops are known by their IPv4 address, and the kernel's rules guard a page at one (R01, R12).
    need(!where || !where->ipv6 || is_loopback(*where), at + "/listen", "must be at an IPv4 address");
    if (where) pages_.insert(where->address);
    const auto scheme = page.origin.find("://");
    const std::string host = scheme == std::string::npos ? std::string() : page.origin.substr(scheme + 3);
    const bool https = page.origin.starts_with("https://");
    const bool shaped = (https || page.origin.starts_with("http://")) && !host.empty() &&
                        host.find_first_of("/ ?#@") == std::string::npos;
    need(shaped, at + "/origin", "must be http:// or https:// and a host, with its port unless it is the scheme's own");
    need(!page.files.empty(), at + "/files", "is needed where the page is served");
    const bool secured = !page.tls.certificate_file.empty();
    need(secured == !page.tls.key_file.empty(), at + "/tls", "needs certificate_file and key_file, or neither");
    file(at + "/tls/certificate_file", page.tls.certificate_file, true);
    file(at + "/tls/key_file", page.tls.key_file, true);
    const bool loopback = where && is_loopback(*where);
    need(secured || loopback, at + "/tls", "is missing; only a loopback address is served without (R02)");
    need(!shaped || secured == https, at + "/origin",
         "begins with https:// where the page has tls, with http:// where it has none");
  }
  /// Pages are inside: the desktop page at the gate's inner address, the console page at none that faces strangers.
  void pages(const std::string& at, const PathConfig& path) {
    const PagesConfig& pages = path.pages;
    page(at + "/pages/desktop", pages.desktop);
    page(at + "/pages/console", pages.console);
    if (pages.desktop.listen.empty() && pages.console.listen.empty()) return;
    need(!path.entrance.empty(), at + "/entrance", "is needed where pages are served");
    need(!pages.recordings.empty(), at + "/pages/recordings", "is needed where pages are served (R15)");
    const auto desktop = parse_socket_address(pages.desktop.listen);
    need(!desktop || path.gate_address().empty() || desktop->address == path.gate_address(),
         at + "/pages/desktop/listen", "must be at the address of tun.gate_address or closed.gate_address");
    const auto console = parse_socket_address(pages.console.listen);
    for (const std::string& outside : path.listen) {
      const auto other = parse_socket_address(outside);
      need(!console || !other || console->address != other->address, at + "/pages/console/listen",
           "must not be an address that the path listens at");
    }
  }
  void pool(const std::string& at, const TunConfig& tun) {
    const std::string others = "_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    need(only(tun.name, others), at + "/name", "only letters, digits and _ - .");
    need(tuns_.insert(tun.name).second, at + "/name", "another path has this device");
    network(at + "/gate_address", tun.gate_address, tun.prefix);
  }
  void network(const std::string& at, const std::string& gate_address, std::uint8_t prefix) {
    const auto address = parse_ipv4(gate_address);
    if (!address) return need(false, at, "must be an IPv4 address");
    const Ipv4Network inner = network_of(*address, prefix);
    need(*address != inner.address && *address != inner.last(), at, "is the network's own or its broadcast address");
    disjoint(at, inner);
  }
  /// Networks of tunnels and of desktops do not overlap.
  void disjoint(const std::string& at, const Ipv4Network& network) {
    for (const auto& [other, where] : pools_) {
      need(!network.meets(other), at, "its network overlaps that of " + where);
    }
    pools_.emplace_back(network, at);
  }

  std::vector<Error>& errors_;
  std::set<std::string> names_, tuns_, pages_;
  std::map<std::uint32_t, std::string> users_;
  std::map<std::string, std::string> sockets_;
  std::vector<std::pair<Ipv4Network, std::string>> pools_;
  std::map<std::string, std::string> desktops_, cards_, seats_, zones_;
};

}  // namespace

Result<SocketAddress> parse_socket_address(std::string_view text) {
  const Error wrong = fail("config.not_allowed", "must be \"address:port\" with a numeric address, IPv6 in brackets");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  SocketAddress out;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    out.ipv6 = true;
  }
  out.address = host;
  in6_addr six{};
  const bool whole = out.address.find('\0') == std::string::npos;
  if (out.ipv6 ? !whole || inet_pton(AF_INET6, out.address.c_str(), &six) != 1 : !parse_ipv4(host)) return wrong;
  // One address has one spelling, or a rule about it could be passed by the other.
  if (out.ipv6 && IN6_IS_ADDR_V4MAPPED(&six)) return wrong;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc() || end != port.data() + port.size() || out.port == 0) return wrong;
  return out;
}

bool SocketAddress::is_everywhere() const {
  in6_addr six{};
  if (!ipv6) return parse_ipv4(address) == 0U;
  return inet_pton(AF_INET6, address.c_str(), &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six);
}

nlohmann::json site_config_schema() {
  return schema_of<SiteConfig>();
}

ConfigParse<SiteConfig> parse_site_config(std::string_view text) {
  const auto document = parse_json(text, {.bytes = kMostBytes, .depth = 16});
  if (!document) return {std::nullopt, {document.error()}};
  auto out = parse_config<SiteConfig>(*document);
  if (out.value) Rules(out.errors).check(*out.value);
  if (!out.errors.empty()) out.value.reset();
  return out;
}

ConfigParse<SiteConfig> load_site_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof()) || !file.is_open()) {
    return {std::nullopt, {fail("config.unreadable", path + ": cannot be read")}};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostBytes) return {std::nullopt, {fail("config.unreadable", path + ": larger than 1 MiB")}};
  return parse_site_config(text);
}

}  // namespace sekisho
