#include <sekisho/sdk/path/html.hpp>

#include <cstdint>

namespace sekisho::pages {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Bytes of the well-formed character at the front of `rest`, or 0 (Unicode 15, table 3-7).
std::size_t character(std::string_view rest) {
  const auto byte = [rest](std::size_t i) { return static_cast<std::uint8_t>(rest[i]); };
  const auto follows = [&](std::size_t i) { return i < rest.size() && (byte(i) & 0xC0U) == 0x80; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return follows(1) ? 2 : 0;
  if (first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) >= 0xA0) return 0;  // surrogates
    return 3;
  }
  if (first > 0xF4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return 4;
}

/// Characters that reorder what stands around them: U+061C, U+200E, U+200F, U+202A..E, U+2066..9.
bool reorders(std::string_view c) {
  if (c == "\xd8\x9c" || c == "\xe2\x80\x8e" || c == "\xe2\x80\x8f") return true;
  if (c.size() != 3 || c[0] != '\xe2') return false;
  const auto last = static_cast<std::uint8_t>(c[2]);
  return (c[1] == '\x80' && last >= 0xAA && last <= 0xAE) || (c[1] == '\x81' && last >= 0xA6 && last <= 0xA9);
}

}  // namespace

Html& Html::text(std::string_view outside) {
  while (!outside.empty()) {
    const std::size_t size = character(outside);
    const std::string_view c = outside.substr(0, size == 0 ? 1 : size);
    outside.remove_prefix(c.size());
    const char first = c[0];
    if (size == 0 || reorders(c) || (size == 1 && ((first >= 0 && first < 0x20) || first == 0x7f))) {
      out_ += kReplacement;
    } else if (first == '&') {
      out_ += "&amp;";
    } else if (first == '<') {
      out_ += "&lt;";
    } else if (first == '>') {
      out_ += "&gt;";
    } else if (first == '"') {
      out_ += "&quot;";
    } else if (first == '\'') {
      out_ += "&#39;";
    } else {
      out_ += c;
    }
  }
  return *this;
}

}  // namespace sekisho::pages
