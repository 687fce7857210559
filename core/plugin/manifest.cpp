#include "plugin/manifest.hpp"

#include "base/json.hpp"

#include <sekisho/sdk/config.hpp>

#include <array>

namespace sekisho::plugin {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kKinds{"access_path", "authenticator", "posture_check", "console_driver"};
constexpr std::array<std::string_view, 3> kStatus{"wip", "alpha", "stable"};
constexpr std::array<std::string_view, 2> kPosture{"trusted_peer", "untrusted_peer"};

/// An enum that came from a library or a file may hold any number: out of range is "" and nothing equals "".
template <class E, std::size_t N>
std::string_view name_of(E value, const std::array<std::string_view, N>& names) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view();
}

template <class E, std::size_t N>
std::optional<E> value_of(std::string_view name, const std::array<std::string_view, N>& names) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

bool is_hex_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A schema that refuses even an empty document with config.bad_schema is none. Depth is bounded by the parser.
bool is_schema(const json& schema) {
  for (const Error& error : check_config(schema, json::object()).errors) {
    if (error.code == "config.bad_schema") return false;
  }
  return schema.is_object() && schema.value("type", json()) == json("object");
}

}  // namespace

std::string_view kind_name(PluginKind kind) {
  return name_of(kind, kKinds);
}
std::string_view status_name(PluginStatus status) {
  return name_of(status, kStatus);
}
std::string_view posture_name(PluginPosture posture) {
  return name_of(posture, kPosture);
}
std::optional<PluginKind> kind_from(std::string_view name) {
  return value_of<PluginKind>(name, kKinds);
}

bool is_plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

std::optional<std::vector<std::pair<PluginKind, std::string>>> split_needs(std::string_view needs) {
  std::vector<std::pair<PluginKind, std::string>> out;
  while (!needs.empty()) {
    const auto comma = needs.find(',');
    const std::string_view entry = needs.substr(0, comma);
    const auto colon = entry.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto kind = kind_from(entry.substr(0, colon));
    const std::string_view name = entry.substr(colon + 1);
    if (!kind || !is_plugin_name(name)) return std::nullopt;
    out.emplace_back(*kind, name);
    if (comma == std::string_view::npos) break;
    needs.remove_prefix(comma + 1);
    if (needs.empty()) return std::nullopt;  // a comma promises another entry
  }
  return out;
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto parsed = parse_json(text, {.bytes = kMostManifestBytes, .depth = 16});
  if (!parsed) return fail("plugin.bad_manifest", parsed.error().code + " " + parsed.error().detail);
  const json& document = *parsed;
  Manifest out;
  std::string kind, status, posture;
  std::optional<Error> wrong;
  const auto text_field = [&](const char* key, std::string& into, std::size_t max) {
    auto value = get_string(document, key, max);
    if (value) {
      into = std::move(*value);
    } else if (!wrong) {
      wrong = value.error();
    }
  };
  text_field("name", out.name, 64);
  text_field("version", out.version, 64);
  text_field("kind", kind, 32);
  text_field("status", status, 32);
  text_field("posture", posture, 32);
  text_field("fingerprint", out.fingerprint, 256);
  text_field("needs", out.needs, 1024);
  text_field("sha256", out.library_sha256, 64);
  const auto version = get_int(document, "manifest", 1, 1);
  if (!version && !wrong) wrong = version.error();
  const auto api = get_object(document, "api");
  if (!api) return fail("plugin.bad_manifest", api.error().detail);
  const auto major = get_int(**api, "major", 0, 1 << 16, "/api"), minor = get_int(**api, "minor", 0, 1 << 16, "/api");
  if (!major || !minor) return fail("plugin.bad_manifest", (major ? minor : major).error().detail);
  const auto schema = get_object(document, "schema");
  if (!schema) return fail("plugin.bad_manifest", schema.error().detail);
  if (wrong) return fail("plugin.bad_manifest", wrong->detail);
  if (document.size() != 11) return fail("plugin.bad_manifest", "unknown keys");

  out.api_major = static_cast<std::uint32_t>(*major);
  out.api_minor = static_cast<std::uint32_t>(*minor);
  out.schema = **schema;
  const auto known_kind = kind_from(kind);
  const auto known_status = value_of<PluginStatus>(status, kStatus);
  const auto known_posture = value_of<PluginPosture>(posture, kPosture);
  if (!known_kind || !known_status || !known_posture) {
    return fail("plugin.bad_manifest", "unknown kind, status or posture");
  }
  out.kind = *known_kind;
  out.status = *known_status;
  out.posture = *known_posture;
  if (!is_plugin_name(out.name)) return fail("plugin.bad_manifest", "/name: only a-z, 0-9 and _");
  if (!is_hex_sha256(out.library_sha256)) return fail("plugin.bad_manifest", "/sha256: 64 lower-case hex digits");
  if (!split_needs(out.needs)) return fail("plugin.bad_manifest", "/needs: must be kind:name, comma separated");
  if (!is_schema(out.schema)) return fail("plugin.bad_manifest", "/schema: is no schema");
  return out;
}

std::string manifest_text(const Manifest& manifest) {
  const json document = {{"manifest", 1},
                         {"name", manifest.name},
                         {"kind", kind_name(manifest.kind)},
                         {"version", manifest.version},
                         {"status", status_name(manifest.status)},
                         {"posture", posture_name(manifest.posture)},
                         {"api", {{"major", manifest.api_major}, {"minor", manifest.api_minor}}},
                         {"fingerprint", manifest.fingerprint},
                         {"needs", manifest.needs},
                         {"schema", manifest.schema},
                         {"sha256", manifest.library_sha256}};
  return document.dump(1) + "\n";
}

Result<Manifest> manifest_of(const PluginHeader& header) {
  if (header.fingerprint == nullptr || header.name == nullptr || header.version == nullptr || header.needs == nullptr ||
      header.schema == nullptr || header.create == nullptr) {
    return fail("plugin.bad_header", "a field of the header is null");
  }
  Manifest out;
  out.name = header.name;
  out.version = header.version;
  out.kind = header.kind;
  out.status = header.status;
  out.posture = header.posture;
  out.api_major = header.api_major;
  out.api_minor = header.api_minor;
  out.fingerprint = header.fingerprint;
  out.needs = header.needs;
  if (kind_name(out.kind).empty() || status_name(out.status).empty() || posture_name(out.posture).empty()) {
    return fail("plugin.bad_header", "unknown kind, status or posture");
  }
  if (!is_plugin_name(out.name)) return fail("plugin.bad_header", "name: only a-z, 0-9 and _");
  if (!split_needs(out.needs)) return fail("plugin.bad_header", "needs: must be kind:name, comma separated");
  const char* schema = nullptr;
  try {
    schema = header.schema();
  } catch (...) {
    return fail("plugin.bad_header", "schema() threw");
  }
  if (schema == nullptr) return fail("plugin.bad_header", "schema() is null");
  auto parsed = parse_json(schema, {.bytes = kMostManifestBytes / 2, .depth = 15});
  if (!parsed || !is_schema(*parsed)) return fail("plugin.bad_header", "schema() is no schema");
  out.schema = std::move(*parsed);
  return out;
}

std::string first_difference(const Manifest& a, const Manifest& b) {
  if (a.name != b.name) return "name";
  if (a.version != b.version) return "version";
  if (a.kind != b.kind) return "kind";
  if (a.status != b.status) return "status";
  if (a.posture != b.posture) return "posture";
  if (a.api_major != b.api_major || a.api_minor != b.api_minor) return "api";
  if (a.fingerprint != b.fingerprint) return "fingerprint";
  if (a.needs != b.needs) return "needs";
  if (a.schema != b.schema) return "schema";
  return "";
}

}  // namespace sekisho::plugin
