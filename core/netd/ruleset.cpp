#include "netd/ruleset.hpp"

#include <sekisho/sdk/result.hpp>

namespace sekisho::netd {
namespace {

std::string quoted(const std::string& name) {
  return '"' + name + '"';
}

/// The end of a rule, for all that no rule before it has let through.
std::string denied(const std::string& counter) {
  return " counter name " + quoted(counter) + " drop\n";  // enforces R01/kernel.default_deny
}

std::string key(const NetPath& path, const Right& right) {
  return to_text(right.address) + " . " + to_text(path.gate_address) + " . " + std::to_string(right.protocol) + " . " +
         std::to_string(right.port);
}

std::string element(const NetPath& path, const Right& right, std::chrono::milliseconds left) {
  return key(path, right) + " timeout " + std::to_string(left.count()) + "ms";
}

std::string elements(const NetPath& path, const Rights& rights) {
  std::string out;
  for (const auto& [right, left] : rights) out += (out.empty() ? "" : ", ") + element(path, right, left);
  return out;
}

std::string on_elements(const char* verb, const NetPath& path, const std::string& list) {
  return std::string(verb) + " element " + kTable + ' ' + set_name(path) + " { " + list + " }\n";
}

void add_objects(std::string& out, const NetPath& path, const Rights& rights) {
  for (const auto& counter : {refused_counter(path), stray_counter(path), unasked_counter(path)}) {
    out += "  counter " + counter + " { }\n";
  }
  out +=
      "  set " + set_name(path) + " {\n    type ipv4_addr . ipv4_addr . inet_proto . inet_service\n    flags timeout\n";
  if (!rights.empty()) out += "    elements = { " + elements(path, rights) + " }\n";
  out += "  }\n";
}

void add_chains(std::string& out, const NetPath& path) {
  const auto look_up = [&](const char* fields) {
    return std::string("    ") + fields + " @" + set_name(path) + " accept\n";
  };
  out += "  chain from_" + path.name + " {\n" + look_up("ip saddr . ip daddr . meta l4proto . th dport") + "   " +
         denied(refused_counter(path)) + "  }\n";
  out += "  chain to_" + path.name + " {\n" + look_up("ip daddr . ip saddr . meta l4proto . th sport") + "   " +
         denied(unasked_counter(path)) + "  }\n";
}

}  // namespace

std::string set_name(const NetPath& path) {
  return "rights_" + path.name;
}
std::string refused_counter(const NetPath& path) {
  return "refused_" + path.name;
}
std::string stray_counter(const NetPath& path) {
  return "stray_" + path.name;
}
std::string unasked_counter(const NetPath& path) {
  return "unasked_" + path.name;
}

std::vector<std::string> chain_names(const std::vector<NetPath>& paths) {
  std::vector<std::string> out{"arriving", "crossing", "leaving", "rdp_asked", "rdp_answered"};
  for (const NetPath& path : paths) {
    out.push_back("from_" + path.name);
    out.push_back("to_" + path.name);
  }
  return out;
}

std::string install_commands(const std::vector<NetPath>& paths, const std::vector<Rights>& rights,
                             const RdpRights& rdp) {
  SEKISHO_ASSERT(paths.size() == rights.size());
  // Adding first makes the deletion work whether or not the table exists; all of it is one transaction.
  std::string out = std::string("add table ") + kTable + "\ndelete table " + kTable + "\ntable " + kTable + " {\n";
  for (std::size_t i = 0; i < paths.size(); ++i) add_objects(out, paths[i], rights[i]);
  for (const NetPath& path : paths) add_chains(out, path);
  out += rdp_objects(rdp);

  out += "  chain arriving {\n    type filter hook prerouting priority raw; policy accept;\n";
  for (const NetPath& path : paths) out += "    iifname " + quoted(path.tun) + " goto from_" + path.name + "\n";
  for (const NetPath& path : paths) {
    const std::string network = to_text(path.network()) + '/' + std::to_string(path.prefix);
    const std::string count_drop = denied(stray_counter(path));
    // Local programs reach the gate's own address over lo; a session's address never comes from there.
    out += "    iifname != \"lo\" ip saddr " + network + count_drop;
    out += "    iifname != \"lo\" ip daddr " + network + count_drop;
    out += "    ip saddr " + network + " ip saddr != " + to_text(path.gate_address) + count_drop;
    if (path.console_address) {
      // Linux answers for any of its addresses on every device; the Internet's would reach the desktops' page (R11).
      out += "    iifname != \"lo\" ip daddr " + to_text(*path.console_address) + " fib daddr . iif type != local" +
             count_drop;
    }
  }
  out += "  }\n  chain crossing {\n    type filter hook forward priority raw; policy accept;\n";
  for (const NetPath& path : paths) {
    out += "    iifname " + quoted(path.tun) + denied(refused_counter(path));
    out += "    oifname " + quoted(path.tun) + denied(unasked_counter(path));
  }
  out += rdp_jumps();
  out += "  }\n  chain leaving {\n    type filter hook output priority raw; policy accept;\n";
  for (const NetPath& path : paths) out += "    oifname " + quoted(path.tun) + " goto to_" + path.name + "\n";
  return out + "  }\n}\n";
}

std::string change_commands(const NetPath& path, const std::set<Right>& ended, const Rights& renewed) {
  // An element may time out at any moment, and deleting what is absent fails the whole transaction: it is added first.
  // Older kernels keep the old timeout of an element that is only added again, so renewing deletes too.
  std::string gone, out;
  for (const Right& right : ended) gone += (gone.empty() ? "" : ", ") + element(path, right, std::chrono::seconds(1));
  const std::string fresh = elements(path, renewed);
  if (!gone.empty()) out += on_elements("add", path, gone);
  if (!fresh.empty()) out += on_elements("add", path, fresh);
  std::string keys;
  for (const Right& right : ended) keys += (keys.empty() ? "" : ", ") + key(path, right);
  for (const auto& [right, left] : renewed) keys += (keys.empty() ? "" : ", ") + key(path, right);
  if (!keys.empty()) out += on_elements("delete", path, keys);
  if (!fresh.empty()) out += on_elements("add", path, fresh);
  return out;
}

}  // namespace sekisho::netd
