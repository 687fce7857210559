#include "programs/sekishoctl/kernel_rules.hpp"

#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.bytes = 64u << 20, .depth = 24};
constexpr int kDeepest = 8;

std::optional<std::uint8_t> protocol_number(const json& value) {
  static const std::map<std::string, std::uint8_t> kNames{{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"esp", 50}};
  if (value.is_number_unsigned() && value.get<std::uint64_t>() < 256) return value.get<std::uint8_t>();
  if (!value.is_string()) return std::nullopt;
  const auto found = kNames.find(value.get<std::string>());
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

/// One address or prefix of a rule; nullopt: something else.
std::optional<Range> range_of(const json& value) {
  if (value.is_string()) return parse_range(value.get<std::string>());
  if (!value.is_object() || !value.contains("prefix")) return std::nullopt;
  const json& prefix = value["prefix"];
  const auto address = parse_ipv4(prefix.value("addr", std::string()));
  const int bits = prefix.value("len", -1);
  if (!address || bits < 0 || bits > 32) return std::nullopt;
  return range_over(network_of(*address, static_cast<std::uint8_t>(bits)));
}

}  // namespace

Range range_over(const Ipv4Network& network) {
  return {network.address, network.last()};
}

std::optional<Range> parse_range(std::string_view text) {
  if (const auto address = parse_ipv4(text)) return Range{*address, *address};
  if (const auto network = parse_ipv4_network(text)) return range_over(*network);
  return std::nullopt;
}

std::string to_text(const Range& range) {
  if (range.first == range.last) return ipv4_text(range.first);
  std::uint32_t size = range.last - range.first;
  std::uint8_t bits = 32;
  for (; size != 0; size >>= 1U) --bits;
  return ipv4_text(Ipv4Network{range.first, bits});
}

KernelRules::Match KernelRules::understand(const json& part) {
  Match out;
  if (!part.is_object() || !part.contains("left") || !part.contains("right")) return out;
  const json &left = part["left"], &right = part["right"];
  const std::string op = part.value("op", "==");
  if (!left.is_object() || (op != "==" && op != "in" && op != "!=")) return out;
  out.negated = op == "!=";
  const auto payload = [](const json& field) {
    if (!field.is_object() || !field.contains("payload") || !field["payload"].is_object()) return std::string();
    return field["payload"].value("protocol", std::string()) + " " + field["payload"].value("field", std::string());
  };
  if (left.contains("concat")) {
    // Addresses looked up in a set of rights. Whatever else is compared beside them can only make it narrower.
    const json& fields = left["concat"];
    const std::string first = fields.size() < 2 ? std::string() : payload(fields[0]);
    const bool looked_up = right.is_string() && right.get<std::string>().starts_with("@");
    if (out.negated || !looked_up) return out;
    out.names.push_back(right.get<std::string>().substr(1));
    out.ipv4_alone = first.starts_with("ip ");
    if (first == "ip saddr" && payload(fields[1]) == "ip daddr") out.field = Field::right;
    if (first == "ip daddr" && payload(fields[1]) == "ip saddr") out.field = Field::right, out.answers = true;
    return out;
  }
  const std::string meta = left.contains("meta") ? left["meta"].value("key", std::string()) : std::string();
  const std::string field = payload(left);
  const auto space = field.find(' ');
  const std::string protocol = field.substr(0, space),
                    name = space == field.npos ? std::string() : field.substr(space + 1);
  Field kind = Field::other;
  out.ipv4_alone = protocol == "ip";
  if (meta == "nfproto") kind = Field::family;
  if (meta == "iifname") kind = Field::iif;
  if (meta == "oifname") kind = Field::oif;
  if (meta == "ipsec") kind = Field::from_sa;
  if (meta == "l4proto" || field == "ip protocol") kind = Field::protocol;
  if (field == "ip saddr") kind = Field::source;
  if (field == "ip daddr") kind = Field::destination;
  if ((name == "dport" || name == "sport") && (protocol == "tcp" || protocol == "udp" || protocol == "th")) {
    kind = name == "dport" ? Field::port : Field::source_port;
    out.ports_of = protocol == "tcp" ? 6 : protocol == "udp" ? 17 : 0;
  }
  if (kind == Field::other) return out;
  out.field = kind;
  const auto number = [](const json& value, std::uint64_t most) -> std::optional<Range> {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) return std::nullopt;
    return Range{value.get<std::uint32_t>(), value.get<std::uint32_t>()};
  };
  const auto take = [&](const json& value) {
    std::optional<Range> range;
    switch (kind) {
      case Field::iif:
      case Field::oif:
        if (!value.is_string() || value.get<std::string>().find('*') != std::string::npos) break;
        out.names.push_back(value.get<std::string>());
        return;
      case Field::from_sa:
        if (!value.is_boolean()) break;
        out.ranges.push_back(value.get<bool>() ? Range{1, 1} : Range{0, 0});
        return;
      case Field::family:
        if (value == "ipv4") range = Range{4, 4};
        if (value == "ipv6") range = Range{6, 6};
        break;
      case Field::protocol:
        if (const auto known = protocol_number(value)) range = Range{*known, *known};
        break;
      case Field::source:
      case Field::destination:
        range = range_of(value);
        break;
      case Field::port:
      case Field::source_port:
        range = number(value, 65535);
        break;
      case Field::right:
      case Field::other:
        break;
    }
    range ? out.ranges.push_back(*range) : void(out.whole = false);
  };
  if (right.is_object() && right.contains("set")) {
    for (const json& each : right["set"]) take(each);
  } else {
    take(right);
  }
  return out;
}

KernelRules::Rule KernelRules::understand_rule(const std::string& chain, const json& rule) {
  Rule out{chain + " " + std::to_string(rule.value("handle", 0)), {}, Does::nothing, {}};
  for (const json& part : rule.value("expr", json::array())) {
    if (!part.is_object()) continue;
    if (part.contains("match")) out.matches.push_back(understand(part["match"]));
    if (part.contains("drop") || part.contains("reject")) out.does = Does::drops;
    if (part.contains("accept")) out.does = Does::accepts;
    if (part.contains("return")) out.does = Does::returns;
    for (const auto& [word, does] : {std::pair("goto", Does::goes), std::pair("jump", Does::jumps)}) {
      if (!part.contains(word)) continue;
      out.does = does;
      out.target = part[word].value("target", std::string());
    }
    // Verdicts of maps and queues say what nobody here reads.
    if (part.contains("vmap") || part.contains("queue")) out.does = Does::accepts;
  }
  return out;
}

Result<KernelRules> KernelRules::read(std::string_view listing) {
  const auto parsed = parse_json(listing, kLimits);
  if (!parsed) return fail("zones.ruleset", parsed.error().code);
  if (!parsed->is_object() || !parsed->contains("nftables") || !(*parsed)["nftables"].is_array()) {
    return fail("zones.ruleset", "no list of nftables");
  }
  KernelRules out;
  std::set<std::string> asked;
  std::map<std::string, std::vector<std::pair<Range, Range>>> elements;
  for (const json& entry : (*parsed)["nftables"]) {
    if (entry.contains("chain")) {
      const auto name = entry["chain"].value("name", std::string());
      out.chains_[name];
      if (entry["chain"].contains("hook")) out.hooks_[entry["chain"]["hook"].get<std::string>()] = name;
    } else if (entry.contains("rule")) {
      const auto chain = entry["rule"].value("chain", std::string());
      Rule rule = understand_rule(chain, entry["rule"]);
      for (const Match& match : rule.matches) {
        out.learn(match);
        if (match.field == Field::right) asked.insert(match.names.begin(), match.names.end());
      }
      out.chains_[chain].push_back(std::move(rule));
    } else if (entry.contains("set")) {
      for (const json& each : entry["set"].value("elem", json::array())) {
        const json& value = each.contains("elem") ? each["elem"]["val"] : each;
        if (!value.contains("concat") || value["concat"].size() < 2) continue;
        const auto from = range_of(value["concat"][0]), to = range_of(value["concat"][1]);
        if (!from || !to) return fail("zones.ruleset", "an element of a set");
        elements[entry["set"].value("name", std::string())].emplace_back(*from, *to);
      }
    }
  }
  for (auto& [name, pairs] : elements) {  // a set that no rule looks up is a record
    if (!asked.contains(name)) continue;
    out.rights_.insert(out.rights_.end(), pairs.begin(), pairs.end());
    out.sets_.emplace(name, std::move(pairs));
  }
  if (out.hooks_.find("prerouting") == out.hooks_.end()) return fail("zones.ruleset", "no chain at prerouting");
  return out;
}

void KernelRules::learn(const Match& match) {
  if (match.field != Field::right) devices_.insert(match.names.begin(), match.names.end());
  for (const Range& range : match.ranges) {
    if (match.field == Field::source || match.field == Field::destination) {
      edges_.insert(range.first);
      if (range.last != ~std::uint32_t{0}) edges_.insert(range.last + 1);
    } else if (match.field == Field::port || match.field == Field::source_port) {
      ports_.insert(static_cast<std::uint16_t>(range.first));
    }
  }
}

KernelRules::Told KernelRules::told(const Match& match, const Packet& packet) const {
  const auto among = [&](std::uint32_t value) {
    return std::ranges::any_of(match.ranges, [&](const Range& range) { return range.holds(value); });
  };
  bool holds = false;
  if (packet.ipv6 && match.ipv4_alone) return Told::no;
  switch (match.field) {
    case Field::other:
      return Told::maybe;
    case Field::right: {
      const std::uint32_t from = match.answers ? packet.destination : packet.source,
                          to = match.answers ? packet.source : packet.destination;
      const auto set = sets_.find(match.names.front());  // another path's rights are in another one
      const bool any = set != sets_.end() && std::ranges::any_of(set->second, [&](const auto& each) {
                         return each.first.holds(from) && each.second.holds(to);
                       });
      return any ? Told::maybe : Told::no;
    }
    case Field::oif:
      if (packet.oif.empty()) return Told::maybe;
      holds = std::ranges::find(match.names, packet.oif) != match.names.end();
      break;
    case Field::iif:
      holds = std::ranges::find(match.names, packet.iif) != match.names.end();
      break;
    case Field::from_sa:
      holds = among(packet.from_sa ? 1 : 0);
      break;
    case Field::family:
      holds = among(packet.ipv6 ? 6 : 4);
      break;
    case Field::protocol:
      holds = among(packet.protocol);
      break;
    case Field::source:
      holds = among(packet.source);
      break;
    case Field::destination:
      holds = among(packet.destination);
      break;
    case Field::port:
    case Field::source_port: {
      const bool has_ports = packet.protocol == 6 || packet.protocol == 17;
      if (match.ports_of == 0 ? !has_ports : packet.protocol != match.ports_of) return Told::no;
      holds = among(match.field == Field::port ? packet.port : packet.source_port);
      break;
    }
  }
  if (!holds && !match.whole) return Told::maybe;
  return holds != match.negated ? Told::yes : Told::no;
}

KernelRules::Judged KernelRules::judge(const std::string& name, const Packet& packet, int depth) const {
  const auto chain = chains_.find(name);
  if (chain == chains_.end() || depth > kDeepest) return {End::passes, nullptr};
  for (const Rule& rule : chain->second) {
    Told all = Told::yes;
    for (const Match& match : rule.matches) {
      all = std::min(all, told(match, packet));
      if (all == Told::no) break;
    }
    if (all == Told::no) continue;
    switch (rule.does) {
      case Does::nothing:
        break;
      case Does::accepts:
        return {End::passes, nullptr};
      case Does::drops:
        if (all == Told::yes) return {End::dropped, &rule};
        break;
      case Does::returns:
        if (all == Told::yes) return {End::goes_on, nullptr};
        return {End::passes, nullptr};
      case Does::goes:
      case Does::jumps: {
        const Judged there = judge(rule.target, packet, depth + 1);
        if (there.end == End::passes) return there;
        if (all == Told::maybe) break;  // perhaps it does not even go there
        if (there.end == End::dropped) return there;
        if (rule.does == Does::goes) return {End::goes_on, nullptr};
        break;
      }
    }
  }
  return {End::goes_on, nullptr};
}

std::string KernelRules::dropped_by(std::string_view hook, const Packet& packet) const {
  const auto base = hooks_.find(hook);
  if (base == hooks_.end()) return {};
  const Judged judged = judge(base->second, packet, 0);
  return judged.end == End::dropped ? judged.by->where : std::string();
}

}  // namespace sekisho::ctl
