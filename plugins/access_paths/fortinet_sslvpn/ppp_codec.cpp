#include "ppp_codec.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::fortinet {

namespace {

constexpr std::size_t kHead = 4;
constexpr std::size_t kLongestText = 200;

std::uint32_t number(std::span<const std::byte> bytes) {
  std::uint32_t out = 0;
  for (const std::byte b : bytes) out = (out << 8) | std::to_integer<std::uint32_t>(b);
  return out;
}

std::byte low(std::uint32_t value) {
  return static_cast<std::byte>(value & 0xffU);
}

}  // namespace

std::optional<PppPacket> parse_packet(std::span<const std::byte> bytes) {
  if (bytes.size() < kHead) return std::nullopt;
  const std::size_t length = number(bytes.subspan(2, 2));
  if (length < kHead || length > bytes.size()) return std::nullopt;
  return PppPacket{std::to_integer<std::uint8_t>(bytes[0]), std::to_integer<std::uint8_t>(bytes[1]),
                   bytes.subspan(kHead, length - kHead)};
}

PppBytes make_packet(std::uint8_t code, std::uint8_t id, std::span<const std::byte> body) {
  const std::size_t length = kHead + body.size();
  SEKISHO_ASSERT(length <= 65535);
  PppBytes out;
  out.reserve(length);
  out.push_back(static_cast<std::byte>(code));
  out.push_back(static_cast<std::byte>(id));
  out.push_back(low(static_cast<std::uint32_t>(length >> 8)));
  out.push_back(low(static_cast<std::uint32_t>(length)));
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::optional<std::vector<PppOption>> parse_options(std::span<const std::byte> body) {
  std::vector<PppOption> out;
  while (!body.empty()) {
    if (body.size() < 2) return std::nullopt;
    const std::size_t length = std::to_integer<std::size_t>(body[1]);
    if (length < 2 || length > body.size()) return std::nullopt;
    out.push_back({std::to_integer<std::uint8_t>(body[0]), body.subspan(2, length - 2)});
    body = body.subspan(length);
  }
  return out;
}

void append_option(PppBytes& to, std::uint8_t type, std::span<const std::byte> value) {
  SEKISHO_ASSERT(value.size() <= 253);
  to.push_back(static_cast<std::byte>(type));
  to.push_back(static_cast<std::byte>(value.size() + 2));
  to.insert(to.end(), value.begin(), value.end());
}

void append_option_u16(PppBytes& to, std::uint8_t type, std::uint16_t value) {
  const std::byte bytes[] = {low(value >> 8U), low(value)};
  append_option(to, type, bytes);
}

void append_option_u32(PppBytes& to, std::uint8_t type, std::uint32_t value) {
  const std::byte bytes[] = {low(value >> 24U), low(value >> 16U), low(value >> 8U), low(value)};
  append_option(to, type, bytes);
}

std::optional<std::uint16_t> option_u16(const PppOption& option) {
  if (option.value.size() != 2) return std::nullopt;
  return static_cast<std::uint16_t>(number(option.value));
}

std::optional<std::uint32_t> option_u32(const PppOption& option) {
  if (option.value.size() != 4) return std::nullopt;
  return number(option.value);
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  std::uint32_t out = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    std::uint32_t value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
      value = value * 10 + static_cast<std::uint32_t>(text[digits] - '0');
      if (++digits > 3) return std::nullopt;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text.front() == '0')) return std::nullopt;
    text.remove_prefix(digits);
    out = (out << 8) | value;
  }
  if (!text.empty()) return std::nullopt;
  return out;
}

std::string ipv4_text(std::uint32_t address) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (!out.empty()) out += '.';
    out += std::to_string((address >> static_cast<unsigned>(shift)) & 0xffU);
  }
  return out;
}

std::string ascii_text(std::string_view text) {
  std::string out(text.substr(0, kLongestText));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

std::string ascii_text(std::span<const std::byte> bytes) {
  return ascii_text(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace sekisho::fortinet
