#include "datagram_hello.hpp"

#include <algorithm>
#include <cstring>

namespace sekisho::fortinet {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kKind = "GFtype\0"sv;
constexpr std::string_view kClient = "GFtype\0clthello\0SVPNCOOKIE\0"sv;
constexpr std::string_view kServer = "GFtype\0svrhello\0handshake\0"sv;
constexpr std::size_t kCookieSize = 43;

std::vector<std::byte> record_of(std::string_view head, std::string_view value) {
  const std::size_t size = 2 + head.size() + value.size() + 1;
  std::vector<std::byte> out(size);
  out[0] = static_cast<std::byte>(size >> 8);
  out[1] = static_cast<std::byte>(size & 0xff);
  std::memcpy(out.data() + 2, head.data(), head.size());
  std::memcpy(out.data() + 2 + head.size(), value.data(), value.size());
  return out;
}

bool base64url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool is_hello(std::span<const std::byte> record) {
  return record.size() >= 2 + kKind.size() && text_of(record.subspan(2)).starts_with(kKind);
}

std::string_view hello_cookie(std::span<const std::byte> record) {
  constexpr std::size_t kSize = 2 + kClient.size() + kCookieSize + 1;
  if (record.size() != kSize) return {};
  if ((std::to_integer<std::size_t>(record[0]) << 8 | std::to_integer<std::size_t>(record[1])) != kSize) return {};
  const std::string_view text = text_of(record.subspan(2));
  if (!text.starts_with(kClient) || text.back() != '\0') return {};
  const std::string_view cookie = text.substr(kClient.size(), kCookieSize);
  return std::all_of(cookie.begin(), cookie.end(), base64url) ? cookie : std::string_view{};
}

std::vector<std::byte> hello_answer(bool ok) {
  return record_of(kServer, ok ? "ok" : "fail");
}

std::vector<std::byte> client_hello(std::string_view cookie) {
  return record_of(kClient, cookie);
}

}  // namespace sekisho::fortinet
