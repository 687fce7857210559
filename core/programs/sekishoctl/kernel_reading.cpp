// Reads what nft lists as JSON into KernelRules. What is not exactly as expected becomes a doubt or a comparison that
// nobody can tell; it never becomes less than what is there.
#include "base/json.hpp"
#include "programs/sekishoctl/kernel_rules.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.bytes = 64u << 20, .depth = 24};
constexpr const char* kFamily = "inet";
constexpr const char* kTable = "sekisho";
constexpr int kRaw = -300;

const json& member(const json& object, const char* name) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}
std::string text(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}
bool has_text(const json& array, std::string_view word) {
  return array.is_array() && std::ranges::any_of(array, [&](const json& each) { return each == word; });
}
bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<std::uint32_t> number(const json& value, std::uint32_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) return std::nullopt;
  return value.get<std::uint32_t>();
}

std::optional<std::uint32_t> protocol_number(const json& value) {
  static const std::map<std::string, std::uint32_t> kNames{
      {"icmp", kIcmp}, {"igmp", 2},    {"tcp", kTcp},     {"udp", kUdp}, {"dccp", 33},  {"gre", 47},      {"esp", kEsp},
      {"ah", 51},      {"icmpv6", 58}, {"ipv6-icmp", 58}, {"comp", 108}, {"sctp", 132}, {"udplite", 136},
  };
  if (!value.is_string()) return number(value, 255);
  const auto found = kNames.find(value.get<std::string>());
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

/// The statement's name; empty: it is none. (One that has no values may be listed as its name alone.)
std::string name_of(const json& statement) {
  if (statement.is_string()) return statement.get<std::string>();
  return statement.is_object() && statement.size() == 1 ? statement.begin().key() : std::string();
}
/// What stands behind the name.
const json& what_of(const json& statement) {
  return member(statement, name_of(statement).c_str());
}

/// Of a rule of another table: whether it leaves packets going where they were going, if it lets them go at all. Its
/// comparisons do not matter. Another source behind our chains reaches nothing that this one did not.
bool leaves_the_way(const std::string& name, const json& what) {
  if (name == "mangle") return !member(member(what, "key"), "payload").is_object();
  if (name == "xt") {  // of iptables-nft
    return text(what, "type") == "match" ||
           is_one_of(text(what, "name"), {"MASQUERADE", "SNAT", "LOG", "NFLOG", "REJECT", "CHECKSUM", "MARK",
                                          "CONNMARK", "CT", "NOTRACK", "TCPMSS"});
  }
  return is_one_of(name, {"match", "counter",  "log",       "limit",      "quota",          "ct count",
                          "set",   "drop",     "reject",    "accept",     "return",         "goto",
                          "jump",  "continue", "vmap",      "masquerade", "snat",           "notrack",
                          "last",  "comment",  "ct helper", "ct timeout", "ct expectation", "secmark"});
}

}  // namespace

class RulesetReader {
 public:
  explicit RulesetReader(KernelRules::From from) : from_(from) {}

  Result<KernelRules> read(const json& entries) {
    for (const json& entry : entries) {
      if (const json& table = member(entry, "table"); table.is_object()) take_table(table);
      if (const json& set = member(entry, "set"); is_ours(set)) sets_[text(set, "name")] = &set;
      if (const json& rule = member(entry, "rule"); is_ours(rule)) note_filled_sets(rule);
    }
    if (!is_there_) return fail("zones.ruleset", "no table inet sekisho");
    for (const json& entry : entries) {
      if (const json& chain = member(entry, "chain"); is_ours(chain)) take_chain(chain);
      if (const json& rule = member(entry, "rule"); is_ours(rule)) {
        take_rule(rule);
      } else if (rule.is_object()) {
        take_other_rule(rule);
      }
    }
    if (!arrives_) return fail("zones.ruleset", "no chain at prerouting");
    if (!is_awake_) out_.hooks_.clear();
    return std::move(out_);
  }

 private:
  using Key = KernelRules::Key;
  using Field = KernelRules::Field;
  using Does = KernelRules::Does;

  static bool is_ours(const json& object) {
    return object.is_object() && text(object, "family") == kFamily && text(object, "table") == kTable;
  }
  void doubt(const std::string& where, const std::string& what) {
    std::string line = where + ": " + what;
    if (std::ranges::find(out_.doubts_, line) == out_.doubts_.end()) out_.doubts_.push_back(std::move(line));
  }

  void take_table(const json& table) {
    if (text(table, "family") != kFamily || text(table, "name") != kTable) return;
    is_there_ = true;
    // netd's has none. The word itself says nothing: nft 1.0.6 lists garbage for it, and dormant is no guard at all.
    if (!table.contains("flags")) return;
    is_awake_ = false;
    doubt("table inet sekisho", "flags");
  }

  void take_chain(const json& chain) {
    const std::string name = text(chain, "name"), hook = text(chain, "hook");
    out_.chains_[name];
    if (hook.empty()) return;
    arrives_ = arrives_ || hook == "prerouting";
    const json& priority = member(chain, "prio");
    if (text(chain, "type") != "filter") return doubt("chain " + name, "type " + text(chain, "type"));
    if (priority != kRaw) return doubt("chain " + name, "priority " + priority.dump());
    out_.hooks_[hook].push_back(name);
  }

  /// Packets fill these: what is in them now says nothing of the next one.
  void note_filled_sets(const json& rule) {
    for (const json& part : member(rule, "expr")) {
      const std::string set = text(member(part, "set"), "set");
      if (set.starts_with('@')) filled_.insert(set.substr(1));
    }
  }

  void take_rule(const json& rule) {
    const std::string chain = text(rule, "chain");
    KernelRules::Rule out{chain + " " + member(rule, "handle").dump(), {}, Does::nothing, {}};
    const json& parts = member(rule, "expr");
    if (!parts.is_array()) take_unknown(out, "expr");
    for (const json& part : parts) {
      if (!take_statement(out, part)) break;  // nothing behind it counts any more
    }
    // Whoever may be in a set that only has packets dropped: nothing is let through by it, and the drop proves nothing.
    const auto unlisted = std::exchange(unlisted_, {});
    if (out.does != Does::drops) {
      for (const std::string& name : unlisted) doubt("set " + name, "no elements are listed");
    }
    for (const KernelRules::Match& match : out.matches) learn(match);
    out_.chains_[chain].push_back(std::move(out));
  }

  void take_unknown(KernelRules::Rule& out, const std::string& name) {
    out.does = Does::unknown;
    doubt(out.where, name.empty() ? "?" : name);
  }

  /// False: the rule ends here.
  bool take_statement(KernelRules::Rule& out, const json& part) {
    const std::string name = name_of(part);
    const json& what = what_of(part);
    if (name == "match") return out.matches.push_back(understand(what, out.where)), true;
    // These let a packet through or not by what is not in it: the end of the rule is certain for none.
    if (is_one_of(name, {"limit", "quota", "ct count", "set"})) return out.matches.emplace_back(), true;
    if (is_one_of(name, {"counter", "log"})) return true;
    if (is_one_of(name, {"drop", "reject"})) return out.does = Does::drops, false;
    if (name == "accept") return out.does = Does::accepts, false;
    if (name == "return") return out.does = Does::returns, false;
    if (is_one_of(name, {"goto", "jump"})) {
      out.does = name == "goto" ? Does::goes : Does::jumps;
      out.target = text(what, "target");
      return false;
    }
    take_unknown(out, name);
    return false;
  }

  static Key key_of(const json& left) {
    Key out;
    if (!left.is_object() || left.size() != 1) return out;
    if (const json& meta = member(left, "meta"); meta.is_object() && meta.size() == 1) {
      static const std::map<std::string, Field> kMeta{{"iifname", Field::iif},
                                                      {"oifname", Field::oif},
                                                      {"ipsec", Field::from_sa},
                                                      {"nfproto", Field::family},
                                                      {"l4proto", Field::protocol}};
      const auto found = kMeta.find(text(meta, "key"));
      if (found != kMeta.end()) out.field = found->second;
    }
    // What the routes say of the destination: whether it is an address of this machine, or one of the device that the
    // packet came by. Other forms ask what only the routes know.
    if (const json& fib = member(left, "fib"); fib.is_object() && fib.size() == 2 && text(fib, "result") == "type") {
      if (member(fib, "flags") == json::array({"daddr"})) out.field = Field::own;
      if (member(fib, "flags") == json::array({"daddr", "iif"})) out.field = Field::own_here;
    }
    // Two members and no more: a third one says that a header inside another is meant.
    if (const json& payload = member(left, "payload"); payload.is_object() && payload.size() == 2) {
      const std::string protocol = text(payload, "protocol"), field = text(payload, "field");
      const bool ports = field == "sport" || field == "dport";
      if (protocol == "ip") {
        out.ipv4 = true;
        if (field == "saddr") out.field = Field::source;
        if (field == "daddr") out.field = Field::destination;
        if (field == "protocol") out.field = Field::protocol;
      } else if (ports && is_one_of(protocol, {"tcp", "udp", "th"})) {
        out.field = field == "dport" ? Field::port : Field::source_port;
        out.ports_of = protocol == "tcp" ? kTcp : protocol == "udp" ? kUdp : 0;
      }
    }
    return out;
  }

  static std::optional<std::uint32_t> number_of(Field field, const json& value) {
    switch (field) {
      case Field::from_sa:
        return value.is_boolean() ? std::optional<std::uint32_t>(value.get<bool>() ? 1 : 0) : std::nullopt;
      case Field::family:
        if (value == "ipv4") return 4;
        if (value == "ipv6") return 6;
        return std::nullopt;
      case Field::protocol:
        return protocol_number(value);
      case Field::source:
      case Field::destination: {
        const auto range = value.is_string() ? parse_range(value.get<std::string>()) : std::nullopt;
        return range && range->first == range->last ? std::optional(range->first) : std::nullopt;
      }
      case Field::source_port:
      case Field::port:
        return number(value, 65535);
      case Field::own:
      case Field::own_here:
        if (value == "local") return 1;
        return std::nullopt;  // broadcast and the like: which of those that are not ours, nothing here tells
      case Field::iif:
      case Field::oif:
      case Field::other:
        break;
    }
    return std::nullopt;
  }

  static std::optional<KernelRules::Part> part_of(Field field, const json& value) {
    KernelRules::Part out;
    if (field == Field::iif || field == Field::oif) {
      if (!value.is_string() || value.get<std::string>().find('*') != std::string::npos) return std::nullopt;
      out.device = value.get<std::string>();
      return out;
    }
    if (const json& prefix = member(value, "prefix"); prefix.is_object()) {
      const bool address = field == Field::source || field == Field::destination;
      const auto range = parse_range(text(prefix, "addr") + "/" + member(prefix, "len").dump());
      if (!address || !range) return std::nullopt;
      out.numbers = *range;
      return out;
    }
    const json& range = member(value, "range");
    const bool is_range = range.is_array() && range.size() == 2;
    const auto first = number_of(field, is_range ? range[0] : value),
               last = number_of(field, is_range ? range[1] : value);
    if (!first || !last || *first > *last) return std::nullopt;
    out.numbers = {*first, *last};
    return out;
  }

  static std::optional<KernelRules::Element> element_of(const std::vector<Key>& keys, const json& value) {
    KernelRules::Element out;
    const json *inner = &value, *fields = nullptr;
    if (const json& wrapped = member(value, "elem"); wrapped.is_object()) {
      out.may_vanish = wrapped.contains("timeout") || wrapped.contains("expires");
      inner = &member(wrapped, "val");
      // With a limit of its own an element holds for some packets; without one it only counts them.
      if (wrapped.contains("limit") || wrapped.contains("quota") || wrapped.contains("ct count")) out.may_vanish = true;
    }
    if (keys.size() > 1) {
      fields = &member(*inner, "concat");
      if (!fields->is_array() || fields->size() != keys.size()) return std::nullopt;
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto part = part_of(keys[i].field, fields == nullptr ? *inner : (*fields)[i]);
      if (!part) return std::nullopt;
      out.parts.push_back(*part);
    }
    return out;
  }

  KernelRules::Match understand(const json& what, const std::string& where) {
    KernelRules::Match out;
    const std::string op = text(what, "op");
    const json &left = member(what, "left"), &right = member(what, "right");
    if (!what.is_object() || what.size() != 3 || !is_one_of(op, {"==", "!="})) return out;
    const json& fields = member(left, "concat");
    out.negated = op == "!=";
    if (fields.is_array() && left.size() == 1 && !fields.empty()) {
      out.keys.clear();
      for (const json& field : fields) out.keys.push_back(key_of(field));
    } else {
      out.keys = {key_of(left)};
    }
    if (std::ranges::any_of(out.keys, [](const Key& key) { return key.field == Field::other; })) return out;
    const std::string name = right.is_string() ? right.get<std::string>() : std::string();
    if (name.starts_with('@')) return look_up(std::move(out), name.substr(1), where);
    out.whole = true;
    const json& list = member(right, "set");
    if (list.is_array()) {
      for (const json& each : list) take_element(out, each);
    } else {
      take_element(out, right);
    }
    return out;
  }

  static void take_element(KernelRules::Match& out, const json& value) {
    auto element = element_of(out.keys, value);
    element ? out.elements.push_back(std::move(*element)) : void(out.whole = false);
  }

  /// With the elements of a named set.
  KernelRules::Match look_up(KernelRules::Match match, const std::string& name, const std::string& where) {
    const auto found = sets_.find(name);
    if (found == sets_.end()) return doubt(where, "@" + name), match;
    const json &set = *found->second, &elements = member(set, "elem"), &flags = member(set, "flags");
    match.whole = !filled_.contains(name) && !has_text(flags, "dynamic");
    if (!elements.is_array() && from_ == KernelRules::From::file) {
      match.whole = false;
      unlisted_.push_back(name);
    }
    if (elements.is_array()) {
      for (const json& each : elements) {
        const std::size_t before = match.elements.size();
        take_element(match, each);
        if (match.elements.size() == before) doubt("set " + name, "an element");
      }
    }
    if (set.contains("timeout") || has_text(flags, "timeout")) {
      for (KernelRules::Element& each : match.elements) each.may_vanish = true;
    }
    note_rights(name, match);
    return match;
  }

  void note_rights(const std::string& name, const KernelRules::Match& match) {
    const auto at = [&](Field field) { return std::ranges::find(match.keys, field, &Key::field) - match.keys.begin(); };
    const auto from = static_cast<std::size_t>(at(Field::source)),
               to = static_cast<std::size_t>(at(Field::destination));
    if (std::max(from, to) >= match.keys.size() || !noted_.insert(name).second) return;
    for (const KernelRules::Element& each : match.elements) {
      out_.rights_.emplace_back(each.parts[std::min(from, to)].numbers, each.parts[std::max(from, to)].numbers);
    }
  }

  void learn(const KernelRules::Match& match) {
    for (const KernelRules::Element& element : match.elements) {
      for (std::size_t i = 0; i < match.keys.size(); ++i) {
        const Field field = match.keys[i].field;
        const KernelRules::Part& part = element.parts[i];
        if (field == Field::iif || field == Field::oif) out_.devices_.insert(part.device);
        // An element that may vanish counts where it is for accepting, and nowhere for dropping: no edge makes it
        // clearer.
        if (element.may_vanish) continue;
        const auto add = [&part](std::set<std::uint32_t>& edges, std::uint32_t most) {
          edges.insert(part.numbers.first);
          if (part.numbers.last < most) edges.insert(part.numbers.last + 1);
        };
        if (field == Field::source || field == Field::destination) add(out_.edges_.addresses, kAnyAddress.last);
        if (field == Field::source_port || field == Field::port) add(out_.edges_.ports, kAnyPort.last);
        if (field == Field::protocol) add(out_.edges_.protocols, kAnyProtocol.last);
      }
    }
  }

  void take_other_rule(const json& rule) {
    const std::string where = text(rule, "family") + " " + text(rule, "table") + " " + text(rule, "chain") + " " +
                              member(rule, "handle").dump() + ": ";
    for (const json& part : member(rule, "expr")) {
      const std::string name = name_of(part);
      const json& what = what_of(part);
      if (!leaves_the_way(name, what)) out_.elsewhere_.push_back(where + (name.empty() ? "?" : name));
    }
  }

  KernelRules::From from_;
  KernelRules out_;
  std::map<std::string, const json*> sets_;
  std::set<std::string> filled_, noted_;
  std::vector<std::string> unlisted_;  ///< sets of the rule at hand whose elements a file does not show
  bool is_there_ = false, is_awake_ = true, arrives_ = false;
};

Result<KernelRules> KernelRules::read(std::string_view listing, From from) {
  const auto parsed = parse_json(listing, kLimits);
  if (!parsed) return fail("zones.ruleset", parsed.error().code);
  const json& entries = member(*parsed, "nftables");
  if (!entries.is_array()) return fail("zones.ruleset", "no list of nftables");
  return RulesetReader(from).read(entries);
}

}  // namespace sekisho::ctl
