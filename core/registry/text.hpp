// What may stand in a name or a login: Unicode questions, answered by ICU, in one place.
// Threads: pure functions. Source: threats.md T-20, T-73; Unicode TR36, UAX #15.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::registry {

/// True for valid UTF-8 without control, bidi-control, zero-width, tag, unassigned-by-design (noncharacter) or private
/// characters. `lines` allows U+000A. Ideographic variation selectors are allowed: Japanese names need them.
[[nodiscard]] bool shows_plainly(std::string_view text, bool lines);

/// [a-z0-9][a-z0-9_-]{0,62}
[[nodiscard]] bool is_id(std::string_view text);
/// Exactly `digits` lower-case hexadecimal digits.
[[nodiscard]] bool is_hex(std::string_view text, std::size_t digits);
/// "02:..": six lower-case pairs with colons.
[[nodiscard]] bool is_mac(std::string_view text);
/// True for an address that manufacturers burn in: neither multicast nor locally administered nor zero (posture.md §7).
[[nodiscard]] bool is_universal_mac(std::string_view mac);
/// One address that a mail may be sent to: ASCII, one "@", no space, quote, comma or control character, <= 254 bytes.
[[nodiscard]] bool is_mail(std::string_view text);
/// Lower-case 8-4-4-4-12 form.
[[nodiscard]] bool is_uuid(std::string_view text);
/// Textual IPv4 address in its one canonical form.
[[nodiscard]] bool is_ipv4(std::string_view text);
/// "192.0.2.0/24" or "2001:db8::/32" without bits beyond the length.
[[nodiscard]] bool is_prefix(std::string_view text);
/// A DNS name as IKE identities are: lower-case labels with at least one dot, <= 253 bytes.
[[nodiscard]] bool is_dns_name(std::string_view text);
/// Bytes of a base64 text (RFC 4648 §4) with its padding and nothing left over; nullopt: not one.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// Base64 with its padding of one whole DER sequence: the shape of a certificate, not its truth.
[[nodiscard]] bool is_der_base64(std::string_view text);
/// Both are prefixes; true when they share an address.
[[nodiscard]] bool overlap(std::string_view a, std::string_view b);

}  // namespace sekisho::registry
