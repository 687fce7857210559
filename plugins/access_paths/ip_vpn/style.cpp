// The style sheet, compiled in (threats.md T-75), and its path, which carries a hash of its bytes.
#include "pages.hpp"

#include <array>

namespace sekisho::ip_vpn {
namespace {

constexpr std::string_view kStyle =
#include <entrance_style.inc>
    ;

constexpr std::uint32_t kMayBeKept_s = 31'536'000;
constexpr std::string_view kBefore = "/style-", kAfter = ".css";

/// FNV-1a: tells versions apart, protects nothing.
constexpr std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t out = 14695981039346656037ULL;
  for (const char c : bytes) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out;
}

constexpr auto make_path() {
  std::array<char, kBefore.size() + 16 + kAfter.size()> out{};
  std::size_t at = 0;
  for (const char c : kBefore) out[at++] = c;
  for (int shift = 60; shift >= 0; shift -= 4) out[at++] = "0123456789abcdef"[hash_of(kStyle) >> shift & 15];
  for (const char c : kAfter) out[at++] = c;
  return out;
}
constexpr auto kPath = make_path();

}  // namespace

std::string_view style_path() {
  return {kPath.data(), kPath.size()};
}

HttpResponse style_sheet() {
  HttpResponse out;
  out.content_type = "text/css; charset=utf-8";
  out.body = kStyle;
  out.cache_s = kMayBeKept_s;
  return out;
}

}  // namespace sekisho::ip_vpn
