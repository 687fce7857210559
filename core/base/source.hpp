// Where connections come from as far as it is counted: an IPv4 address, or an IPv6 /64, since whoever has one address
// of that has all of them. Front, netd, the seam between them and the counters of logins read and write it here alone.
// Threads: plain values and pure functions. Units: bits in host byte order. Errors: nullopt for what is none. Source:
// threats.md §9 "Connections"; RFC 4291 section 2.5.1 (64 bits of interface), RFC 5952 (text).
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace sekisho {

struct Source {
  bool ipv6 = false;
  std::uint64_t bits = 0;  ///< the address, or the first 64 of it
  friend auto operator<=>(const Source&, const Source&) = default;
};
struct SourceHash {
  std::size_t operator()(const Source& source) const;
};

/// `address` in text form as getpeername() gives it; IPv4 inside IPv6 counts as IPv4.
[[nodiscard]] std::optional<Source> source_of(const std::string& address);
/// An IPv4 address, or the first one of a /64; nothing else, and no IPv4 inside IPv6.
[[nodiscard]] std::optional<Source> parse_source(const std::string& text);
/// As parse_source() reads it.
[[nodiscard]] std::string source_text(const Source& source);

}  // namespace sekisho
