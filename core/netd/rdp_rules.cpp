#include "netd/rdp_rules.hpp"

#include "netd/paths.hpp"
#include "netd/ruleset.hpp"

namespace sekisho::netd {
namespace {

std::string port(const char* side) {
  return std::string("    meta l4proto { tcp, udp } th ") + side + ' ' + std::to_string(kRdpPort);
}

std::string key(const RdpPair& pair) {
  return to_text(pair.source) + " . " + to_text(pair.destination);
}

std::string element(const RdpPair& pair, std::chrono::milliseconds left) {
  return key(pair) + " timeout " + std::to_string(left.count()) + "ms";
}

std::string elements(const RdpRights& rights) {
  std::string out;
  for (const auto& [pair, left] : rights) out += (out.empty() ? "" : ", ") + element(pair, left);
  return out;
}

std::string on_elements(const char* verb, const std::string& list) {
  return std::string(verb) + " element " + kTable + ' ' + kRdpRights + " { " + list + " }\n";
}

std::string counted(const char* counter) {
  return std::string("counter name \"") + counter + '"';
}

/// The end of each chain. The reset tells a client at once what would else be a frozen picture.
std::string refused() {
  std::string out = "    meta l4proto tcp " + counted(kRdpRefused);
  out += " reject with tcp reset\n";                 // enforces R13/kernel.rdp
  out += "    " + counted(kRdpRefused) + " drop\n";  // enforces R13/kernel.rdp
  return out;
}
std::string unasked() {
  return "    " + counted(kRdpUnasked) + " drop\n";  // enforces R13/kernel.rdp
}

}  // namespace

std::string rdp_objects(const RdpRights& rights) {
  std::string out;
  for (const char* counter : {kRdpRefused, kRdpUnasked}) out += std::string("  counter ") + counter + " { }\n";
  out += std::string("  set ") + kRdpRights + " {\n    type ipv4_addr . ipv4_addr\n    flags timeout\n";
  if (!rights.empty()) out += "    elements = { " + elements(rights) + " }\n";
  out += "  }\n";
  out += std::string("  set ") + kRdpTried +
         " {\n    type ipv4_addr . ipv4_addr . inet_proto . inet_service\n    size " + std::to_string(kMostTried) +
         "\n    flags dynamic,timeout\n    timeout " + std::to_string(kTriedFor.count()) + "s\n  }\n";
  out += std::string("  chain rdp_asked {\n    meta l4proto tcp ip saddr . ip daddr @") + kRdpRights +
         " accept\n    update @" + kRdpTried + " { ip saddr . ip daddr . meta l4proto . th sport counter }\n" +
         refused() + "  }\n";
  out += std::string("  chain rdp_answered {\n    meta l4proto tcp ip daddr . ip saddr @") + kRdpRights + " accept\n" +
         unasked() + "  }\n";
  return out;
}

std::string rdp_jumps() {
  return port("dport") + " goto rdp_asked\n" + port("sport") + " goto rdp_answered\n";
}

std::string rdp_change_commands(const std::set<RdpPair>& ended, const RdpRights& renewed) {
  // Added, deleted, added: why, see change_commands().
  std::string gone, keys, out;
  for (const RdpPair& pair : ended) gone += (gone.empty() ? "" : ", ") + element(pair, std::chrono::seconds(1));
  const std::string fresh = elements(renewed);
  if (!gone.empty()) out += on_elements("add", gone);
  if (!fresh.empty()) out += on_elements("add", fresh);
  for (const RdpPair& pair : ended) keys += (keys.empty() ? "" : ", ") + key(pair);
  for (const auto& [pair, left] : renewed) keys += (keys.empty() ? "" : ", ") + key(pair);
  if (!keys.empty()) out += on_elements("delete", keys);
  if (!fresh.empty()) out += on_elements("add", fresh);
  return out;
}

}  // namespace sekisho::netd
