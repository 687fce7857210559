#include "programs/sekishoctl/kernel_rules.hpp"

#include <algorithm>

namespace sekisho::ctl {
namespace {

constexpr int kDeepest = 8;

}  // namespace

Range range_over(const Ipv4Network& network) {
  return {network.address, network.last()};
}

std::optional<Range> parse_range(std::string_view text) {
  if (const auto address = parse_ipv4(text)) return Range{*address, *address};
  if (const auto network = parse_ipv4_network(text)) return range_over(*network);
  return std::nullopt;
}

std::string to_text(const Range& addresses) {
  if (addresses.first == addresses.last) return ipv4_text(addresses.first);
  const std::uint32_t size = addresses.last - addresses.first;
  const bool is_prefix = (size & (size + 1)) == 0 && (addresses.first & size) == 0;
  if (!is_prefix) return ipv4_text(addresses.first) + "-" + ipv4_text(addresses.last);
  std::uint8_t bits = 32;
  for (std::uint32_t left = size; left != 0; left >>= 1U) --bits;
  return ipv4_text(Ipv4Network{addresses.first, bits});
}

KernelRules::Seen KernelRules::look(const Key& key, const Packets& packets) {
  constexpr Seen kAbsent{.absent = true}, kUnknown{.unknown = true};
  if (key.ipv4 && packets.ipv6) return kAbsent;
  switch (key.field) {
    case Field::iif:
      return {};  // compared by name
    case Field::oif:
    case Field::other:
      return kUnknown;
    case Field::from_sa:
      return {.numbers = packets.from_sa ? Range{1, 1} : Range{0, 0}};
    case Field::family:
      return {.numbers = packets.ipv6 ? Range{6, 6} : Range{4, 4}};
    case Field::protocol:
      return {.numbers = packets.protocol};
    case Field::source:
      return {.numbers = packets.source};
    case Field::destination:
      return {.numbers = packets.destination};
    case Field::own:
      return {.numbers = packets.own};
    case Field::own_here:
      return {.numbers = packets.own_here};
    case Field::source_port:
    case Field::port: {
      if (packets.fragment) return kAbsent;
      const Range &is = packets.protocol, of{key.ports_of, key.ports_of};
      if (key.ports_of != 0 && !is.meets(of)) return kAbsent;
      const bool all_have = is == Range{kTcp, kTcp} || is == Range{kUdp, kUdp};
      if (!all_have) return kUnknown;
      return {.numbers = key.field == Field::port ? packets.port : packets.source_port};
    }
  }
  return kUnknown;
}

KernelRules::Told KernelRules::told(const Match& match, const Element& element, const std::vector<Seen>& seen,
                                    const Packets& packets) {
  Told all = element.may_vanish ? Told::maybe : Told::yes;
  for (std::size_t i = 0; i < match.keys.size(); ++i) {
    const Part& part = element.parts[i];
    Told one = Told::maybe;
    if (match.keys[i].field == Field::iif) {
      one = part.device == packets.iif ? Told::yes : Told::no;
    } else if (!seen[i].unknown) {
      one = part.numbers.holds(seen[i].numbers)   ? Told::yes
            : part.numbers.meets(seen[i].numbers) ? Told::maybe
                                                  : Told::no;
    }
    if (one == Told::no) return Told::no;
    all = std::min(all, one);
  }
  return all;
}

KernelRules::Told KernelRules::told(const Match& match, const Packets& packets) {
  std::vector<Seen> seen;
  bool unknown = false;
  for (const Key& key : match.keys) {
    seen.push_back(look(key, packets));
    if (seen.back().absent) return Told::no;
    unknown = unknown || seen.back().unknown;
  }
  Told any = match.whole ? Told::no : Told::maybe;
  for (const Element& element : match.elements) {
    any = std::max(any, told(match, element, seen, packets));
    if (any == Told::yes) break;
  }
  // A key that is absent in some of the packets ends the rule there, whatever it is compared with.
  if (any == Told::maybe || (unknown && (any == Told::yes || match.negated))) return Told::maybe;
  return (any == Told::yes) != match.negated ? Told::yes : Told::no;
}

KernelRules::Judged KernelRules::judge(const std::string& name, const Packets& packets, int depth) const {
  constexpr Judged kPasses{End::passes, nullptr};
  const auto chain = chains_.find(name);
  if (chain == chains_.end() || depth > kDeepest) return kPasses;
  for (const Rule& rule : chain->second) {
    Told all = Told::yes;
    for (const Match& match : rule.matches) {
      all = std::min(all, told(match, packets));
      if (all == Told::no) break;
    }
    if (all == Told::no) continue;
    switch (rule.does) {
      case Does::nothing:
        break;
      case Does::accepts:
      case Does::unknown:
        return kPasses;
      case Does::drops:
        if (all == Told::yes) return {End::dropped, &rule};
        break;
      case Does::returns:
        return all == Told::yes ? Judged{End::goes_on, nullptr} : kPasses;
      case Does::goes:
      case Does::jumps: {
        const Judged there = judge(rule.target, packets, depth + 1);
        if (there.end == End::passes) return kPasses;
        if (there.end == End::goes_on && rule.does == Does::goes) {
          // Behind a goto this chain is over. Perhaps it does not even go there: then no rule after it is certain.
          return all == Told::yes ? Judged{End::goes_on, nullptr} : kPasses;
        }
        if (there.end == End::dropped && all == Told::yes) return there;
        break;
      }
    }
  }
  return {End::goes_on, nullptr};
}

std::string KernelRules::dropped_by(std::string_view hook, const Packets& packets) const {
  const auto chains = hooks_.find(hook);
  if (chains == hooks_.end()) return {};
  for (const std::string& chain : chains->second) {
    const Judged judged = judge(chain, packets, 0);
    if (judged.end == End::dropped) return judged.by->where;
  }
  return {};
}

}  // namespace sekisho::ctl
