#include "base/ipv4.hpp"

#include <sekisho/sdk/result.hpp>

namespace sekisho {
namespace {

/// A decimal number of at most three digits from the front of `text`, without leading zeros; nullopt: there is none, or
/// it is more than `most`. What was read is taken off.
std::optional<unsigned> take_number(std::string_view& text, unsigned most) {
  unsigned value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
  }
  if (digits == 0 || digits > 3 || value > most || (digits > 1 && text.front() == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// An address from the front of `text`; what was read is taken off.
std::optional<std::uint32_t> take_address(std::string_view& text) {
  std::uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !take(text, '.')) return std::nullopt;
    const auto value = take_number(text, 255);
    if (!value) return std::nullopt;
    address = address << 8 | *value;
  }
  return address;
}

}  // namespace

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  const auto address = take_address(text);
  return text.empty() ? address : std::nullopt;
}

std::string ipv4_text(std::uint32_t address) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(address >> shift & 0xffu);
    if (shift > 0) out += '.';
  }
  return out;
}

Ipv4Network network_of(std::uint32_t address, std::uint8_t prefix) {
  SEKISHO_ASSERT(prefix <= 32);
  Ipv4Network out{address, prefix};
  out.address &= out.mask();
  return out;
}

std::optional<Ipv4Network> parse_ipv4_network(std::string_view text) {
  const auto address = take_address(text);
  if (!address || !take(text, '/')) return std::nullopt;
  const auto prefix = take_number(text, 32);
  if (!prefix || !text.empty()) return std::nullopt;
  const Ipv4Network out = network_of(*address, static_cast<std::uint8_t>(*prefix));
  if (out.address != *address) return std::nullopt;
  return out;
}

std::string ipv4_text(const Ipv4Network& network) {
  return ipv4_text(network.address) + '/' + std::to_string(network.prefix);
}

}  // namespace sekisho
