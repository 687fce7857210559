// The opening of a WebSocket, server side: judges a request that the strict HTTP parser has read, writes the 101.
// A browser cannot add header fields to a WebSocket, and a secret has no place in a URL: the one-time ticket travels as
// a subprotocol beside "binary":   new WebSocket(url, ["binary", "sekisho.ticket.<43 characters of
// base64url>"]). The server answers "binary" alone. Threads: pure functions. Source: RFC 6455 §4.2; threats.md T-11,
// T-60.
#pragma once
#include <sekisho/sdk/path/http.hpp>
#include <sekisho/sdk/secret.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace sekisho::websocket {

struct UpgradeRules {
  std::string origin;  ///< "https://gate.example:10443", compared byte by byte; never empty
  std::string path;    ///< "/console/screen", the only one that is upgraded
};

struct Upgrade {
  Secret ticket;       ///< 43 characters of base64url; whether it is any good is the gate's to say
  std::string accept;  ///< Sec-WebSocket-Accept
};

/// Errors: 404 another path; 400 no WebSocket opening; 426 another version than 13 (the answer must name 13); 403
/// Origin missing, "null" or another, or a ticket missing, twice or malformed.
[[nodiscard]] std::variant<Upgrade, HttpRefusal> judge_upgrade(const HttpRequest& request, const UpgradeRules& rules);
/// The 101 answer, whole.
[[nodiscard]] std::string switching_protocols(const Upgrade& upgrade);

}  // namespace sekisho::websocket
