// The closed list of what the entrance answers; everything else is one and the same 404 (threats.md T-02, T-15).
// Threads: pure functions. Method and path are compared byte for byte; GET / alone takes a query (the language).
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <string_view>

namespace sekisho::ip_vpn {

enum class Route : std::uint8_t {
  unknown,
  start,      ///< GET /[?lang=…]
  style,      ///< GET /style-….css
  login,      ///< POST /login: id and password
  answer,     ///< POST /answer: what was asked beside them
  session,    ///< GET /session
  logout,     ///< POST /logout
  challenge,  ///< GET /posture/v1/challenge
  report,     ///< POST /posture/v1/report, application/jose
  enrol,      ///< POST /posture/v1/enrol, application/json
};

[[nodiscard]] Route find_route(const HttpRequest& request);
[[nodiscard]] constexpr bool is_of_agent(Route route) {
  return route == Route::challenge || route == Route::report || route == Route::enrol;
}
/// True when the body's media type is the route's; parameters of the type are ignored.
[[nodiscard]] bool media_type_fits(Route route, const HttpRequest& request);

}  // namespace sekisho::ip_vpn
