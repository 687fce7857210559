// The two cookies of the entrance, and what makes a form of its pages acceptable. The page cookie is a random value
// that only this browser and this origin know; every form carries a hash of it, of its kind and of the login's handle,
// so that another site's form, or one of another step, fits nothing (T-14, T-36). The session cookie is the
// gatekeeper's. Threads: pure functions.
#pragma once
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/services.hpp>

#include <string>
#include <string_view>

namespace sekisho::ip_vpn {

inline constexpr std::size_t kCookieSize = 43;  ///< base64url
inline constexpr std::string_view kPageCookie = "__Host-page", kSessionCookie = "__Host-session";

/// The cookie of that name: exactly one of kCookieSize base64url characters, or empty. Borrowed from `request`.
[[nodiscard]] std::string_view cookie_of(const HttpRequest& request, std::string_view name);
/// Set-Cookie value: `__Host-`, Secure, HttpOnly, SameSite=Strict, Path=/. An empty value drops it.
[[nodiscard]] std::string set_cookie(std::string_view name, std::string_view value);
[[nodiscard]] std::string new_cookie(Entropy& entropy);
[[nodiscard]] bool is_base64url(std::string_view text);

[[nodiscard]] std::string page_token(std::string_view cookie, std::string_view kind, std::string_view handle);
/// False for an empty cookie. Compares in constant time.
[[nodiscard]] bool token_fits(std::string_view token, std::string_view cookie, std::string_view kind,
                              std::string_view handle);
/// Whether `Origin` is there once and equals `https://` + Host, or `configured` when that is not empty.
[[nodiscard]] bool same_origin(const HttpRequest& request, std::string_view configured);

}  // namespace sekisho::ip_vpn
