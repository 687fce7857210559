#include "circuits/connection.hpp"

#include "registry/circuits.hpp"
#include "registry/stops.hpp"
#include "registry/text.hpp"

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

/// Takes the next DER element from `rest` when it has this tag; lengths of up to two bytes, as certificates have.
bool element(std::string_view& rest, unsigned tag, std::string_view& content) {
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(rest[i])); };
  if (rest.size() < 2 || at(0) != tag) return false;
  std::size_t head = 2, length = at(1);
  if (length == 0x81 || length == 0x82) {
    head = length - 0x80 + 2;
    if (rest.size() < head) return false;
    length = head == 3 ? at(2) : at(2) << 8U | at(3);
  } else if (length >= 0x80) {
    return false;
  }
  if (rest.size() - head < length) return false;
  content = rest.substr(head, length);
  rest = rest.substr(head + length);
  return true;
}

/// UTCTime (YYMMDDHHMMSSZ, 1950 to 2049) or GeneralizedTime (YYYYMMDDHHMMSSZ), nothing else (RFC 5280 §4.1.2.5).
std::optional<Instant> moment(std::string_view& rest) {
  std::string_view text;
  std::string year;
  if (element(rest, 0x17, text)) {
    if (text.size() != 13) return std::nullopt;
    year = text[0] < '5' ? "20" : "19";
  } else if (!element(rest, 0x18, text) || text.size() != 15) {
    return std::nullopt;
  }
  const std::string all = year + std::string(text);
  const std::string date = all.substr(0, 4) + "-" + all.substr(4, 2) + "-" + all.substr(6, 2);
  return parse_rfc3339(date + "T" + all.substr(8, 2) + ":" + all.substr(10, 2) + ":" + all.substr(12));
}

bool hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::string_view closed_because(const registry::Registry& registry, const registry::Circuit& circuit,
                                std::string_view path, Instant now) {
  if (registry::is_stopped(registry, "all", "")) return "stop.all";
  if (registry::is_stopped(registry, "path", path)) return "stop.path";
  if (registry::is_stopped(registry, "contractor", circuit.contractor)) return "stop.contractor";
  const registry::CircuitState state = registry::state_of(circuit, now);
  if (state == registry::CircuitState::ceased) return "circuit.ceased";
  if (state != registry::CircuitState::usable) return "circuit.not_usable";
  const bool contract = std::ranges::any_of(registry.contracts, [&](const auto& entry) {
    const registry::Contract& c = entry.second;
    return c.contractor == circuit.contractor && c.period.holds(now) && (!c.ended_at || now < *c.ended_at);
  });
  if (!contract) return "contract.not_in_force";
  const auto valid = validity_of(registry::from_base64(circuit.device_certificate).value_or(""));
  if (circuit.device_name.empty() || !valid) return "circuit.no_device";
  if (!valid->holds(now)) return "circuit.device_expired";
  if (circuit.prefixes.empty()) return "circuit.no_prefix";
  return "";
}

std::optional<Instant> next_change(const registry::Registry& registry, Instant now) {
  std::optional<Instant> next;
  const auto consider = [&](const std::optional<Instant>& at) {
    if (at && *at > now) next = next ? std::min(*next, *at) : *at;
  };
  for (const auto& [id, circuit] : registry.circuits) {
    consider(circuit.usable_at), consider(circuit.ended_at);
    if (const auto valid = validity_of(registry::from_base64(circuit.device_certificate).value_or(""))) {
      consider(valid->from), consider(valid->until);
    }
  }
  for (const auto& [id, contract] : registry.contracts) {
    consider(contract.period.from), consider(contract.period.until), consider(contract.ended_at);
  }
  return next;
}

vici::Section connection_of(const registry::Circuit& circuit, const Settings& settings) {
  vici::Section local, remote, child, children, out;
  local.put("auth", "pubkey").put("id", settings.name).put_list("certs", {settings.certificate});
  remote.put("auth", "pubkey").put("id", circuit.device_name);
  remote.put_list("certs", {registry::from_base64(circuit.device_certificate).value_or("")});
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

// Certificate ::= SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, validity, … }, … } (RFC 5280 §4.1).
std::optional<registry::Period> validity_of(std::string_view der) {
  std::string_view rest = der, body, certificate, days;
  if (!element(rest, 0x30, certificate) || !rest.empty()) return std::nullopt;
  if (!element(certificate, 0x30, body)) return std::nullopt;
  std::string_view skipped;
  if (body.starts_with('\xa0') && !element(body, 0xa0, skipped)) return std::nullopt;
  for (const unsigned tag : {0x02U, 0x30U, 0x30U}) {
    if (!element(body, tag, skipped)) return std::nullopt;
  }
  if (!element(body, 0x30, days)) return std::nullopt;
  const auto from = moment(days), until = moment(days);
  if (!from || !until || !days.empty()) return std::nullopt;
  return registry::Period{*from, *until};
}

}  // namespace sekisho::circuits
