#include "base/site_config_places.hpp"

#include "base/ipv4.hpp"
#include "base/site_config_parse.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

namespace sekisho {
namespace {

struct Row {
  std::string_view rule, code, what_ja, what_en, why_ja, why_en, remedy_ja, remedy_en;
};
constexpr std::array kRows{
    Row{"R01", "config.wildcard_listener", "すべてのアドレスで待ち受ける設定は使えません。",
        "A listener may not stand at every address of the machine.",
        "ゾーンが複数あるため、そのゾーンに属さない側からも届いてしまいます。",
        "There is more than one zone, so it would also be reached from where its zone is not.",
        "0.0.0.0 や :: ではなく、待ち受けるアドレスを一つずつ書いてください。",
        "Write each address that it is meant for, not 0.0.0.0 or ::."},
    Row{"R01", "config.other_zone_address", "別の接続方式の範囲にあるアドレスで待ち受ける設定は使えません。",
        "A listener may not stand at an address of another path's zones.",
        "そのゾーンから、この接続方式に届いてしまいます。", "That zone would reach this path.",
        "この接続方式のアドレスに変えるか、ネットワークの範囲を直してください。",
        "Take an address of its own path, or mend the network that holds it."},
    Row{"R03", "config.lent_only", "インターネット経由の接続方式を貸出端末専用にはできません。",
        "A path over the Internet may not take lent terminals alone.",
        "貸出端末は閉域網の回線とともに登録されており、インターネットからは誰も接続できなくなります。",
        "A lent terminal is registered with its circuit of the closed network: nobody would get in.",
        "lent_only を false にするか、closed（閉域網）の接続方式として設定してください。",
        "Set lent_only to false, or describe the closed network in closed."},
    Row{"R10", "config.posture_missing", "内側アドレスで待ち受ける点検ページがありません。",
        "No posture page stands at the gate's inner address of a path.",
        "点検中のセッションは内側アドレスの点検ページにだけ届くため、誰も点検を終えられません。",
        "A session in quarantine reaches that page alone, so nobody would ever pass the inspection.",
        "その接続方式の gate_address とポートを posture.listen に加えてください。",
        "Add that path's gate_address with a port to posture.listen."},
    Row{"R01", "config.posture_address", "点検ページがこのアドレスで待ち受けることはできません。",
        "The posture page may not stand at this address.",
        "セッション・仮想デスクトップ・閉域網の範囲です。点検ページは公開アドレスと各接続方式の内側アドレスだけに置けま"
        "す。",
        "It belongs to sessions, desktops or the closed network; the page stands at public addresses and at the gate's "
        "inner address of each path over the Internet.",
        "公開アドレスか、tun.gate_address に変えてください。", "Take a public address or tun.gate_address."},
    Row{"R01", "config.ike_address", "閉域網の装置のアドレス（ike_address）がほかの用途の範囲にあります。",
        "The address of the closed interface (ike_address) has another use.",
        "拠点・端末・仮想デスクトップのネットワークや待受アドレスと重なると、暗号化されていない側から届いてしまいます"
        "。",
        "Where it lies in a network of sites, terminals or desktops, or at a listener, these would be reached in clear "
        "text.",
        "回線事業者から割り当てられた、どの範囲とも重ならないアドレスを書いてください。",
        "Write the address that the carrier gave, outside of all of these."},
};

/// A stretch of addresses with its owner: the index of a path, or kNobody.
struct Area {
  enum class Kind : std::uint8_t { tunnel, desktops, console, line, front };
  Kind kind = Kind::tunnel;
  Ipv4Network network;
  std::size_t owner = 0;
  std::string at;
};
constexpr std::size_t kNobody = ~std::size_t{0};

class Places {
 public:
  Places(const SiteConfig& site, std::vector<Error>& errors) : site_(site), errors_(errors) {
    std::set<std::string_view> zones;
    for (const PathConfig& path : site.paths) zones.insert(path.zones.begin(), path.zones.end());
    for (const HyperConfig& zone : site.hypervisors) zones.insert(zone.zone);
    several_zones_ = zones.size() > 1;
    learn();
  }

  void judge() {
    for (std::size_t i = 0; i < site_.paths.size(); ++i) path(i, site_.paths[i]);
    for (std::size_t i = 0; i < site_.posture.listen.size(); ++i) {
      posture("/posture/listen/" + std::to_string(i), site_.posture.listen[i]);
    }
  }

 private:
  static std::string pointer(std::size_t path) { return "/paths/" + std::to_string(path); }
  static std::string gate_pointer(const PathConfig& path) {
    return path.is_closed() ? "/closed/gate_address" : "/tun/gate_address";
  }
  static std::optional<std::uint32_t> ipv4_of(const std::string& listener) {
    const auto at = parse_socket_address(listener);
    if (!at || at->ipv6 || at->is_everywhere()) return std::nullopt;
    return parse_ipv4(at->address);
  }

  static bool listens(const PathConfig& path, std::uint32_t address) {
    return std::any_of(path.listen.begin(), path.listen.end(),
                       [&](const std::string& each) { return ipv4_of(each) == address; });
  }

  void learn() {
    for (std::size_t i = 0; i < site_.paths.size(); ++i) {
      const PathConfig& path = site_.paths[i];
      const std::string at = pointer(i);
      const std::uint8_t prefix = path.is_closed() ? path.closed.prefix : path.tun.prefix;
      if (const auto gate = parse_ipv4(path.gate_address()); gate && prefix <= 32) {
        areas_.push_back({Area::Kind::tunnel, network_of(*gate, prefix), i, at + gate_pointer(path)});
      }
      if (const auto line = parse_ipv4(path.closed.ike_address); line && path.is_closed()) {
        areas_.push_back({Area::Kind::line, {*line, 32}, i, at + "/closed/ike_address"});
      }
      const auto console = ipv4_of(path.pages.console.listen);
      // Where a front stands, it is the page that is told.
      if (console && std::none_of(site_.paths.begin(), site_.paths.end(),
                                  [&](const PathConfig& each) { return listens(each, *console); })) {
        areas_.push_back({Area::Kind::console, {*console, 32}, i, at + "/pages/console/listen"});
      }
      for (std::size_t l = 0; l < path.listen.size(); ++l) {
        const auto front = ipv4_of(path.listen[l]);
        if (front) areas_.push_back({Area::Kind::front, {*front, 32}, i, at + "/listen/" + std::to_string(l)});
      }
    }
    for (std::size_t h = 0; h < site_.hypervisors.size(); ++h) {
      const HyperConfig& zone = site_.hypervisors[h];
      const auto network = parse_ipv4_network(zone.network);
      if (!network) continue;
      const auto owner = std::find_if(site_.paths.begin(), site_.paths.end(), [&](const PathConfig& path) {
        return std::find(path.zones.begin(), path.zones.end(), zone.zone) != path.zones.end();
      });
      areas_.push_back({Area::Kind::desktops, *network,
                        owner == site_.paths.end() ? kNobody : static_cast<std::size_t>(owner - site_.paths.begin()),
                        "/hypervisors/" + std::to_string(h) + "/network"});
    }
  }

  void path(std::size_t index, const PathConfig& path) {
    const std::string at = pointer(index);
    for (std::size_t i = 0; i < path.listen.size(); ++i) {
      const std::string where = at + "/listen/" + std::to_string(i);
      if (!everywhere(where, path.listen[i])) listener(where, path.listen[i], index, false);
    }
    // Where packets are carried, entrance and desktop page stand at the gate's inner address by a rule of their own.
    if (path.gate_address().empty()) {
      if (!everywhere(at + "/entrance", path.entrance)) listener(at + "/entrance", path.entrance, index, false);
      listener(at + "/pages/desktop/listen", path.pages.desktop.listen, index, false);
    }
    listener(at + "/pages/console/listen", path.pages.console.listen, index, true);
    const bool my_number = std::find(path.zones.begin(), path.zones.end(), "my_number") != path.zones.end();
    if (path.lent_only && !path.is_closed() && !my_number) refuse("config.lent_only", at + "/lent_only");
    if (path.is_closed()) return line(at + "/closed/ike_address", index, path);
    const bool has_page =
        std::any_of(site_.posture.listen.begin(), site_.posture.listen.end(), [&](const std::string& page) {
          const auto where = parse_socket_address(page);
          return where && where->address == path.tun.gate_address;
        });
    if (parse_ipv4(path.tun.gate_address) && !has_page) {
      refuse("config.posture_missing", "/posture/listen", at + gate_pointer(path));
    }
  }
  /// Of the path `owner`. Two paths over the Internet may share a public address; a console page shares none with
  /// a front.
  void listener(const std::string& at, const std::string& text, std::size_t owner, bool console) {
    const auto own = ipv4_of(text);
    if (!own) return;
    for (const Area& area : areas_) {
      if (area.owner == owner || !area.network.holds(*own) || (area.kind == Area::Kind::front && !console)) continue;
      if (area.kind == Area::Kind::console && console && area.owner > owner) continue;  // the later one is told
      return refuse("config.other_zone_address", at, area.at);
    }
  }
  void posture(const std::string& at, const std::string& text) {
    if (everywhere(at, text)) return;
    const auto own = ipv4_of(text);
    const bool inner = own && std::any_of(site_.paths.begin(), site_.paths.end(), [&](const PathConfig& path) {
                         return !path.is_closed() && parse_ipv4(path.tun.gate_address) == own;
                       });
    if (!own || inner) return;
    for (const Area& area : areas_) {
      if (area.kind == Area::Kind::front || !area.network.holds(*own)) continue;
      return refuse("config.posture_address", at, area.at);
    }
  }
  void line(const std::string& at, std::size_t index, const PathConfig& path) {
    const auto own = parse_ipv4(path.closed.ike_address);
    if (!own) return;
    for (const Area& area : areas_) {
      // The path's own front has a rule of its own.
      const bool its_own = area.owner == index && (area.kind == Area::Kind::line || area.kind == Area::Kind::front);
      if (!area.network.holds(*own) || its_own) continue;
      return refuse("config.ike_address", at, area.at);
    }
    for (std::size_t i = 0; i < site_.posture.listen.size(); ++i) {
      if (ipv4_of(site_.posture.listen[i]) == own) {
        return refuse("config.ike_address", at, "/posture/listen/" + std::to_string(i));
      }
    }
  }
  bool everywhere(const std::string& at, const std::string& text) {
    const auto where = parse_socket_address(text);
    if (!where || !where->is_everywhere()) return false;
    if (several_zones_) refuse("config.wildcard_listener", at);
    return true;
  }
  /// `other`: the place that it collides with.
  void refuse(std::string_view code, const std::string& at, const std::string& other = {}) {
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) { return each.code == code; });
    SEKISHO_ASSERT(row != kRows.end());
    std::string said = at + ": ";
    for (const std::string_view part : {row->what_ja, row->why_ja, row->remedy_ja}) said += part;
    for (const std::string_view part : {row->what_en, row->why_en, row->remedy_en}) (said += ' ') += part;
    said += " (" + std::string(row->rule) + (other.empty() ? "" : ", " + other) + ")";
    errors_.push_back(fail(std::string(code), said));
  }

  const SiteConfig& site_;
  std::vector<Error>& errors_;
  std::vector<Area> areas_;
  bool several_zones_ = false;
};

}  // namespace

void judge_places(const SiteConfig& site, std::vector<Error>& errors) {
  Places(site, errors).judge();
}

std::vector<Refusal> place_refusals() {
  std::vector<Refusal> out;
  out.reserve(std::size(kRows));
  const auto text = [](std::string_view ja, std::string_view en) { return Text{std::string(ja), std::string(en)}; };
  for (const Row& row : kRows) {
    out.push_back({std::string(row.rule), std::string(row.code), text(row.what_ja, row.what_en),
                   text(row.why_ja, row.why_en), text(row.remedy_ja, row.remedy_en)});
  }
  return out;
}

}  // namespace sekisho
