#include "registry/zones.hpp"

#include "registry/findings.hpp"
#include "registry/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace sekisho::registry {
namespace {

enum class Side : std::uint8_t { internet, closed };

Side side(Zone zone) {
  return zone == Zone::my_number ? Side::closed : Side::internet;
}

class Zones {
 public:
  Zones(const Registry& registry, std::vector<Finding>& out) : r_(registry), out_(out) {}

  void judge() {
    each(r_.contracts, "contracts", [&](const auto& at, const Contract& c) { contract(at, c); });
    each(r_.servers, "servers", [&](const auto& at, const Server& s) { server(at, s); });
    each(r_.desktops, "desktops", [&](const auto& at, const Desktop& d) {
      take(addresses_, d.address, side(d.zone), at + "/address", "zone.desktop");
    });
    each(r_.circuits, "circuits", [&](const auto& at, const Circuit& c) { circuit(at, c); });
    terminals();
  }

 private:
  /// What was seen on which side; the first that takes something has it.
  using Taken = std::map<std::string, Side, std::less<>>;

  template <class Map, class Each>
  static void each(const Map& map, std::string_view many, Each&& judge) {
    std::size_t index = 0;
    for (const auto& [key, object] : map) judge("/" + std::string(many) + "/" + std::to_string(index++), object);
  }
  [[nodiscard]] std::optional<Side> side_of(const std::string& system) const {
    const auto found = r_.systems.find(system);
    if (found == r_.systems.end()) return std::nullopt;  // validate() says so itself
    return side(found->second.zone);
  }
  void take(Taken& taken, const std::string& what, Side side, std::string pointer, std::string_view code) {
    if (what.empty()) return;
    const auto [held, fresh] = taken.emplace(what, side);
    if (!fresh && held->second != side) out_.push_back(finding(std::move(pointer), code));
  }

  void contract(const std::string& at, const Contract& c) {
    std::optional<Side> first;
    for (std::size_t i = 0; i < c.systems.size(); ++i) {
      const auto here = side_of(c.systems[i]);
      if (here && first && *here != *first) {
        out_.push_back(finding(at + "/systems/" + std::to_string(i), "zone.contract"));
      }
      if (!first) first = here;
    }
  }
  void server(const std::string& at, const Server& s) {
    const auto here = side_of(s.system);
    if (!here) return;
    take(addresses_, s.address, *here, at + "/address", "zone.server");
    if (s.kind != ServerKind::virtual_machine) return;
    take(machines_, s.machine, *here, at + "/machine", "zone.server");
    take(managers_, s.manager, *here, at + "/manager", "zone.server");
  }
  void circuit(const std::string& at, const Circuit& c) {
    for (std::size_t i = 0; i < c.prefixes.size(); ++i) {
      const std::string& prefix = c.prefixes[i];
      if (!is_prefix(prefix)) continue;
      if (std::ranges::any_of(addresses_, [&](const auto& held) {
            const std::string one = held.first + "/32";
            return is_prefix(one) && overlap(prefix, one);
          })) {
        out_.push_back(finding(at + "/prefixes/" + std::to_string(i), "zone.circuit"));
      }
    }
  }
  void terminals() {
    Taken macs;
    for (const auto& [id, t] : r_.terminals) {
      if (t.kind == TerminalKind::lent || t.ended_at) continue;
      for (const std::string& mac : t.macs) macs.emplace(mac, Side::internet);
    }
    each(r_.terminals, "terminals", [&](const auto& at, const Terminal& t) {
      if (t.kind != TerminalKind::lent || t.ended_at) return;
      for (std::size_t i = 0; i < t.macs.size(); ++i) {
        if (macs.contains(t.macs[i])) out_.push_back(finding(at + "/macs/" + std::to_string(i), "zone.terminal"));
      }
    });
  }

  const Registry& r_;
  std::vector<Finding>& out_;
  Taken addresses_, machines_, managers_;
};

}  // namespace

void judge_zones(const Registry& registry, std::vector<Finding>& out) {
  Zones(registry, out).judge();
}

}  // namespace sekisho::registry
