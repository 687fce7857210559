// The closed list of what the entrance answers people, beside what agents ask (posture_answers.hpp); everything else is
// one and the same 404 (threats.md T-02, T-15). Threads: pure functions. Method and path are compared byte for byte;
// GET / and GET /session alone take a query (the language).
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <string_view>

namespace sekisho::ip_vpn {

enum class Route : std::uint8_t {
  unknown,
  start,     ///< GET /[?lang=…]
  style,     ///< GET /style-….css
  login,     ///< POST /login: id and password
  answer,    ///< POST /answer: what was asked beside them
  resend,    ///< POST /resend: another code
  language,  ///< POST /language: the same question in the other language
  session,   ///< GET /session[?lang=ja|en]
  logout,    ///< POST /logout
};

[[nodiscard]] Route find_route(const HttpRequest& request);
/// The forms of one question: they carry its handle.
[[nodiscard]] constexpr bool is_question(Route route) {
  return route == Route::answer || route == Route::resend || route == Route::language;
}
[[nodiscard]] constexpr bool is_form(Route route) {
  return route == Route::login || route == Route::logout || is_question(route);
}

}  // namespace sekisho::ip_vpn
