// PPP control packets as bytes: numbers, one packet, its options. Shapes: RFC 1661 §5 (packet: code, identifier, u16
// length with these 4 bytes, data; bytes after `length` are padding), §6 (option: type, length with these 2 bytes,
// value). Threads: pure functions. Ownership: views borrow the bytes they were made from. Numbers are big-endian on the
// wire.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::fortinet {

using PppBytes = std::vector<std::byte>;

inline constexpr std::uint16_t kIpv4 = 0x0021;
inline constexpr std::uint16_t kIpv6 = 0x0057;
inline constexpr std::uint16_t kIpcp = 0x8021;
inline constexpr std::uint16_t kIp6cp = 0x8057;
inline constexpr std::uint16_t kCcp = 0x80fd;
inline constexpr std::uint16_t kLcp = 0xc021;

/// RFC 1661 §5. Codes 1 to 7 are known to every control protocol, the rest to LCP alone.
namespace ppp_code {
inline constexpr std::uint8_t configure_request = 1, configure_ack = 2, configure_nak = 3, configure_reject = 4,
                              terminate_request = 5, terminate_ack = 6, code_reject = 7, protocol_reject = 8,
                              echo_request = 9, echo_reply = 10, discard_request = 11;
}  // namespace ppp_code

struct PppPacket {
  std::uint8_t code = 0, id = 0;
  std::span<const std::byte> body;  ///< without the 4-byte head and without padding
};
/// nullopt: shorter than its head, or its length field is below 4 or beyond the bytes.
[[nodiscard]] std::optional<PppPacket> parse_packet(std::span<const std::byte> bytes);
/// `body` <= 65,531 bytes.
[[nodiscard]] PppBytes make_packet(std::uint8_t code, std::uint8_t id, std::span<const std::byte> body);

struct PppOption {
  std::uint8_t type = 0;
  std::span<const std::byte> value;
};
/// nullopt: an option shorter than 2 bytes or beyond the end.
[[nodiscard]] std::optional<std::vector<PppOption>> parse_options(std::span<const std::byte> body);
/// `value` <= 253 bytes.
void append_option(PppBytes& to, std::uint8_t type, std::span<const std::byte> value);
void append_option_u16(PppBytes& to, std::uint8_t type, std::uint16_t value);
void append_option_u32(PppBytes& to, std::uint8_t type, std::uint32_t value);

/// The value as a number, or nullopt when it has another size.
[[nodiscard]] std::optional<std::uint16_t> option_u16(const PppOption& option);
[[nodiscard]] std::optional<std::uint32_t> option_u32(const PppOption& option);

/// "169.254.2.1" -> 0xa9fe0201; four decimal numbers without leading zeros, nothing else.
[[nodiscard]] std::optional<std::uint32_t> parse_ipv4(std::string_view text);
[[nodiscard]] std::string ipv4_text(std::uint32_t address);

/// Text that may cross to the other side: printable ASCII, everything else as '?', at most 200 bytes.
[[nodiscard]] std::string ascii_text(std::string_view text);
[[nodiscard]] std::string ascii_text(std::span<const std::byte> bytes);

}  // namespace sekisho::fortinet
