#include "tokens.hpp"

#include <sekisho/sdk/memory.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

namespace sekisho::ip_vpn {
namespace {

std::string base64url(std::span<const std::byte> bytes) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const std::byte byte : bytes) {
    bits = bits << 8 | std::to_integer<std::uint32_t>(byte);
    for (have += 8; have >= 6; have -= 6) out += kAlphabet[bits >> (have - 6) & 63];
  }
  if (have > 0) out += kAlphabet[bits << (6 - have) & 63];
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string_view cookie_of(const HttpRequest& request, std::string_view wanted) {
  std::string_view found;
  bool once = false;
  for (const auto& [name, value] : request.fields) {
    if (name != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trimmed(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != wanted) continue;
      if (once) return {};
      once = true;
      found = pair.substr(equals + 1);
    }
  }
  return found.size() == kCookieSize && is_base64url(found) ? found : std::string_view();
}

std::string set_cookie(std::string_view name, std::string_view value) {
  std::string out = std::string(name) + "=" + std::string(value) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
  return value.empty() ? out + "; Max-Age=0" : out;
}

std::string new_cookie(Entropy& entropy) {
  std::array<std::byte, 32> raw{};
  entropy.fill(raw);
  return base64url(raw);
}

std::string page_token(std::string_view cookie, std::string_view kind, std::string_view handle) {
  // Length first, so that no two lists of parts make the same bytes.
  std::string message;
  for (const std::string_view part : {std::string_view("entrance token 1"), cookie, kind, handle}) {
    message.append(std::to_string(part.size())).append(":").append(part);
  }
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  need_memory(EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                         EVP_sha256(), nullptr) == 1);
  wipe(message.data(), message.size());
  return base64url(std::span(digest).first(size));
}

bool token_fits(std::string_view token, std::string_view cookie, std::string_view kind, std::string_view handle) {
  return !cookie.empty() && equal_in_constant_time(token, page_token(cookie, kind, handle));
}

bool same_origin(const HttpRequest& request, std::string_view configured) {
  const std::string_view said = request.field("origin");
  if (said.empty()) return false;
  return configured.empty() ? said == "https://" + std::string(request.field("host")) : said == configured;
}

}  // namespace sekisho::ip_vpn
