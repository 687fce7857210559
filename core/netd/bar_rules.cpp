#include "netd/bar_rules.hpp"

#include "netd/ruleset.hpp"

namespace sekisho::netd {
namespace {

constexpr const char* kPrefix = "ffff:ffff:ffff:ffff::";

std::string set_objects(const char* name, const char* type) {
  return std::string("  set ") + name + " {\n    type " + type + "\n    size " + std::to_string(kMostBarred) +
         "\n    flags timeout\n  }\n";
}

std::string on_set(const char* verb, bool ipv6, const std::string& elements) {
  if (elements.empty()) return {};
  return std::string(verb) + " element " + kTable + ' ' + (ipv6 ? kBarredNetworks : kBarred) + " { " + elements +
         " }\n";
}

}  // namespace

Result<Bars> read_bars(const seam::BarSources& wanted) {
  Bars out;
  for (const seam::BarredSource& one : wanted.sources) {
    const auto source = parse_source(one.source);
    if (!source || source->bits == 0) return fail("netd.bar", "no source: " + one.source);
    if (one.seconds > kLongestBar) return fail("netd.bar", one.source + ": " + std::to_string(one.seconds) + " s");
    out[*source] = one.seconds;
  }
  return out;
}

std::string bar_commands(const Bars& bars) {
  // What is deleted must be there, or the whole transaction fails; it may time out at any moment.
  std::string out;
  for (const bool ipv6 : {false, true}) {
    std::string fresh, gone;
    for (const auto& [source, seconds] : bars) {
      if (source.ipv6 != ipv6) continue;
      const std::string text = source_text(source);
      const auto time = std::to_string(seconds == 0 ? 1 : seconds);
      if (!fresh.empty()) fresh += ", ";
      fresh.append(text).append(" timeout ").append(time).append("s");
      if (seconds == 0) gone += (gone.empty() ? "" : ", ") + text;
    }
    out += on_set("add", ipv6, fresh) + on_set("delete", ipv6, gone);
  }
  return out;
}

std::string bar_objects() {
  return std::string("  counter ") + kBarred + " { }\n" + set_objects(kBarred, "ipv4_addr") +
         set_objects(kBarredNetworks, "ipv6_addr");
}

std::string bar_rules(const std::set<std::uint16_t>& ports) {
  if (ports.empty()) return {};
  std::string list;
  for (const std::uint16_t port : ports) list += (list.empty() ? "" : ", ") + std::to_string(port);
  const std::string opening = "    tcp flags & (syn | ack) == syn tcp dport " +
                              (ports.size() == 1 ? list : "{ " + list + " }") + " fib daddr type local ";
  const std::string end = std::string(" counter name \"") + kBarred + "\" drop\n";
  return opening + "ip saddr @" + kBarred + end + opening + "ip6 saddr & " + kPrefix + " @" + kBarredNetworks + end;
}

}  // namespace sekisho::netd
