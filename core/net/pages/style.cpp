#include <sekisho/sdk/path/page_style.hpp>

#include <array>
#include <cstdint>

namespace sekisho::pages {
namespace {

constexpr std::string_view kStyle =
#include <page_style.inc>
    ;

constexpr std::uint32_t kMayBeKept_s = 31'536'000;

/// FNV-1a: tells versions apart, protects nothing.
constexpr std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t out = 14695981039346656037ULL;
  for (const char c : bytes) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out;
}

constexpr auto make_digits() {
  std::array<char, 16> out{};
  std::size_t at = 0;
  for (int shift = 60; shift >= 0; shift -= 4) out[at++] = "0123456789abcdef"[hash_of(kStyle) >> shift & 15];
  return out;
}
constexpr auto kDigits = make_digits();

}  // namespace

std::string style_path(std::string_view before) {
  return std::string(before).append(kDigits.data(), kDigits.size()).append(".css");
}

HttpResponse style_sheet() {
  HttpResponse out;
  out.content_type = "text/css; charset=utf-8";
  out.body = kStyle;
  out.cache_s = kMayBeKept_s;
  return out;
}

}  // namespace sekisho::pages
