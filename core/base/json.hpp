// Strict JSON for everything that comes from outside: nlohmann/json refuses too little by itself (duplicate keys,
// depth, BOM, NUL and integers beyond 64 bits pass), so no other file of the tree calls json::parse on foreign bytes.
// Threads: pure functions. Ownership: arguments are borrowed; results own their bytes. Source: RFC 8259; threats.md §9,
// T-54. Errors of parse_json: json.too_large, json.bom, json.malformed, json.duplicate_key, json.too_deep, json.nul,
// json.number_range. Errors of the getters: json.missing, json.wrong_type, json.out_of_range, json.too_long. `detail`
// begins with the JSON pointer of the place (RFC 6901) and never quotes a value.
#pragma once
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho {

struct JsonLimits {
  std::size_t bytes = 64 * 1024;  ///< of the text, checked before anything is parsed
  std::size_t depth = 8;          ///< nested arrays and objects; a scalar alone has depth 0, `{}` has 1
};

/// The whole text is one JSON value; nothing but white space around it.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits = {});

/// Getters for members of an object. `at` is the JSON pointer of `object` itself and only used in errors.
/// Lengths are bytes of UTF-8; ranges include both ends.
[[nodiscard]] Result<std::string> get_string(const nlohmann::json& object, std::string_view key, std::size_t max_bytes,
                                             std::string_view at = "");
[[nodiscard]] Result<std::int64_t> get_int(const nlohmann::json& object, std::string_view key,
                                           std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                                           std::int64_t max = std::numeric_limits<std::int64_t>::max(),
                                           std::string_view at = "");
[[nodiscard]] Result<bool> get_bool(const nlohmann::json& object, std::string_view key, std::string_view at = "");
/// Borrowed from `object`.
[[nodiscard]] Result<const nlohmann::json*> get_array(const nlohmann::json& object, std::string_view key,
                                                      std::size_t max_entries, std::string_view at = "");
[[nodiscard]] Result<const nlohmann::json*> get_object(const nlohmann::json& object, std::string_view key,
                                                       std::string_view at = "");

/// As above, but an absent key is nullopt (nullptr). A present null is a wrong type, not an absence.
[[nodiscard]] Result<std::optional<std::string>> get_optional_string(const nlohmann::json& object, std::string_view key,
                                                                     std::size_t max_bytes, std::string_view at = "");
[[nodiscard]] Result<std::optional<std::int64_t>> get_optional_int(
    const nlohmann::json& object, std::string_view key, std::int64_t min = std::numeric_limits<std::int64_t>::min(),
    std::int64_t max = std::numeric_limits<std::int64_t>::max(), std::string_view at = "");
[[nodiscard]] Result<std::optional<bool>> get_optional_bool(const nlohmann::json& object, std::string_view key,
                                                            std::string_view at = "");
[[nodiscard]] Result<const nlohmann::json*> get_optional_array(const nlohmann::json& object, std::string_view key,
                                                               std::size_t max_entries, std::string_view at = "");
[[nodiscard]] Result<const nlohmann::json*> get_optional_object(const nlohmann::json& object, std::string_view key,
                                                                std::string_view at = "");

/// `at` + "/" + `key` with "~" and "/" escaped (RFC 6901 §3).
[[nodiscard]] std::string json_pointer(std::string_view at, std::string_view key);

}  // namespace sekisho
