// What one circuit of the registry is to charon: whether it may be open at all, and the IKEv2 connection that opens it.
// Threads: pure functions. Errors: none; what is missing closes the circuit.
// Source: mission.md R02, R03, R16, R19, R21; threats.md T-45 and §9 (IKEv2); strongSwan's VICI README ("load-conn").
#pragma once
#include "registry/model.hpp"
#include "vici/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::circuits {

/// The gate's side of every circuit. No private key: charon's operator gives it to charon, and nobody else has it.
struct Settings {
  std::string path;                      ///< configured name of the access path, for stops
  std::string address;                   ///< of the closed interface, where IKE arrives
  std::string name;                      ///< the gate's IKE identity, a DNS name of its certificate
  std::string certificate;               ///< the gate's, DER
  std::vector<std::string> authorities;  ///< who issue the site devices' certificates, DER
  bool revocation_lists = false;         ///< charon has their lists: a certificate without a fresh one is refused
  std::vector<std::string> entrances;    ///< all that a circuit reaches: "10.95.0.1/32[tcp/443]"
};

/// Why this circuit opens nothing at `now`, empty when it may be open: stop.all, stop.path, stop.contractor,
/// circuit.ceased, circuit.not_usable, contract.not_in_force, circuit.no_device, circuit.device_expired,
/// circuit.no_prefix. The certificate's days are judged here because charon takes a pinned one at any age.
[[nodiscard]] std::string_view closed_because(const registry::Registry& registry, const registry::Circuit& circuit,
                                              std::string_view path, Instant now);
/// The first instant after `now` at which that answer can change without a change of the registry.
[[nodiscard]] std::optional<Instant> next_change(const registry::Registry& registry, Instant now);

/// The connection of a circuit that may be open: IKEv2 alone, the gate as responder, both by certificate, the site's
/// device pinned to the registered one, the site's prefixes to the entrances and nothing else, no virtual addresses.
[[nodiscard]] vici::Section connection_of(const registry::Circuit& circuit, const Settings& settings);
/// "circuit-<id>-<16 hex digits over the connection>": a connection that differs has another name, so that whoever
/// lists what charon holds sees at once which of it is still meant. Not a protection: names come from ourselves.
[[nodiscard]] std::string name_of(const registry::Circuit& circuit, const vici::Section& connection);
/// The circuit's id in such a name; nullopt: not one of ours.
[[nodiscard]] std::optional<std::string> circuit_in(std::string_view name);

/// When a certificate (DER) says it is valid; `until` is its last second, which counts as over. nullopt: no
/// certificate.
[[nodiscard]] std::optional<registry::Period> validity_of(std::string_view der);

}  // namespace sekisho::circuits
