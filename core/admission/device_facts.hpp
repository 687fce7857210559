// The device-facts document (urn:sekisho:device-facts:1): the strict check of its schema, and the one place that knows
// how the unsigned host check form of older clients turns into it.
// Unknown members are ignored, absent or null means unknown, another major version is refused.
// Threads: pure functions. Units: lengths of strings in Unicode code points (<= 256), times RFC 3339 UTC with "Z".
// Errors: report.malformed with a JSON pointer, report.other_schema. Source: posture.md §1, §2; fortinet-sslvpn.md
// §3.2.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace sekisho::admission {

/// `facts` came through parse_json (size, depth and UTF-8 are checked).
[[nodiscard]] Result<void> check_facts(const nlohmann::json& facts);

/// `hostcheck=0100,10.0.26100&check_virtual_desktop=mac|mac`, raw or percent-encoded; <= 4 KiB, <= 64 addresses.
/// Empty values give a document that knows nothing. Errors: report.malformed.
[[nodiscard]] Result<nlohmann::json> facts_of_hostcheck(std::string_view form, Instant now);

}  // namespace sekisho::admission
