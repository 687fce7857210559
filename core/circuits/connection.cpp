#include "circuits/connection.hpp"

#include "registry/circuits.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sekisho::circuits {
namespace {

constexpr std::string_view kPrefix = "circuit-";
constexpr std::size_t kDigits = 16;

// One AEAD proposal with alternatives, best first (threats.md §9). Anything else has no proposal in common with us.
constexpr const char* kIke = "aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp384-curve25519-ecp256";
constexpr const char* kEsp = "aes256gcm16-aes128gcm16-ecp384-curve25519-ecp256";

bool stopped(const registry::Registry& registry, std::string_view scope, std::string_view target) {
  return std::ranges::any_of(
      registry.stops, [&](const auto& entry) { return entry.second.scope == scope && entry.second.target == target; });
}

bool hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::string_view closed_because(const registry::Registry& registry, const registry::Circuit& circuit,
                                std::string_view path, Instant now) {
  if (stopped(registry, "all", "")) return "stop.all";
  if (stopped(registry, "path", path)) return "stop.path";
  if (stopped(registry, "contractor", circuit.contractor)) return "stop.contractor";
  const registry::CircuitState state = registry::state_of(circuit, now);
  if (state == registry::CircuitState::ceased) return "circuit.ceased";
  if (state != registry::CircuitState::usable) return "circuit.not_usable";
  const bool contract = std::ranges::any_of(registry.contracts, [&](const auto& entry) {
    const registry::Contract& c = entry.second;
    return c.contractor == circuit.contractor && c.period.holds(now) && (!c.ended_at || now < *c.ended_at);
  });
  if (!contract) return "contract.not_in_force";
  if (circuit.device_name.empty() || !from_base64(circuit.device_certificate)) return "circuit.no_device";
  if (circuit.prefixes.empty()) return "circuit.no_prefix";
  return "";
}

std::optional<Instant> next_change(const registry::Registry& registry, Instant now) {
  std::optional<Instant> next;
  const auto consider = [&](const std::optional<Instant>& at) {
    if (at && *at > now) next = next ? std::min(*next, *at) : *at;
  };
  for (const auto& [id, circuit] : registry.circuits) consider(circuit.usable_at), consider(circuit.ended_at);
  for (const auto& [id, contract] : registry.contracts) {
    consider(contract.period.from), consider(contract.period.until), consider(contract.ended_at);
  }
  return next;
}

vici::Section connection_of(const registry::Circuit& circuit, const Settings& settings) {
  vici::Section local, remote, child, children, out;
  local.put("auth", "pubkey").put("id", settings.name).put_list("certs", {settings.certificate});
  remote.put("auth", "pubkey").put("id", circuit.device_name);
  remote.put_list("certs", {from_base64(circuit.device_certificate).value_or("")});
  remote.put_list("cacerts", settings.authorities);
  remote.put("revocation", settings.revocation_lists ? "strict" : "relaxed");
  child.put("mode", "tunnel").put_list("local_ts", settings.entrances).put_list("remote_ts", circuit.prefixes);
  child.put_list("esp_proposals", {kEsp}).put("rekey_time", "25200s").put("life_time", "28800s");
  child.put("start_action", "none").put("close_action", "none").put("dpd_action", "clear").put("ipcomp", "no");
  children.put_section("site", std::move(child));
  out.put("version", "2").put("aggressive", "no").put("mobike", "no").put("encap", "yes").put("pull", "no");
  out.put_list("local_addrs", {settings.address}).put_list("remote_addrs", {"%any"});
  out.put_list("proposals", {kIke}).put_list("pools", {}).put_list("vips", {});
  out.put("unique", "replace").put("send_cert", "always").put("dpd_delay", "10s");
  out.put("reauth_time", "0s").put("rekey_time", "72000s").put("over_time", "14400s");
  out.put_section("local", std::move(local)).put_section("remote", std::move(remote));
  out.put_section("children", std::move(children));
  return out;
}

std::string name_of(const registry::Circuit& circuit, const vici::Section& connection) {
  vici::Bytes bytes;
  std::uint64_t sum = 0xcbf29ce484222325U;  // FNV-1a
  if (!vici::encode(connection, bytes)) sum = 0;
  for (const std::byte each : bytes) sum = (sum ^ static_cast<std::uint64_t>(each)) * 0x100000001b3U;
  std::string out = std::string(kPrefix) + circuit.id + "-";
  for (std::size_t i = kDigits; i-- > 0;) out += "0123456789abcdef"[sum >> (4 * i) & 15U];
  return out;
}

std::optional<std::string> circuit_in(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() < kPrefix.size() + 2 + kDigits) return std::nullopt;
  const std::string_view digits = name.substr(name.size() - kDigits);
  if (name[name.size() - kDigits - 1] != '-' || !std::ranges::all_of(digits, hex)) return std::nullopt;
  return std::string(name.substr(kPrefix.size(), name.size() - kPrefix.size() - kDigits - 1));
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = (held << 6U | static_cast<std::uint32_t>(value)) & 0xffffffU;
    bits += 6;
    if (bits >= 8) bits -= 8, out += static_cast<char>(held >> bits & 0xffU);
  }
  return out;
}

}  // namespace sekisho::circuits
