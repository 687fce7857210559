#include "programs/sekishoctl/kernel_rules.hpp"

#include "base/json.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sekisho::ctl {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.bytes = 64u << 20, .depth = 24};
constexpr int kDeepest = 8;

std::optional<std::uint32_t> parse_address(const std::string& text) {
  in_addr out{};
  if (inet_pton(AF_INET, text.c_str(), &out) != 1) return std::nullopt;
  return ntohl(out.s_addr);
}

std::string address_text(std::uint32_t address) {
  std::array<char, INET_ADDRSTRLEN> text{};
  const in_addr in{htonl(address)};
  inet_ntop(AF_INET, &in, text.data(), text.size());
  return text.data();
}

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
  const auto address = parse_address(prefix.value("addr", std::string()));
  const int bits = prefix.value("len", -1);
  if (!address || bits < 0 || bits > 32) return std::nullopt;
  return parse_range(address_text(*address) + "/" + std::to_string(bits));
}

bool is_meta(const json& left, const char* key) {
  return left.contains("meta") && left["meta"].value("key", "") == key;
}
std::string field_of(const json& left) {
  if (!left.contains("payload") || !left["payload"].is_object()) return {};
  return left["payload"].value("protocol", std::string()) + " " + left["payload"].value("field", std::string());
}

}  // namespace

std::optional<Range> parse_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(std::string(text.substr(0, slash)));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Range{*address, *address};
  unsigned bits = 0;
  const auto number = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  if (error != std::errc() || end != number.data() + number.size() || bits > 32) return std::nullopt;
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  return Range{*address & mask, *address | ~mask};
}

std::string to_text(const Range& range) {
  if (range.first == range.last) return address_text(range.first);
  std::uint32_t size = range.last - range.first;
  int bits = 32;
  for (; size != 0; size >>= 1U) --bits;
  return address_text(range.first) + "/" + std::to_string(bits);
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
      const json& chain = entry["chain"];
      const auto name = chain.value("name", std::string());
      out.chains_[name];
      if (!chain.contains("hook")) continue;
      if (chain.value("policy", "accept") != "accept" && chain.value("policy", "accept") != "drop") {
        return fail("zones.ruleset", "a chain's policy");
      }
      out.hooks_[chain["hook"].get<std::string>()] = name;
    } else if (entry.contains("rule")) {
      const json& rule = entry["rule"];
      const auto chain = rule.value("chain", std::string());
      const json parts = rule.value("expr", json::array());
      for (const json& part : parts) {
        if (!part.contains("match") || !part["match"].contains("right")) continue;
        const json& right = part["match"]["right"];
        if (right.is_string() && right.get<std::string>().starts_with("@"))
          asked.insert(right.get<std::string>().substr(1));
        out.learn(right);
      }
      out.chains_[chain].push_back({chain + " " + std::to_string(rule.value("handle", 0)), parts});
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
  for (const auto& [name, pairs] : elements) {  // a set that no rule looks up is a record
    if (asked.contains(name)) out.rights_.insert(out.rights_.end(), pairs.begin(), pairs.end());
  }
  if (out.hooks_.find("prerouting") == out.hooks_.end()) return fail("zones.ruleset", "no chain at prerouting");
  return out;
}

void KernelRules::learn(const json& right) {
  if (right.is_object() && right.contains("set")) {
    for (const json& each : right["set"]) learn(each);
  } else if (const auto range = range_of(right)) {
    edges_.insert(range->first);
    if (range->last != ~std::uint32_t{0}) edges_.insert(range->last + 1);
  } else if (right.is_number_unsigned() && right.get<std::uint64_t>() < 65536) {
    ports_.insert(right.get<std::uint16_t>());
  } else if (right.is_string() && !right.get<std::string>().starts_with("@")) {
    devices_.insert(right.get<std::string>());
  }
}

KernelRules::Told KernelRules::compare(const json& left, const json& right, const Packet& packet) const {
  if (right.is_object() && right.contains("set")) {
    Told best = Told::no;
    for (const json& each : right["set"]) best = std::max(best, compare(left, each, packet));
    return best;
  }
  const auto told = [](bool holds) { return holds ? Told::yes : Told::no; };
  if (is_meta(left, "iifname") && right.is_string()) return told(packet.iif == right.get<std::string>());
  if (is_meta(left, "oifname") && right.is_string()) {
    return packet.oif.empty() ? Told::maybe : told(packet.oif == right.get<std::string>());
  }
  if (is_meta(left, "ipsec")) return right.is_boolean() ? told(packet.from_sa == right.get<bool>()) : Told::maybe;
  if (is_meta(left, "l4proto") || field_of(left) == "ip protocol") {
    const auto number = protocol_number(right);
    return number ? told(packet.protocol == *number) : Told::maybe;
  }
  const std::string field = field_of(left);
  if (field == "ip saddr" || field == "ip daddr") {
    const auto range = range_of(right);
    return range ? told(range->holds(field == "ip saddr" ? packet.source : packet.destination)) : Told::maybe;
  }
  const auto space = field.find(' ');
  const std::string protocol = field.substr(0, space),
                    name = space == field.npos ? std::string() : field.substr(space + 1);
  if ((name == "dport" || name == "sport") && (protocol == "tcp" || protocol == "udp" || protocol == "th")) {
    const bool has_ports = packet.protocol == 6 || packet.protocol == 17;
    if (protocol == "th" ? !has_ports : packet.protocol != (protocol == "tcp" ? 6 : 17)) return Told::no;
    if (!right.is_number_unsigned()) return Told::maybe;
    return told((name == "dport" ? packet.port : packet.source_port) == right.get<std::uint64_t>());
  }
  return Told::maybe;
}

KernelRules::Told KernelRules::match(const json& part, const Packet& packet) const {
  const json& left = part.value("left", json());
  const json& right = part.value("right", json());
  const std::string op = part.value("op", "==");
  if (left.is_object() && left.contains("concat")) {
    // A set of rights. Whoever asks has looked at its elements: none leads from one path to the other.
    const json& fields = left["concat"];
    const bool addresses = fields.size() >= 2 && field_of(fields[0]).starts_with("ip ") && right.is_string();
    if (!addresses) return Told::maybe;
    const bool answers = field_of(fields[0]) == "ip daddr";
    const std::uint32_t from = answers ? packet.destination : packet.source,
                        to = answers ? packet.source : packet.destination;
    const bool any =
        std::ranges::any_of(rights_, [&](const auto& each) { return each.first.holds(from) && each.second.holds(to); });
    return any ? Told::maybe : Told::no;
  }
  if (!left.is_object()) return Told::maybe;
  const Told equal = compare(left, right, packet);
  if (op == "==" || op == "in") return equal;
  if (op != "!=" || equal == Told::maybe) return Told::maybe;
  return equal == Told::yes ? Told::no : Told::yes;
}

KernelRules::Judged KernelRules::judge(const std::string& name, const Packet& packet, int depth) const {
  const auto chain = chains_.find(name);
  if (chain == chains_.end() || depth > kDeepest) return {End::passes, {}};
  for (const Rule& rule : chain->second) {
    Told told = Told::yes;
    for (const json& part : rule.parts) {
      if (told == Told::no) break;
      if (part.contains("match")) {
        told = std::min(told, match(part["match"], packet));
      } else if (part.contains("accept")) {
        return {End::passes, {}};
      } else if (part.contains("drop") || part.contains("reject")) {
        if (told == Told::yes) return {End::dropped, rule.where};
        break;
      } else if (part.contains("goto") || part.contains("jump")) {
        const bool for_good = part.contains("goto");
        const auto target = part[for_good ? "goto" : "jump"].value("target", std::string());
        Judged there = judge(target, packet, depth + 1);
        if (there.end == End::passes) return there;
        if (told == Told::maybe) break;  // perhaps it does not even go there
        if (there.end == End::dropped) return there;
        if (for_good) return {End::goes_on, {}};
      } else if (part.contains("return")) {
        if (told == Told::yes) return {End::goes_on, {}};
        return {End::passes, {}};
      }
    }
  }
  return {End::goes_on, {}};
}

std::string KernelRules::dropped_by(std::string_view hook, const Packet& packet) const {
  const auto base = hooks_.find(hook);
  if (base == hooks_.end()) return {};
  Judged judged = judge(base->second, packet, 0);
  return judged.end == End::dropped ? judged.by : std::string();
}

}  // namespace sekisho::ctl
