// The closed list of paths that this access path answers; every other one gets the same 404 (threats.md §10, T-02).
// Threads: pure functions. Paths are compared byte for byte: no case folding, no prefix, no decoding.
#pragma once
#include <sekisho/sdk/path/http.hpp>

#include <cstdint>
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
};

/// `realm` is the configured one; empty: no realm exists.
[[nodiscard]] Route find_route(std::string_view method, std::string_view path, std::string_view realm);

/// The session cookie of a request: exactly one SVPNCOOKIE of 43 base64url characters, or empty. Borrowed from
/// `request`.
[[nodiscard]] std::string_view session_cookie(const HttpRequest& request);

}  // namespace sekisho::fortinet
