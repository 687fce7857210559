#include "registry/text.hpp"

#include "base/ipv4.hpp"
#include "registry/rules.hpp"

#include <arpa/inet.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace sekisho::registry {
namespace {

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// Calls fn(code point) for each; false on malformed UTF-8 or when fn says false.
template <class F>
bool every_code_point(std::string_view text, F&& fn) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  std::int32_t at = 0;
  while (at < size) {
    UChar32 c = 0;
    U8_NEXT(bytes, at, size, c);
    if (c < 0 || !fn(c)) return false;
  }
  return true;
}

bool variation_selector(UChar32 c) {
  return (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

bool invisible(UChar32 c) {
  if (c >= 0x20 && c < 0x7F) return false;  // what most names are made of
  if (variation_selector(c)) return false;
  switch (u_charType(c)) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_UNASSIGNED:
      return true;
    default:
      return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
  }
}

struct Prefix {
  std::array<std::uint8_t, 16> bytes{};
  int family = 0;
  unsigned length = 0;
};

std::optional<Prefix> prefix_of(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.size() > 64) return std::nullopt;
  Prefix out;
  if (const auto network = parse_ipv4_network(text)) {
    out.family = AF_INET, out.length = network->prefix;
    for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(network->address >> (24 - 8 * i));
    return out;
  }
  const std::string address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  out.family = AF_INET6;
  if (address.find('\0') != std::string::npos || inet_pton(AF_INET6, address.c_str(), out.bytes.data()) != 1) {
    return std::nullopt;
  }
  const unsigned width = 128;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.length);
  if (error != std::errc{} || end != digits.data() + digits.size() || out.length > width) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  for (unsigned bit = out.length; bit < width; ++bit) {
    if (out.bytes[bit / 8] & (0x80U >> (bit % 8))) return std::nullopt;
  }
  return out;
}

}  // namespace

bool shows_plainly(std::string_view text, bool lines) {
  if (text.size() > 1U << 20) return false;
  return every_code_point(text, [&](UChar32 c) { return (lines && c == '\n') || !invisible(c); });
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 63 && lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return lower_or_digit(c) || c == '_' || c == '-'; });
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::ranges::all_of(text, hex_digit);
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != ':' : !hex_digit(text[i])) return false;
  }
  return true;
}

bool is_universal_mac(std::string_view mac) {
  unsigned first = 0;
  const auto [end, error] = std::from_chars(mac.data(), mac.data() + std::min<std::size_t>(2, mac.size()), first, 16);
  return error == std::errc{} && end == mac.data() + 2 && (first & 3U) == 0 && mac != "00:00:00:00:00:00";
}

bool is_mail(std::string_view text) {
  const std::size_t at = text.find('@');
  if (text.size() > 254 || at == std::string_view::npos || at == 0 || at > 64 || at + 1 == text.size()) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  const auto local_ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && std::strchr("!#$%&'*+-/=?^_`{|}~.", c) != nullptr);
  };
  const auto domain_ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return std::ranges::all_of(local, local_ok) && std::ranges::all_of(domain, domain_ok) && domain.front() != '.' &&
         domain.back() != '.' && domain.front() != '-' && domain.find("..") == std::string_view::npos;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !hex_digit(text[i])) return false;
  }
  return true;
}

bool is_ipv4(std::string_view text) {
  return parse_ipv4(text).has_value();
}

bool is_prefix(std::string_view text) {
  return prefix_of(text).has_value();
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253 || text.find('.') == std::string_view::npos) return false;
  std::size_t label = 0;
  char before = '.';
  for (const char c : text) {
    if (!lower_or_digit(c) && c != '-' && c != '.') return false;
    if ((c == '-' && before == '.') || (c == '.' && (before == '.' || before == '-'))) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
    before = c;
  }
  return before != '.' && before != '-';
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  unsigned bits = 0, held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    unsigned value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<unsigned>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<unsigned>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<unsigned>(c - '0') + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    held = (held << 6U | value) & 0xffffU;
    bits += 6;
    if (bits >= 8) bits -= 8, out += static_cast<char>(held >> bits & 0xffU);
  }
  // What is left over of the last digit says nothing and must be zero: one certificate has one spelling.
  if ((held & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return out;
}

bool is_der_base64(std::string_view text) {
  const auto der = from_base64(text);
  if (!der || der->size() < 5) return false;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>((*der)[i])); };
  if (at(0) != 0x30) return false;
  if (at(1) == 0x81) return at(2) >= 0x80 && der->size() == 3 + at(2);
  if (at(1) == 0x82) return at(2) != 0 && der->size() == 4 + (at(2) << 8U | at(3));
  return at(1) < 0x80 && der->size() == 2 + at(1);
}

bool overlap(std::string_view a, std::string_view b) {
  const auto left = prefix_of(a), right = prefix_of(b);
  if (!left || !right || left->family != right->family) return false;
  const unsigned common = std::min(left->length, right->length);
  for (unsigned bit = 0; bit < common; ++bit) {
    if ((left->bytes[bit / 8] ^ right->bytes[bit / 8]) & (0x80U >> (bit % 8))) return false;
  }
  return true;
}

std::optional<std::string> canonical_login(std::string_view typed) {
  if (typed.empty() || typed.size() > 256) return std::nullopt;
  // Invisible characters are refused before folding, which would silently drop them.
  if (!every_code_point(typed, [](UChar32 c) { return !invisible(c) && !variation_selector(c); })) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  if (U_FAILURE(status)) return std::nullopt;
  const icu::UnicodeString folded = fold->normalize(
      icu::UnicodeString::fromUTF8(icu::StringPiece(typed.data(), static_cast<std::int32_t>(typed.size()))), status);
  if (U_FAILURE(status)) return std::nullopt;
  std::string out;
  folded.toUTF8String(out);
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return std::nullopt;
  out = out.substr(first, out.find_last_not_of(' ') - first + 1);
  // What is left of a look-alike (Cyrillic, Greek, dotless i …) after folding is no ASCII letter: refused here.
  const auto allowed = [](char c) { return lower_or_digit(c) || c == '.' || c == '_' || c == '@' || c == '-'; };
  if (out.size() > 64 || !std::ranges::all_of(out, allowed)) return std::nullopt;
  return out;
}

}  // namespace sekisho::registry
