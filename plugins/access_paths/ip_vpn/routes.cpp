#include "routes.hpp"

#include "pages.hpp"

namespace sekisho::ip_vpn {
namespace {

struct Entry {
  std::string_view method, path;
  Route route;
};
constexpr Entry kTable[] = {
    {"GET", "/", Route::start},         {"POST", "/login", Route::login},       {"POST", "/answer", Route::answer},
    {"POST", "/resend", Route::resend}, {"POST", "/language", Route::language}, {"GET", "/session", Route::session},
    {"POST", "/logout", Route::logout},
};

bool takes_query(Route route, std::string_view query) {
  if (query.empty() || route == Route::start) return true;
  return route == Route::session && (query == "lang=ja" || query == "lang=en");
}

}  // namespace

Route find_route(const HttpRequest& request) {
  for (const Entry& entry : kTable) {
    if (entry.method != request.method || entry.path != request.path) continue;
    return takes_query(entry.route, request.query) ? entry.route : Route::unknown;
  }
  const bool style = request.method == "GET" && request.path == style_path() && request.query.empty();
  return style ? Route::style : Route::unknown;
}

}  // namespace sekisho::ip_vpn
