#include "programs/sekishoctl/zone_proof.hpp"

#include "base/site_config_parse.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sekisho::ctl {
namespace {

constexpr std::size_t kMostCounter = 4;
constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kEsp = 50, kIcmp6 = 58;

struct Place {
  std::string path;
  std::vector<std::string> devices;  ///< where its terminals' packets come from
  Range network;
  std::vector<Range> desktops, places;
  std::set<std::uint16_t> ports;
};

void add_place(Place& place, std::string_view text) {
  const auto range = parse_range(text);
  if (!range || (range->first == 0 && range->last == 0)) return;
  const bool told = std::ranges::any_of(
      place.places, [&](const Range& each) { return each.holds(range->first) && each.holds(range->last); });
  if (!told) place.places.push_back(*range);
}

Place place_of(const PathConfig& path, const SiteConfig& config) {
  Place out;
  out.path = path.name;
  const std::uint8_t prefix = path.is_closed() ? path.closed.prefix : path.tun.prefix;
  if (const auto gate = parse_ipv4(path.gate_address())) {
    out.network = range_over(network_of(*gate, prefix));
    out.places.push_back(out.network);
  }
  out.devices.push_back(path.is_closed() ? path.closed.device : path.tun.name);
  if (path.is_closed() && path.closed.ike_device != path.closed.device) out.devices.push_back(path.closed.ike_device);
  for (const HyperConfig& zone : config.hypervisors) {
    if (std::ranges::find(path.zones, zone.zone) == path.zones.end()) continue;
    if (const auto segment = parse_ipv4_network(zone.network)) {
      out.desktops.push_back(range_over(*segment));
      add_place(out, zone.network);
    }
  }
  std::vector<std::string> listeners = path.listen;
  listeners.push_back(path.entrance);
  listeners.push_back(path.pages.desktop.listen);
  listeners.push_back(path.pages.console.listen);
  for (const std::string& listener : listeners) {
    const auto at = parse_socket_address(listener);
    if (!at) continue;
    out.ports.insert(at->port);
    if (!at->ipv6) add_place(out, at->address);
  }
  if (path.is_closed()) add_place(out, path.closed.ike_address);
  return out;
}

/// One address of every kind in `range`, as far as `edges` tell addresses apart.
std::vector<std::uint32_t> kinds_in(const Range& range, const std::set<std::uint32_t>& edges) {
  std::vector<std::uint32_t> out{range.first};
  for (auto edge = edges.upper_bound(range.first); edge != edges.end() && *edge <= range.last; ++edge) {
    out.push_back(*edge);
  }
  return out;
}

std::string packet_text(const Packet& packet) {
  const auto address = [](std::uint32_t a) { return to_text(Range{a, a}); };
  std::string out =
      packet.iif + " " +
      (packet.ipv6 ? "ipv6 > " + packet.oif : address(packet.source) + " > " + address(packet.destination));
  if (packet.protocol == kTcp || packet.protocol == kUdp) {
    return out + (packet.protocol == kTcp ? " tcp " : " udp ") + std::to_string(packet.port);
  }
  return out + (packet.protocol == kEsp ? " esp" : packet.protocol == kIcmp6 ? " icmpv6" : " icmp");
}

class Kernel {
 public:
  Kernel(const KernelRules& rules, const std::vector<Place>& places, const std::vector<LocalAddress>& local)
      : rules_(rules), edges_(rules.edges()) {
    for (const LocalAddress& each : local) {
      if (const auto range = parse_range(each.address)) local_.insert(range->first);
    }
    ports_ = rules.ports();
    ports_.insert({22, 443, 3389, 5900, 49152});
    devices_ = rules.devices();
    devices_.erase("lo");  // what this machine says to itself comes from no zone
    devices_.insert("another");
    for (const Place& place : places) {
      ports_.insert(place.ports.begin(), place.ports.end());
      devices_.insert(place.devices.begin(), place.devices.end());
      for (const Range& range : place.places) {
        edges_.insert(range.first);
        if (range.last != ~std::uint32_t{0}) edges_.insert(range.last + 1);
      }
    }
  }

  /// Packets of `sources` that arrive at one of `devices` (empty: at any) for `destinations`.
  void show(Claim& claim, const std::vector<Range>& sources, const std::vector<std::string>& devices,
            const std::vector<Range>& destinations) const {
    std::set<std::string> by;
    claim.holds = true;
    const std::vector<std::string> all(devices_.begin(), devices_.end());
    for (const std::string& device : devices.empty() ? all : devices) {
      for (const Range& from : sources) {
        for (const std::uint32_t source : kinds_in(from, edges_)) {
          for (const Range& to : destinations) {
            for (const std::uint32_t destination : kinds_in(to, edges_)) {
              each_kind({device, {}, source, destination, 0, 0, 0, false, false}, claim, by);
            }
          }
        }
      }
    }
    shown(claim, by);
  }
  /// Zones stand in networks of IPv4: of IPv6 nothing may go from one device to another.
  void show_no_ipv6(Claim& claim) const {
    std::set<std::string> by;
    claim.holds = true;
    for (const std::string& from : devices_) {
      for (const std::string& to : devices_) {
        if (from != to || from == "another") each_kind({from, to, 0, 0, 0, 0, 0, false, true}, claim, by);
      }
    }
    shown(claim, by);
  }

 private:
  static void shown(Claim& claim, const std::set<std::string>& by) {
    for (const std::string& rule : by) claim.shown_by += (claim.shown_by.empty() ? "" : ", ") + rule;
  }
  void each_kind(Packet packet, Claim& claim, std::set<std::string>& by) const {
    for (const bool from_sa : {false, true}) {
      packet.from_sa = from_sa;
      packet.source_port = packet.port = 0;
      for (const std::uint8_t protocol : {packet.ipv6 ? kIcmp6 : kIcmp, kEsp}) {
        packet.protocol = protocol;
        ask(packet, claim, by);
      }
      for (const std::uint8_t protocol : {kTcp, kUdp}) {
        packet.protocol = protocol;
        for (const std::uint16_t port : ports_) {
          packet.port = port, packet.source_port = 49152;
          ask(packet, claim, by);
          packet.port = 49152, packet.source_port = port;
          ask(packet, claim, by);
        }
      }
    }
  }
  void ask(const Packet& packet, Claim& claim, std::set<std::string>& by) const {
    ++claim.kinds;
    std::string rule = rules_.dropped_by("prerouting", packet);
    if (rule.empty() && (packet.ipv6 || !local_.contains(packet.destination)))
      rule = rules_.dropped_by("forward", packet);
    if (!rule.empty()) {
      by.insert(std::move(rule));
      return;
    }
    claim.holds = false;
    if (claim.counter.size() < kMostCounter) claim.counter.push_back(packet_text(packet));
  }

  const KernelRules& rules_;
  std::set<std::uint32_t> edges_, local_;
  std::set<std::uint16_t> ports_;
  std::set<std::string> devices_;
};

void against(Claim& claim, std::string what) {
  claim.holds = false;
  if (claim.counter.size() < kMostCounter) claim.counter.push_back(std::move(what));
}

Claim apart(const Place& a, const Place& b) {
  Claim out{
      a.path, b.path, {"二つの接続方式のアドレス範囲は重なりません。", "The places of the two paths do not overlap."},
      true,   0,      "configuration",
      {}};
  for (const Range& mine : a.places) {
    for (const Range& other : b.places) {
      ++out.kinds;
      if (mine.meets(other)) against(out, to_text(mine) + " = " + to_text(other));
    }
  }
  return out;
}

class Registered {
 public:
  Registered(const SiteConfig& config, const registry::Registry& registry, const std::vector<Place>& places)
      : registry_(registry), places_(places) {
    for (const PathConfig& path : config.paths) {
      for (const std::string& zone : path.zones) path_of_[zone] = path.name;
      if (path.is_closed()) closed_ = path.name;
    }
  }

  [[nodiscard]] Claim contracts() const {
    Claim out{"",
              "",
              {"どの契約も、一つの接続方式のシステムだけを対象とします。",
               "Every contract covers systems of one path alone."},
              true,
              0,
              "registry",
              {}};
    for (const auto& [id, contract] : registry_.contracts) {
      ++out.kinds;
      std::set<std::string> paths;
      for (const std::string& system : contract.systems) {
        const auto found = registry_.systems.find(system);
        if (found != registry_.systems.end()) paths.insert(path_of(found->second.zone));
      }
      if (paths.size() > 1) against(out, "contract " + id);
    }
    return out;
  }
  [[nodiscard]] Claim addresses() const {
    Claim out{"",
              "",
              {"登録された仮想デスクトップ、サーバ、回線のアドレスは、別の接続方式の範囲にありません。",
               "No registered desktop, server or circuit stands at a place of another path."},
              true,
              0,
              "registry, configuration",
              {}};
    const auto look = [&](const std::string& what, const std::string& text, const std::string& own) {
      const auto range = parse_range(text);
      if (!range) return;
      ++out.kinds;
      for (const Place& place : places_) {
        if (place.path == own) continue;
        if (std::ranges::any_of(place.places, [&](const Range& each) { return each.meets(*range); })) {
          against(out, what + " " + text + " : " + place.path);
        }
      }
    };
    for (const auto& [id, desktop] : registry_.desktops) look("desktop " + id, desktop.address, path_of(desktop.zone));
    for (const auto& [id, server] : registry_.servers) {
      const auto system = registry_.systems.find(server.system);
      if (system != registry_.systems.end()) look("server " + id, server.address, path_of(system->second.zone));
    }
    for (const auto& [id, circuit] : registry_.circuits) {
      for (const std::string& prefix : circuit.prefixes) {
        look("circuit " + id, prefix, closed_);
        const auto range = parse_range(prefix);
        const auto own = std::ranges::find(places_, closed_, &Place::path);
        const bool inside =
            range && own != places_.end() && own->network.holds(range->first) && own->network.holds(range->last);
        if (!closed_.empty() && !inside) against(out, "circuit " + id + " " + prefix);
      }
    }
    return out;
  }

 private:
  [[nodiscard]] std::string path_of(registry::Zone zone) const {
    const auto found = path_of_.find(std::string(registry::to_string(zone)));
    return found == path_of_.end() ? std::string() : found->second;
  }

  const registry::Registry& registry_;
  const std::vector<Place>& places_;
  std::map<std::string, std::string> path_of_;
  std::string closed_;
};

Claim rights_stay(const std::vector<Place>& places, const KernelRules& rules) {
  Claim out{"",
            "",
            {"カーネルに設定された許可は、どれも別の接続方式へ通じていません。",
             "No right that the kernel holds leads from one path to another."},
            true,
            0,
            "nft sets",
            {}};
  for (const auto& [from, to] : rules.rights()) {
    ++out.kinds;
    for (const Place& a : places) {
      for (const Place& b : places) {
        const auto meets = [](const Range& range) { return [&range](const Range& each) { return each.meets(range); }; };
        if (&a != &b && std::ranges::any_of(a.places, meets(from)) && std::ranges::any_of(b.places, meets(to))) {
          against(out, to_text(from) + " > " + to_text(to));
        }
      }
    }
  }
  return out;
}

}  // namespace

std::vector<Claim> prove_zones(const SiteConfig& config, const registry::Registry& registry,
                               const std::vector<LocalAddress>& local, const KernelRules& rules) {
  std::vector<Place> places;
  for (const PathConfig& path : config.paths) {
    if (!path.gate_address().empty()) places.push_back(place_of(path, config));
  }
  std::vector<Claim> out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = i + 1; j < places.size(); ++j) out.push_back(apart(places[i], places[j]));
  }
  const Registered registered(config, registry, places);
  out.push_back(registered.contracts());
  out.push_back(registered.addresses());
  out.push_back(rights_stay(places, rules));
  const Kernel kernel(rules, places, local);
  Claim ipv6{"",
             "",
             {"IPv6 のパケットは、どの装置からも別の装置へ転送されません。",
              "No packet of IPv6 is forwarded from one device to another."},
             false,
             0,
             {},
             {}};
  kernel.show_no_ipv6(ipv6);
  out.push_back(std::move(ipv6));
  const Range everywhere{1, ~std::uint32_t{0} - 1};
  for (const Place& a : places) {
    for (const Place& b : places) {
      if (&a == &b) continue;
      Claim device{a.path,
                   b.path,
                   {"この接続方式の装置から来るパケットは、送信元を偽っても、相手の範囲に届きません。",
                    "What comes out of this path's devices, whatever source it claims, reaches no place of the other."},
                   false,
                   0,
                   {},
                   {}};
      kernel.show(device, {everywhere}, a.devices, b.places);
      out.push_back(std::move(device));
      Claim address{a.path,
                    b.path,
                    {"この接続方式のセッションのアドレスは、どの装置から来ても、相手の範囲に届きません。",
                     "This path's session addresses reach no place of the other, whatever device they come by."},
                    false,
                    0,
                    {},
                    {}};
      kernel.show(address, {a.network}, {}, b.places);
      out.push_back(std::move(address));
      if (a.desktops.empty()) continue;
      Claim desktops{a.path,
                     b.path,
                     {"この接続方式の仮想デスクトップは、相手の範囲に届きません。",
                      "This path's desktops reach no place of the other."},
                     false,
                     0,
                     {},
                     {}};
      kernel.show(desktops, a.desktops, {}, b.places);
      out.push_back(std::move(desktops));
    }
  }
  return out;
}

}  // namespace sekisho::ctl
