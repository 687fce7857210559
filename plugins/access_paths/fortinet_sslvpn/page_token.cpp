#include "page_token.hpp"

#include "routes.hpp"

#include <sekisho/sdk/memory.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <openssl/evp.h>

#include <array>
#include <span>

namespace sekisho::fortinet {
namespace {

constexpr std::string_view kPageCookie = "__Host-login";
constexpr std::size_t kRawCookie = 32;

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

}  // namespace

std::string_view page_cookie(const HttpRequest& request) {
  return token_cookie(request, kPageCookie);
}

std::string new_page_cookie(Entropy& entropy) {
  std::array<std::byte, kRawCookie> raw{};
  entropy.fill(raw);
  return base64url(raw);
}

std::string set_page_cookie(std::string_view value) {
  return std::string(kPageCookie) + "=" + std::string(value) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

std::string drop_page_cookie() {
  return std::string(kPageCookie) + "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
}

std::string page_token(std::string_view cookie, std::string_view kind, std::string_view handle) {
  // Length first, so that no two lists of parts make the same bytes.
  std::string message;
  for (const std::string_view part : {std::string_view("page token 1"), cookie, kind, handle}) {
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

std::string origin_of(const HttpRequest& request, std::string_view configured) {
  return configured.empty() ? "https://" + std::string(request.field("host")) : std::string(configured);
}

bool same_origin(const HttpRequest& request, std::string_view configured) {
  const std::string_view said = request.field("origin");
  return !said.empty() && said == origin_of(request, configured);
}

}  // namespace sekisho::fortinet
