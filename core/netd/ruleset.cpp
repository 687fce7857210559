#include "netd/ruleset.hpp"

#include "netd/bar_rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

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

std::string listed(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) out += (out.empty() ? "" : ", ") + value;
  return values.size() == 1 ? out : "{ " + out + " }";
}

std::string ports(const ClosedNet& closed) {
  std::vector<std::string> out;
  for (const std::uint16_t port : closed.entrances) out.push_back(std::to_string(port));
  return listed(out);
}

std::string network_of(const NetPath& path) {
  return to_text(Network{path.network(), path.prefix});
}

/// The front of a closed path is there for every terminal of its circuits: whoever has no session yet meets the login.
void add_entrances(std::string& out, const NetPath& path, bool asked) {
  if (!path.closed || path.closed->entrances.empty()) return;
  const std::string terminal = network_of(path), gate = to_text(path.gate_address), open = ports(*path.closed);
  out += asked ? "    ip saddr " + terminal + " ip daddr " + gate + " tcp dport " + open + " accept\n"
               : "    ip daddr " + terminal + " ip saddr " + gate + " tcp sport " + open + " accept\n";
}

/// Where the kernel does ESP: what came out of an SA is the path's, before anything else is asked about the interface.
void add_out_of_sa(std::string& out, const NetPath& path) {
  const ClosedNet& closed = *path.closed;
  if (!closed.kernel_esp) return;
  out += "    iifname " + quoted(closed.ike_device) + " meta ipsec exists goto from_" + path.name + "\n";
}

/// At the closed interface there is IKE and what carries the tunnels, and nothing else (R02); its address is reached
/// there alone, though the kernel would take a packet for it by any device. Last of all, so that no address of a path
/// gets even there.
void add_ike(std::string& out, const NetPath& path) {
  const ClosedNet& closed = *path.closed;
  const std::string there = "    iifname " + quoted(closed.ike_device);
  const std::string to_it = there + " ip daddr " + to_text(closed.ike_address);
  if (closed.kernel_esp) out += to_it + " ip protocol esp accept\n";
  out += to_it + " udp dport { 500, 4500 } accept\n" + there + denied(stray_counter(path)) +
         "    iifname != \"lo\" ip daddr " + to_text(closed.ike_address) + denied(stray_counter(path));
}

void add_closed_leaving(std::string& out, const NetPath& path) {
  const ClosedNet& closed = *path.closed;
  const std::string there = "    oifname " + quoted(closed.ike_device);
  const std::string from_it = there + " ip saddr " + to_text(closed.ike_address);
  if (closed.kernel_esp) {
    out += there + " ip saddr " + to_text(path.gate_address) + " rt ipsec exists goto to_" + path.name + "\n" +
           from_it + " ip protocol esp accept\n";
  }
  out += from_it + " udp sport { 500, 4500 } accept\n" + there + denied(unasked_counter(path));
}

auto closed_of(const std::vector<NetPath>& paths) {
  return std::ranges::find_if(paths, [](const NetPath& path) { return path.closed.has_value(); });
}

/// Linux answers for any of its addresses on every device. With a closed path beside another one each address counts at
/// its own device alone, but for those that strangers come to: else the Internet's side would meet the closed one's.
void add_own_devices(std::string& out, const std::vector<NetPath>& paths) {
  const auto closed = closed_of(paths);
  if (closed == paths.end()) return;
  std::vector<std::string> open;
  for (const NetPath& path : paths) {
    for (const std::uint32_t address : path.strangers) open.push_back(to_text(address));
  }
  std::ranges::sort(open);
  open.erase(std::unique(open.begin(), open.end()), open.end());
  out += "    iifname != \"lo\"" + (open.empty() ? std::string() : " ip daddr != " + listed(open)) +
         " fib daddr type local fib daddr . iif type != local" + denied(stray_counter(*closed));
  // Zones are known by their IPv4 networks: which zone a packet of IPv6 comes from is not, so here nobody is excepted.
  out += "    iifname != \"lo\" meta nfproto ipv6 fib daddr type local fib daddr . iif type != local" +
         denied(stray_counter(*closed));
}

/// Whose zone an IPv6 address is in, nothing here can tell: so none of it goes from one device to another (R01).
void add_no_ipv6(std::string& out, const std::vector<NetPath>& paths) {
  if (paths.empty()) return;
  const auto closed = closed_of(paths);
  out += "    meta nfproto ipv6" + denied(stray_counter(closed == paths.end() ? paths.front() : *closed));
}

/// Desktops of one path's zones meet nothing of another path's, wherever it stands (R01).
void add_zones(std::string& out, const std::vector<NetPath>& paths) {
  for (const NetPath& from : paths) {
    if (from.desktops.empty()) continue;
    std::vector<std::string> sources;
    for (const Network& network : from.desktops) sources.push_back(to_text(network));
    for (const NetPath& to : paths) {
      if (&to == &from || to.places.empty()) continue;
      std::vector<std::string> places;
      for (const Network& network : to.places) places.push_back(to_text(network));
      out += "    iifname != \"lo\" ip saddr " + listed(sources) + " ip daddr " + listed(places) +
             denied(stray_counter(to));
    }
  }
}

void add_chains(std::string& out, const NetPath& path) {
  const auto entrances = [&](bool asked) {
    std::string rule;
    add_entrances(rule, path, asked);
    return rule;
  };
  const auto look_up = [&](const char* fields) {
    return std::string("    ") + fields + " @" + set_name(path) + " accept\n";
  };
  out += "  chain from_" + path.name + " {\n" + entrances(true) +
         look_up("ip saddr . ip daddr . meta l4proto . th dport") + "   " + denied(refused_counter(path)) + "  }\n";
  out += "  chain to_" + path.name + " {\n" + entrances(false) +
         look_up("ip daddr . ip saddr . meta l4proto . th sport") + "   " + denied(unasked_counter(path)) + "  }\n";
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
  out += rdp_objects(rdp) + bar_objects();

  out += "  chain arriving {\n    type filter hook prerouting priority raw; policy accept;\n";
  std::set<std::uint16_t> fronts;
  for (const NetPath& path : paths) fronts.insert(path.front_ports.begin(), path.front_ports.end());
  out += bar_rules(fronts);
  for (const NetPath& path : paths) {
    if (!path.closed || !path.closed->kernel_esp) {
      out += "    iifname " + quoted(path.tun) + " goto from_" + path.name + "\n";
    }
    if (path.closed) add_out_of_sa(out, path);
  }
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
  add_zones(out, paths);
  add_own_devices(out, paths);
  for (const NetPath& path : paths) {
    if (path.closed) add_ike(out, path);
  }
  out += "  }\n  chain crossing {\n    type filter hook forward priority raw; policy accept;\n";
  for (const NetPath& path : paths) {
    out += "    iifname " + quoted(path.tun) + denied(refused_counter(path));
    out += "    oifname " + quoted(path.tun) + denied(unasked_counter(path));
    if (!path.closed || path.closed->kernel_esp) continue;
    out += "    iifname " + quoted(path.closed->ike_device) + denied(stray_counter(path));
    out += "    oifname " + quoted(path.closed->ike_device) + denied(unasked_counter(path));
  }
  out += rdp_jumps();
  add_no_ipv6(out, paths);
  out += "  }\n  chain leaving {\n    type filter hook output priority raw; policy accept;\n";
  for (const NetPath& path : paths) {
    if (!path.closed || !path.closed->kernel_esp)
      out += "    oifname " + quoted(path.tun) + " goto to_" + path.name + "\n";
    if (path.closed) add_closed_leaving(out, path);
  }
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
