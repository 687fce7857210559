#include "routes.hpp"

#include <algorithm>

namespace sekisho::posture_page {
namespace {

struct Entry {
  std::string_view method, path;
  Route route;
};
constexpr Entry kTable[] = {
    {"GET", "/", Route::human_page},
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
  if (!request.query.empty()) return Route::unknown;
  for (const Entry& entry : kTable) {
    if (entry.method == request.method && entry.path == request.path) return entry.route;
  }
  return Route::unknown;
}

bool media_type_fits(Route route, const HttpRequest& request) {
  if (route != Route::report && route != Route::enrol) return true;
  std::string_view type = request.field("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return same_letters(type, route == Route::report ? "application/jose" : "application/json");
}

}  // namespace sekisho::posture_page
