#include <sekisho/sdk/memory.hpp>
#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/secret.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

namespace sekisho::pages {
namespace {

constexpr std::size_t kRawCookie = 32;
constexpr std::size_t kLongestHandle = 31;
constexpr std::size_t kLongestField = 32;
constexpr std::size_t kLongestNumber = 10;
/// What has another meaning in our forms.
constexpr std::string_view kTaken[] = {"login", "token", "handle", "field", "lang", "client", "realm", "handover"};

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

Refusal page_refusal(std::string_view code, Text why, Text remedy) {
  return {.rule = "T-14",
          .code = std::string(code),
          .what = {"この画面からの操作は受け付けられません。", "This form was not accepted."},
          .why = std::move(why),
          .remedy = std::move(remedy)};
}

}  // namespace

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool handle_shape(std::string_view text) {
  return !text.empty() && text.size() <= kLongestHandle && is_base64url(text);
}

bool field_shape(std::string_view text) {
  const bool letters = std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return letters && !text.empty() && text.size() <= kLongestField &&
         std::find(std::begin(kTaken), std::end(kTaken), text) == std::end(kTaken);
}

std::int64_t small_number(std::string_view text) {
  if (text.size() > kLongestNumber) return 0;
  std::int64_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return trimmed(piece);
}

bool same_letters(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y; });
}

std::string_view cookie_value(const HttpRequest& request, std::string_view wanted) {
  std::string_view found;
  bool once = false;
  for (const auto& [name, value] : request.fields) {
    if (name != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view pair = next_piece(rest, ';');
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != wanted) continue;
      if (once) return {};
      once = true;
      found = pair.substr(equals + 1);
    }
  }
  return found;
}

std::string_view token_cookie(const HttpRequest& request, std::string_view name) {
  const std::string_view value = cookie_value(request, name);
  return value.size() == kCookieSize && is_base64url(value) ? value : std::string_view();
}

std::string new_cookie(Entropy& entropy) {
  std::array<std::byte, kRawCookie> raw{};
  entropy.fill(raw);
  return base64url(raw);
}

std::string set_cookie(std::string_view name, std::string_view value) {
  return std::string(name).append("=").append(value).append("; Path=/; Secure; HttpOnly; SameSite=Strict");
}

std::string drop_cookie(std::string_view name) {
  return set_cookie(name, {}) + "; Max-Age=0";
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

bool from_other_site(const HttpRequest& request, std::string_view configured) {
  const std::string own = origin_of(request, configured);
  return std::any_of(request.fields.begin(), request.fields.end(), [&](const auto& field) {
    const auto& [name, value] = field;
    return (name == "origin" && value != own) || (name == "sec-fetch-site" && value != "same-origin");
  });
}

bool same_origin(const HttpRequest& request, std::string_view configured) {
  return !request.field("origin").empty() && !from_other_site(request, configured);
}

bool media_type_is(const HttpRequest& request, std::string_view wanted) {
  std::string_view type = request.field("content-type");
  return same_letters(next_piece(type, ';'), wanted);
}

std::optional<FormPairs> FormPairs::read(std::string_view text) {
  auto pairs = parse_form(text);
  if (!pairs) return std::nullopt;
  return FormPairs(std::move(*pairs));
}

std::string_view FormPairs::value(std::string_view wanted) const {
  for (const auto& [name, value] : pairs_) {
    if (name == wanted) return value;
  }
  return {};
}

void FormPairs::wipe_all() noexcept {
  for (auto& [name, value] : pairs_) wipe(value.data(), value.size());
}

Refusal other_origin() {
  return page_refusal(
      "page.other_origin",
      {"この関所の画面から送られたことを確認できません。",
       "It could not be confirmed that the form came from a page of this gate."},
      {"アドレス欄からログイン画面を開き直してください。", "Open the login page from the address bar."});
}
Refusal stale_page() {
  return page_refusal("page.stale",
                      {"画面が古いか、別のログインの画面か、Cookieが使えません。",
                       "The page is old or belongs to another login, or cookies are switched off."},
                      {"最初からやり直してください。続くときは、このサイトのCookieを許可してください。",
                       "Start again. If it goes on, allow cookies for this site."});
}

bool could_not_judge(const Refusal& refusal) {
  return refusal.code == "gate.unavailable" || refusal.code == "gate.busy";
}

}  // namespace sekisho::pages
