// What makes a form of our pages acceptable: the page cookie, a random value that only this browser and this origin
// know, and in every form a token that is the hash of that cookie, the kind of the form and the login's handle. A form
// of another site has no cookie's token; a token of another login or another step does not fit its handle (T-14, T-36).
// The cookie is no session: it opens nothing. Threads: pure functions.
#pragma once
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/services.hpp>

#include <string>
#include <string_view>

namespace sekisho::fortinet {

/// The page cookie of a request: exactly one of 43 base64url characters, or empty. Borrowed from `request`.
[[nodiscard]] std::string_view page_cookie(const HttpRequest& request);
[[nodiscard]] std::string new_page_cookie(Entropy& entropy);
/// Set-Cookie values: `__Host-`, Secure, HttpOnly, SameSite=Strict, Path=/ (threats.md §8).
[[nodiscard]] std::string set_page_cookie(std::string_view value);
[[nodiscard]] std::string drop_page_cookie();

/// 43 base64url characters.
[[nodiscard]] std::string page_token(std::string_view cookie, std::string_view kind, std::string_view handle);
/// False for an empty cookie. Compares in constant time.
[[nodiscard]] bool token_fits(std::string_view token, std::string_view cookie, std::string_view kind,
                              std::string_view handle);

/// Whether `Origin` is there once and equals `https://` + Host, or `configured` when that is not empty.
[[nodiscard]] bool same_origin(const HttpRequest& request, std::string_view configured);
/// "https://…", as the person's browser knows this gate. Letters of a host name and port only, the parser has seen to
/// it.
[[nodiscard]] std::string origin_of(const HttpRequest& request, std::string_view configured);

}  // namespace sekisho::fortinet
