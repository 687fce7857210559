#include "programs/sekishoctl/zone_proof.hpp"

#include "base/site_config_parse.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace sekisho::ctl {
namespace {

constexpr Range kLoopback{0x7f000000, 0x7fffffff};

/// Where something of the gate listens, as the configuration says.
struct Listener {
  std::string text;
  std::uint16_t port = 0;
  bool udp = false;
  bool ipv6 = false;                       ///< takes IPv6
  bool any = false;                        ///< takes every IPv4 address of the machine; one of IPv6 does too
  std::optional<std::uint32_t> address{};  ///< the IPv4 address that it takes
  bool understood = true;                  ///< else nothing is known but its text
};

struct Place {
  std::string path;
  std::set<std::string> devices;  ///< where its terminals' packets come from
  Range network;
  std::vector<Range> desktops, places;
  std::vector<Listener> listeners;
};

Listener listener_of(const std::string& text, bool udp) {
  const auto at = parse_socket_address(text);
  if (!at) return {.text = text, .understood = false};
  Listener out{text, at->port, udp, at->ipv6, at->is_everywhere()};
  if (!out.any && !out.ipv6) out.address = parse_ipv4(at->address);
  return out;
}

void add_place(Place& place, const Range& range) {
  if (!std::ranges::any_of(place.places, [&](const Range& each) { return each.holds(range); })) {
    place.places.push_back(range);
  }
}

void add_listener(Place& place, const std::string& text, bool udp = false) {
  if (text.empty()) return;
  const Listener listener = listener_of(text, udp);
  if (listener.address) add_place(place, {*listener.address, *listener.address});
  place.listeners.push_back(listener);
}

Place place_of(const PathConfig& path, const SiteConfig& config) {
  Place out;
  out.path = path.name;
  const std::uint8_t prefix = path.is_closed() ? path.closed.prefix : path.tun.prefix;
  if (const auto gate = parse_ipv4(path.gate_address())) {
    out.network = range_over(network_of(*gate, prefix));
    out.places.push_back(out.network);
  }
  out.devices.insert(path.is_closed() ? path.closed.device : path.tun.name);
  if (path.is_closed() && !path.closed.ike_device.empty()) out.devices.insert(path.closed.ike_device);
  for (const HyperConfig& zone : config.hypervisors) {
    if (std::ranges::find(path.zones, zone.zone) == path.zones.end()) continue;
    if (const auto segment = parse_ipv4_network(zone.network)) {
      out.desktops.push_back(range_over(*segment));
      add_place(out, out.desktops.back());
    }
  }
  for (const std::string& listener : path.listen) add_listener(out, listener, path.dtls);
  add_listener(out, path.entrance);
  add_listener(out, path.pages.desktop.listen);
  add_listener(out, path.pages.console.listen);
  if (path.is_closed()) {
    if (const auto ike = parse_range(path.closed.ike_address)) add_place(out, *ike);
  }
  return out;
}

std::vector<Place> places_of(const SiteConfig& config) {
  std::vector<Place> out;
  bool posture = true;
  for (const PathConfig& path : config.paths) {
    if (path.gate_address().empty()) continue;
    out.push_back(place_of(path, config));
    if (path.is_closed() || !posture) continue;
    for (const std::string& listener : config.posture.listen) add_listener(out.back(), listener);
    posture = false;
  }
  return out;
}

void against(Claim& claim, std::string what) {
  claim.holds = false;
  if (claim.counter.size() < kMostCounter) claim.counter.push_back(std::move(what));
}

Claim claim_of(const Place* from, const Place* to, Text says, std::string shown_by) {
  return {
      from == nullptr ? "" : from->path, to == nullptr ? "" : to->path, std::move(says), true, 0, std::move(shown_by)};
}

void take(Claim& claim, const PacketSearch::Found& found) {
  claim.kinds += found.kinds;
  for (const std::string& rule : found.by) claim.shown_by += (claim.shown_by.empty() ? "" : ", ") + rule;
  for (const std::string& packets : found.pass) against(claim, packets);
}

class Kernel {
 public:
  Kernel(const KernelRules& rules, const std::vector<Place>& places, const std::vector<LocalAddress>& local)
      : local_(local), search_(rules, local), devices_(rules.devices()) {
    for (const LocalAddress& each : local) {
      // Each of them by itself: which addresses it has makes a difference. "another" stands for those without any.
      const bool ipv6 = each.address.find(':') != std::string::npos;
      (ipv6 ? with_ipv6_ : devices_).insert(each.device);
    }
    devices_.erase("lo");  // what this machine says to itself comes from no zone
    devices_.insert("another");
    for (const Place& place : places) {
      devices_.insert(place.devices.begin(), place.devices.end());
      for (const Range& range : place.places) search_.tell_apart(range);
      for (const Listener& listener : place.listeners) search_.tell_port_apart(listener.port);
    }
  }

  [[nodiscard]] Claim devices(const Place& a, const Place& b) const {
    Claim out = claim_of(&a, &b,
                         {"この接続方式の装置から来るパケットは、送信元を偽っても、相手の範囲に届きません。",
                          "What comes out of this path's devices, whatever source it claims, reaches no place of the "
                          "other."},
                         {});
    show(out, {kAnyAddress}, a.devices, b.places);
    return out;
  }
  [[nodiscard]] Claim addresses(const Place& a, const Place& b) const {
    Claim out = claim_of(&a, &b,
                         {"この接続方式のセッションのアドレスは、どの装置から来ても、相手の範囲に届きません。",
                          "This path's session addresses reach no place of the other, whatever device they come by."},
                         {});
    show(out, {a.network}, devices_, b.places);
    return out;
  }
  [[nodiscard]] Claim desktops(const Place& a, const Place& b) const {
    Claim out = claim_of(&a, &b,
                         {"この接続方式の仮想デスクトップは、相手の範囲に届きません。",
                          "This path's desktops reach no place of the other."},
                         {});
    show(out, a.desktops, devices_, b.places);
    return out;
  }
  /// Those of `b` that are reached at more than their own places.
  [[nodiscard]] Claim listeners(const Place& a, const Place& b) const {
    Claim out = claim_of(&a, &b,
                         {"相手の待受け（任意アドレス、IPv6、この接続方式の装置にあるアドレスのもの）は、この接続方式の"
                          "側から届きません。",
                          "The other path's listeners at any address, at IPv6 or at an address of this path's devices "
                          "are not reached from this path's side."},
                         "configuration, addresses");
    PacketSearch::Found found;
    const std::set<std::string> side = side_of(a);
    if (local_.empty()) against(out, "no address of this machine is known");
    for (const Listener& listener : b.listeners) {
      ++out.kinds;
      if (!listener.understood) against(out, listener.text);
      const std::size_t before = found.pass.size();
      for (const std::string& device : side) {
        for (const std::uint32_t protocol : {kTcp, kUdp}) {
          if (protocol == kUdp && !listener.udp) continue;
          Packets packets{.iif = device, .source = kAnyAddress};
          packets.protocol = {protocol, protocol}, packets.port = {listener.port, listener.port};
          for (const std::uint32_t address : reached_at(listener, side)) {
            packets.destination = {address, address};
            search_.search(packets, false, found);
          }
          packets.ipv6 = true;
          if (listener.ipv6 && with_ipv6_.contains(device)) search_.search(packets, false, found);
        }
      }
      for (std::size_t i = before; i < found.pass.size(); ++i) found.pass[i] = listener.text + " : " + found.pass[i];
    }
    take(out, found);
    return out;
  }
  /// Zones are told by IPv4 networks. Which one a packet of IPv6 is of nothing says, so none of it may go on at all.
  [[nodiscard]] Claim no_ipv6() const {
    Claim out = claim_of(nullptr, nullptr,
                         {"IPv6 のパケットは、どの装置から来ても転送されません。",
                          "No packet of IPv6 is forwarded, whatever device it comes by."},
                         {});
    PacketSearch::Found found;
    for (const std::string& device : devices_) {
      search_.search({.iif = device, .ipv6 = true, .onward = true}, true, found);
    }
    take(out, found);
    return out;
  }

 private:
  void show(Claim& claim, const std::vector<Range>& sources, const std::set<std::string>& devices,
            const std::vector<Range>& destinations) const {
    PacketSearch::Found found;
    for (const std::string& device : devices) {
      for (const Range& from : sources) {
        for (const Range& to : destinations) {
          search_.search({.iif = device, .source = from, .destination = to}, true, found);
        }
      }
    }
    take(claim, found);
  }
  /// Its devices, and those that have an address at one of its places.
  [[nodiscard]] std::set<std::string> side_of(const Place& place) const {
    std::set<std::string> out = place.devices;
    for (const LocalAddress& each : local_) {
      const auto address = parse_range(each.address);
      const bool there =
          address && std::ranges::any_of(place.places, [&](const Range& p) { return p.holds(*address); });
      if (there && each.device != "lo") out.insert(each.device);
    }
    return out;
  }
  [[nodiscard]] std::set<std::uint32_t> reached_at(const Listener& listener, const std::set<std::string>& side) const {
    std::set<std::uint32_t> out;
    for (const LocalAddress& each : local_) {
      const auto address = parse_range(each.address);
      if (!address || kLoopback.holds(*address)) continue;
      if (listener.any || (listener.address == address->first && side.contains(each.device)))
        out.insert(address->first);
    }
    return out;
  }

  const std::vector<LocalAddress>& local_;
  PacketSearch search_;
  std::set<std::string> devices_, with_ipv6_;
};

Claim apart(const Place& a, const Place& b) {
  Claim out =
      claim_of(&a, &b, {"二つの接続方式のアドレス範囲は重なりません。", "The places of the two paths do not overlap."},
               "configuration");
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
  Registered(const SiteConfig& config, const registry::Imported& imported, const std::vector<Place>& places)
      : imported_(imported), registry_(imported.registry), places_(places) {
    for (const PathConfig& path : config.paths) {
      for (const std::string& zone : path.zones) path_of_[zone] = path.name;
      if (path.is_closed()) closed_ = path.name;
    }
  }

  [[nodiscard]] Claim contracts() const {
    Claim out = claim_of(nullptr, nullptr,
                         {"どの契約も、一つの接続方式のシステムだけを対象とします。",
                          "Every contract covers systems of one path alone."},
                         "registry");
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
    Claim out = claim_of(nullptr, nullptr,
                         {"登録された仮想デスクトップ、サーバ、回線のアドレスは、別の接続方式の範囲にありません。",
                          "No registered desktop, server or circuit stands at a place of another path."},
                         "registry, configuration");
    const auto look = [&](const std::string& what, const std::string& text, const std::string& own) {
      if (text.empty()) return;  // a virtual machine has none: it is known by its manager
      ++out.kinds;
      const auto range = parse_range(text);
      if (!range) return against(out, what + " " + text);
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
      look("server " + id, server.address, system == registry_.systems.end() ? "" : path_of(system->second.zone));
    }
    for (const auto& [id, circuit] : registry_.circuits) {
      for (const std::string& prefix : circuit.prefixes) {
        look("circuit " + id, prefix, closed_);
        const auto range = parse_range(prefix);
        const auto own = std::ranges::find(places_, closed_, &Place::path);
        const bool inside = range && own != places_.end() && own->network.holds(*range);
        if (!closed_.empty() && !inside) against(out, "circuit " + id + " " + prefix);
      }
    }
    return out;
  }
  [[nodiscard]] Claim imported() const {
    Claim out = claim_of(nullptr, nullptr,
                         {"台帳は、書込み時の規則をいまもすべて守っています。",
                          "The registry keeps all rules that a change of it is held to."},
                         "registry");
    out.kinds = registry_.contracts.size() + registry_.systems.size() + registry_.servers.size() +
                registry_.desktops.size() + registry_.circuits.size() + registry_.terminals.size();
    for (const registry::Finding& each : imported_.findings) against(out, each.code + " " + each.pointer);
    return out;
  }

 private:
  [[nodiscard]] std::string path_of(registry::Zone zone) const {
    const auto found = path_of_.find(std::string(registry::to_string(zone)));
    return found == path_of_.end() ? std::string() : found->second;
  }

  const registry::Imported& imported_;
  const registry::Registry& registry_;
  const std::vector<Place>& places_;
  std::map<std::string, std::string> path_of_;
  std::string closed_;
};

Claim rights_stay(const std::vector<Place>& places, const KernelRules& rules) {
  Claim out = claim_of(nullptr, nullptr,
                       {"カーネルに設定された許可は、どれも別の接続方式へ通じていません。",
                        "No right that the kernel holds leads from one path to another."},
                       "nft sets");
  const auto meets = [](const Range& range) { return [&range](const Range& each) { return each.meets(range); }; };
  for (const auto& [from, to] : rules.rights()) {
    ++out.kinds;
    for (const Place& a : places) {
      for (const Place& b : places) {
        if (&a != &b && std::ranges::any_of(a.places, meets(from)) && std::ranges::any_of(b.places, meets(to))) {
          against(out, to_text(from) + " > " + to_text(to));
        }
      }
    }
  }
  return out;
}

Claim table_is_netds(const KernelRules& rules) {
  Claim out =
      claim_of(nullptr, nullptr,
               {"カーネルの表 inet sekisho は有効で、この証明が読めない文を含みません。",
                "The kernel's table inet sekisho is awake, and holds no statement that this proof cannot read."},
               "nft");
  out.kinds = 1;
  for (const std::string& doubt : rules.doubts()) against(out, doubt);
  return out;
}

Claim nothing_elsewhere(const KernelRules& rules) {
  Claim out = claim_of(nullptr, nullptr,
                       {"カーネルの他の表は、パケットの行き先を変えません。",
                        "No other table of the kernel sends packets elsewhere than they were going."},
                       "nft");
  out.kinds = 1;
  for (const std::string& rule : rules.elsewhere()) against(out, rule);
  return out;
}

}  // namespace

std::vector<Claim> prove_zones(const SiteConfig& config, const registry::Imported& registry,
                               const std::vector<LocalAddress>& local, const KernelRules& rules) {
  const std::vector<Place> places = places_of(config);
  std::vector<Claim> out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = i + 1; j < places.size(); ++j) out.push_back(apart(places[i], places[j]));
  }
  const Registered registered(config, registry, places);
  out.push_back(registered.contracts());
  out.push_back(registered.addresses());
  out.push_back(registered.imported());
  out.push_back(table_is_netds(rules));
  out.push_back(nothing_elsewhere(rules));
  out.push_back(rights_stay(places, rules));
  const Kernel kernel(rules, places, local);
  out.push_back(kernel.no_ipv6());
  for (const Place& a : places) {
    for (const Place& b : places) {
      if (&a == &b) continue;
      out.push_back(kernel.devices(a, b));
      out.push_back(kernel.addresses(a, b));
      if (!a.desktops.empty()) out.push_back(kernel.desktops(a, b));
      out.push_back(kernel.listeners(a, b));
    }
  }
  return out;
}

}  // namespace sekisho::ctl
