// Manifest: what is known of a plugin before its library is opened. Written at build time by sekisho-make-manifest from
// the finished library, read by the loader and by --list-plugins. Threads: plain values and pure functions. Ranges:
// text <= 256 KiB, depth <= 16. Errors: plugin.bad_manifest. Source: decisions.md "Manifest".
#pragma once
#include <sekisho/sdk/plugin.hpp>
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::plugin {

struct Manifest {
  std::string name, version;
  PluginKind kind = PluginKind::authenticator;
  PluginStatus status = PluginStatus::wip;
  PluginPosture posture = PluginPosture::untrusted_peer;
  std::uint32_t api_major = 0, api_minor = 0;
  std::string fingerprint;
  std::string needs;           ///< "kind:name,kind:name"
  nlohmann::json schema;       ///< of its configuration (sdk/config.hpp)
  std::string library_sha256;  ///< lower-case hex of the whole library file
};

inline constexpr std::size_t kMostManifestBytes = 256 * 1024;

[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);
[[nodiscard]] std::string manifest_text(const Manifest& manifest);
/// What the library says of itself; `library_sha256` stays empty. Errors: plugin.bad_header (null or unknown fields, a
/// schema() that throws or is no schema).
[[nodiscard]] Result<Manifest> manifest_of(const PluginHeader& header);
/// The first field in which the two differ, or an empty string.
[[nodiscard]] std::string first_difference(const Manifest& a, const Manifest& b);

/// [a-z0-9_]+, at most 64 characters: a name is a file name and never anything else.
[[nodiscard]] bool is_plugin_name(std::string_view name);
/// Splits "kind:name,kind:name"; nullopt when an entry is neither.
[[nodiscard]] std::optional<std::vector<std::pair<PluginKind, std::string>>> split_needs(std::string_view needs);

[[nodiscard]] std::string_view kind_name(PluginKind kind);
[[nodiscard]] std::string_view status_name(PluginStatus status);
[[nodiscard]] std::string_view posture_name(PluginPosture posture);
[[nodiscard]] std::optional<PluginKind> kind_from(std::string_view name);

}  // namespace sekisho::plugin
