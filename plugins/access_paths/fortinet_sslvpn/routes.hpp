// The closed list of paths that this access path answers; every other one gets the same 404 (threats.md §10, T-02).
// Threads: pure functions. Paths are compared byte for byte: no case folding, no prefix, no decoding.
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sekisho::fortinet {

enum class Route : std::uint8_t {
  unknown,
  start,         ///< GET / and GET /<realm>
  login_page,    ///< GET /remote/login
  login_check,   ///< POST /remote/logincheck
  session_page,  ///< GET /remote/index, /remote/fortisslvpn: content ignored by clients, cookie needed
  settings,      ///< GET /remote/fortisslvpn_xml, cookie needed
  tunnel,        ///< GET /remote/sslvpn-tunnel, cookie needed
  logout,        ///< GET /remote/logout, cookie wanted
  host_check,    ///< POST /remote/hostcheck_validate, cookie needed
  // Only where the path allows logins in the browser:
  page_style,       ///< GET style_path(): the pages' style sheet
  page_id,          ///< POST /remote/login/id
  page_password,    ///< POST /remote/login/password
  page_code,        ///< POST /remote/login/code
  page_resend,      ///< POST /remote/login/resend
  page_language,    ///< POST /remote/login/language: the same question in the other language
  client_login,     ///< GET /remote/saml/start: the pages, opened for a client that fetches its session itself
  client_handover,  ///< GET /remote/saml/auth_id: that client fetches
};

/// `realm` is the configured one; empty: no realm exists. `pages`: whether the path allows logins in the browser.
[[nodiscard]] Route find_route(std::string_view method, std::string_view path, std::string_view realm, bool pages);

/// Changes whenever the style sheet changes, so that it may be kept for ever.
[[nodiscard]] std::string style_path();

/// The session cookie of a request: exactly one SVPNCOOKIE of 43 base64url characters, or empty. Borrowed from
/// `request`.
[[nodiscard]] std::string_view session_cookie(const HttpRequest& request);

/// Whether the sender says that it shows HTML; the VPN clients do not.
[[nodiscard]] bool shows_pages(const HttpRequest& request);

}  // namespace sekisho::fortinet
