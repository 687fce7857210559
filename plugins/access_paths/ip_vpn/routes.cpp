#include "routes.hpp"

#include "pages.hpp"

#include <algorithm>

namespace sekisho::ip_vpn {
namespace {

struct Entry {
  std::string_view method, path;
  Route route;
};
constexpr Entry kTable[] = {
    {"GET", "/", Route::start},
    {"POST", "/login", Route::login},
    {"POST", "/answer", Route::answer},
    {"GET", "/session", Route::session},
    {"POST", "/logout", Route::logout},
    {"GET", "/posture/v1/challenge", Route::challenge},
    {"POST", "/posture/v1/report", Route::report},
    {"POST", "/posture/v1/enrol", Route::enrol},
};

bool same_letters(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

}  // namespace

Route find_route(const HttpRequest& request) {
  for (const Entry& entry : kTable) {
    if (entry.method != request.method || entry.path != request.path) continue;
    return request.query.empty() || entry.route == Route::start ? entry.route : Route::unknown;
  }
  const bool style = request.method == "GET" && request.path == style_path() && request.query.empty();
  return style ? Route::style : Route::unknown;
}

bool media_type_fits(Route route, const HttpRequest& request) {
  std::string_view wanted;
  if (route == Route::report) wanted = "application/jose";
  if (route == Route::enrol) wanted = "application/json";
  if (route == Route::login || route == Route::answer || route == Route::logout) {
    wanted = "application/x-www-form-urlencoded";
  }
  if (wanted.empty()) return true;
  std::string_view type = request.field("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return same_letters(type, wanted);
}

}  // namespace sekisho::ip_vpn
