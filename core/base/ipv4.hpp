// IPv4 addresses and networks as text: the one place where they are read and written. Configuration, registry, netd,
// gate, front and proofs take it from here, so that no two of them understand one text in two ways.
// Threads: plain values and pure functions. Units: addresses in host byte order. Errors: nullopt for whatever is not
// exactly of the form.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho {

/// Dotted decimal of four parts without leading zeros, nothing before or behind it.
[[nodiscard]] std::optional<std::uint32_t> parse_ipv4(std::string_view text);
[[nodiscard]] std::string ipv4_text(std::uint32_t address);

/// `address` is the first one: it has no bit beyond `prefix`, which is 0 to 32.
struct Ipv4Network {
  std::uint32_t address = 0;
  std::uint8_t prefix = 32;

  [[nodiscard]] std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
  [[nodiscard]] std::uint32_t last() const { return address | ~mask(); }
  [[nodiscard]] bool holds(std::uint32_t other) const { return ((address ^ other) & mask()) == 0; }
  [[nodiscard]] bool holds(const Ipv4Network& other) const { return prefix <= other.prefix && holds(other.address); }
  /// They share an address.
  [[nodiscard]] bool meets(const Ipv4Network& other) const { return holds(other) || other.holds(*this); }
  friend bool operator==(const Ipv4Network&, const Ipv4Network&) = default;
};

/// The network that `address` stands in; `prefix` is 0 to 32.
[[nodiscard]] Ipv4Network network_of(std::uint32_t address, std::uint8_t prefix);
/// "10.20.0.0/24": an address, a slash and the prefix, 0 to 32 without leading zeros; no bit beyond the prefix is set.
[[nodiscard]] std::optional<Ipv4Network> parse_ipv4_network(std::string_view text);
/// "10.20.0.0/24"; a network of one address has its prefix too.
[[nodiscard]] std::string ipv4_text(const Ipv4Network& network);

}  // namespace sekisho
