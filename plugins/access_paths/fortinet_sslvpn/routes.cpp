#include "routes.hpp"

#include <sekisho/sdk/path/page_forms.hpp>
#include <sekisho/sdk/path/page_style.hpp>

namespace sekisho::fortinet {

namespace {

constexpr std::string_view kCookieName = "SVPNCOOKIE";

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

std::string style_path() {
  return pages::style_path("/remote/login/style-");
}

std::string_view session_cookie(const HttpRequest& request) {
  return pages::token_cookie(request, kCookieName);
}

bool shows_pages(const HttpRequest& request) {
  std::string_view rest = request.field("accept");
  while (!rest.empty()) {
    std::string_view range = pages::next_piece(rest, ',');
    if (pages::same_letters(pages::next_piece(range, ';'), "text/html")) return true;
  }
  return false;
}

}  // namespace sekisho::fortinet
