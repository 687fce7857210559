// The JSON form of the registry: one document, one array per kind, fields as fields.hpp describes them.
//   {"schema":"sekisho.registry/1","generation":7,"contractors":[{"id":"mori-kogyo","name":"森工業"}],"people":[…],…}
// Days "2026-04-01" or instants "2026-04-01T00:00:00Z": as the beginning of a period a day means its first instant in
// Japan (UTC+9), as an end the end of that day in Japan. An export writes days where that is exact.
// Threads: pure functions. Errors: findings with JSON pointers into the document that was handed in, all at once.
// Ranges: the caller parses the text (base/json.hpp) and so bounds its size; depth 4 suffices.
#pragma once
#include "registry/fields.hpp"
#include "registry/rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::registry {

struct ExportOptions {
  bool secrets = false;  ///< password hashes and open enrolments too
};

struct Imported {
  Registry registry;              ///< to be used only when `findings` is empty
  std::vector<Finding> findings;  ///< of the document's form and of validate()
};

[[nodiscard]] nlohmann::json export_registry(const Registry& registry, ExportOptions options = {});
/// Absent arrays are empty ones; "generation" is read when present. Validates.
[[nodiscard]] Imported import_registry(const nlohmann::json& document);

/// One object in its JSON form; nullopt when there is none with this key.
[[nodiscard]] std::optional<nlohmann::json> export_object(const Registry& registry, Kind kind, const std::string& key,
                                                          ExportOptions options = {});
/// Reads one object and puts it into `registry` in the place of one with the same key. Does not validate the whole.
/// Pointers begin at the object ("/name").
struct ObjectRead {
  std::string key;
  std::vector<Finding> findings;
};
[[nodiscard]] ObjectRead read_object(Kind kind, const nlohmann::json& object, Registry& registry);

/// A day (as `day` says) or an instant. nullopt: neither.
[[nodiscard]] std::optional<Instant> parse_moment(std::string_view text, Day day);
/// The shortest form that parse_moment() reads back to the same instant.
[[nodiscard]] std::string format_moment(Instant at, Day day);

}  // namespace sekisho::registry
