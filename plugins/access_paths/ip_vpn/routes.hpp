// The closed list of what the entrance answers people, beside what agents ask (posture_answers.hpp); everything else is
// one and the same 404 (threats.md T-02, T-15). Threads: pure functions. Method and path are compared byte for byte;
// GET / alone takes a query (the language).
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <string_view>

namespace sekisho::ip_vpn {

enum class Route : std::uint8_t {
  unknown,
  start,    ///< GET /[?lang=…]
  style,    ///< GET /style-….css
  login,    ///< POST /login: id and password
  answer,   ///< POST /answer: what was asked beside them
  session,  ///< GET /session
  logout,   ///< POST /logout
};

[[nodiscard]] Route find_route(const HttpRequest& request);
[[nodiscard]] constexpr bool is_form(Route route) {
  return route == Route::login || route == Route::answer || route == Route::logout;
}

}  // namespace sekisho::ip_vpn
