// Which browser a User-Agent names.
// Threads: pure functions. Ranges: <= 512 bytes of printable ASCII (sdk/arrival.hpp); anything longer is no browser.
// Source: RFC 9110 §10.1.5; posture.md §7 `browser`.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sekisho::browser {

enum class Product : std::uint8_t { other, edge, firefox, chrome };
struct Agent {
  Product product = Product::other;
  std::optional<std::int64_t> major;  ///< nullopt: the version is no number
};

/// Product names outside comments, compared whole: "NotEdg/1" names no Edge.
[[nodiscard]] Agent read_user_agent(std::string_view text);

}  // namespace sekisho::browser
