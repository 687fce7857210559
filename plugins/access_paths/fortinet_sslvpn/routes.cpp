#include "routes.hpp"

#include <algorithm>

namespace sekisho::fortinet {

namespace {

constexpr std::string_view kCookieName = "SVPNCOOKIE";
constexpr std::size_t kCookieSize = 43;

struct Entry {
  std::string_view method, path;
  Route route;
};
constexpr Entry kTable[] = {
    {"GET", "/", Route::start},
    {"GET", "/remote/login", Route::login_page},
    {"POST", "/remote/logincheck", Route::login_check},
    {"GET", "/remote/index", Route::session_page},
    {"GET", "/remote/fortisslvpn", Route::session_page},
    {"GET", "/remote/fortisslvpn_xml", Route::settings},
    {"GET", "/remote/sslvpn-tunnel", Route::tunnel},
    {"GET", "/remote/logout", Route::logout},
    {"POST", "/remote/hostcheck_validate", Route::host_check},
};
constexpr Entry kPages[] = {
    {"POST", "/remote/login/id", Route::page_id},
    {"POST", "/remote/login/password", Route::page_password},
    {"POST", "/remote/login/code", Route::page_code},
    {"POST", "/remote/login/resend", Route::page_resend},
    {"POST", "/remote/login/language", Route::page_language},
    {"GET", "/remote/saml/start", Route::client_login},
    {"GET", "/remote/saml/auth_id", Route::client_handover},
};

bool base64url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_letters(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

/// The piece before the next `separator`; `rest` goes on behind it.
std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return trimmed(piece);
}

}  // namespace

Route find_route(std::string_view method, std::string_view path, std::string_view realm, bool pages) {
  for (const Entry& entry : kTable) {
    if (entry.method == method && entry.path == path) return entry.route;
  }
  if (pages) {
    for (const Entry& entry : kPages) {
      if (entry.method == method && entry.path == path) return entry.route;
    }
    if (method == "GET" && path == style_path()) return Route::page_style;
  }
  if (method == "GET" && !realm.empty() && path.size() == realm.size() + 1 && path.substr(1) == realm) {
    return Route::start;
  }
  return Route::unknown;
}

std::string_view session_cookie(const HttpRequest& request) {
  return token_cookie(request, kCookieName);
}

std::string_view token_cookie(const HttpRequest& request, std::string_view wanted) {
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
  if (found.size() != kCookieSize || !std::all_of(found.begin(), found.end(), base64url)) return {};
  return found;
}

bool shows_pages(const HttpRequest& request) {
  std::string_view rest = request.field("accept");
  while (!rest.empty()) {
    std::string_view range = next_piece(rest, ',');
    if (same_letters(next_piece(range, ';'), "text/html")) return true;
  }
  return false;
}

}  // namespace sekisho::fortinet
