// Configuration described once: one describe() feeds the parser, the defaults, the schema in a plugin's manifest,
// --print-schema and the operator page.
//
//   struct Config {
//     std::string key_file;  std::uint16_t port = 5900;  std::chrono::seconds idle_limit{600};
//     static void describe(auto& d) {
//       d.field("key_file", &Config::key_file, "Key of the mailed codes", {.required = true, .secret = true});
//       d.field("port", &Config::port, "TCP port", {{1, 65535}});
//       d.field("idle_limit_s", &Config::idle_limit, "Close after this much silence (s)", {{10, 86400}});
//     }
//   };
//   SEKISHO_PLUGIN(… .schema = &sekisho::schema_text<Config>, .create = &create)   // plugin.cpp
//   auto config = sekisho::read_config<Config>(json);                              // inside create()
//
// Types: bool, integers, double, std::chrono::seconds, std::string, nlohmann::json (any object, kept raw), another
// described struct, std::vector of these, std::optional of a scalar. Unknown keys are errors; null is never a value.
// Threads: pure functions. Ownership: results own their bytes. Texts: UTF-8.
// Errors, each with the JSON pointer of its place first in `detail` and never a value: config.unknown_key,
// config.missing, config.wrong_type, config.out_of_range, config.not_allowed, config.bad_text, config.bad_schema.
// Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sekisho {

/// Both ends belong to it. For numbers the value, for strings the length in bytes, for lists the number of entries.
struct ConfigRange {
  constexpr ConfigRange() = default;  ///< not given
  constexpr ConfigRange(std::int64_t lowest, std::int64_t highest) : min(lowest), max(highest), given(true) {}
  std::int64_t min = 0, max = 0;
  bool given = false;
};

struct FieldOptions {
  ConfigRange range = {};                ///< default: what the type holds; strings 0..4096, lists 0..1024
  bool required = false;                 ///< must stand in the file; otherwise the struct's own value is the default
  bool secret = false;                   ///< the string is the path of a file that holds a secret
  bool multiline = false;                ///< the string may hold line feeds; other control characters never pass
  std::vector<std::string> one_of = {};  ///< the only strings allowed (in a list: for each entry)
};

/// `value` is the configuration with every default filled in; use it only when `errors` is empty (<= 64 are listed).
struct ConfigCheck {
  nlohmann::json value;
  std::vector<Error> errors;
};
/// Checks a document against a schema made by schema_of() (or read from a manifest). A broken schema is
/// config.bad_schema.
[[nodiscard]] ConfigCheck check_config(const nlohmann::json& schema, const nlohmann::json& config);
/// All errors in one: code config.invalid, details joined with "; ".
[[nodiscard]] Error join_config_errors(const std::vector<Error>& errors);
/// The schema as a Markdown table for operators: key, type and range, default, meaning.
[[nodiscard]] std::string config_page(const nlohmann::json& schema);

namespace config_detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

struct AnyVisitor {
  template <class T, class M>
  void field(const char*, M T::*, const char*, const FieldOptions& = {}) {}
};
template <class T>
concept Described = requires(AnyVisitor& d) {
  T::describe(d);
};

template <class T>
[[nodiscard]] nlohmann::json fields_of(const T& defaults);

/// Type, range and inner shape of one member; `defaults` gives nested structs theirs.
template <class M>
[[nodiscard]] nlohmann::json type_of(const M& defaults, const FieldOptions& options) {
  nlohmann::json out = nlohmann::json::object();
  ConfigRange range{};
  if constexpr (IsOptional<M>::value) {
    return type_of<typename M::value_type>(typename M::value_type{}, options);
  } else if constexpr (std::is_same_v<M, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_same_v<M, nlohmann::json>) {
    return {{"type", "json"}};
  } else if constexpr (Described<M>) {
    return {{"type", "object"}, {"fields", fields_of(defaults)}};
  } else if constexpr (std::is_integral_v<M>) {
    out["type"] = "integer";
    range.min = std::is_signed_v<M> ? static_cast<std::int64_t>(std::numeric_limits<M>::min()) : 0;
    range.max = std::in_range<std::int64_t>(std::numeric_limits<M>::max())
                    ? static_cast<std::int64_t>(std::numeric_limits<M>::max())
                    : std::numeric_limits<std::int64_t>::max();
  } else if constexpr (std::is_same_v<M, std::chrono::seconds>) {
    out["type"] = "seconds";
    range.max = std::int64_t{100} * 366 * 86400;  // a century: sums with an Instant cannot overflow
  } else if constexpr (std::is_floating_point_v<M>) {
    out["type"] = "number";
    range = ConfigRange(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  } else if constexpr (IsVector<M>::value) {
    FieldOptions inner = options;
    inner.range = {};
    out["type"] = "list";
    out["of"] = type_of<typename M::value_type>(typename M::value_type{}, inner);
    range = {0, 1024};
  } else {
    static_assert(std::is_same_v<M, std::string>, "a type that describe() does not know");
    out["type"] = "string";
    range = {0, 4096};
    if (!options.one_of.empty()) out["one_of"] = options.one_of;
    if (options.secret) out["secret"] = true;
    if (options.multiline) out["multiline"] = true;
  }
  if (options.range.given) {
    SEKISHO_ASSERT(options.range.min >= range.min && options.range.max <= range.max &&
                   options.range.min <= options.range.max);
    range = options.range;
  }
  out["min"] = range.min;
  out["max"] = range.max;
  return out;
}

template <class M>
[[nodiscard]] nlohmann::json to_json(const M& value) {
  if constexpr (std::is_same_v<M, std::chrono::seconds>) {
    return value.count();
  } else if constexpr (IsVector<M>::value) {
    nlohmann::json out = nlohmann::json::array();
    if constexpr (Described<typename M::value_type>) {
      SEKISHO_ASSERT(value.empty());  // a default list of structs would need a writer that nothing else needs
    } else {
      for (const auto& entry : value) out.push_back(to_json<typename M::value_type>(entry));
    }
    return out;
  } else {
    return value;
  }
}

template <class T>
class SchemaWriter {
 public:
  explicit SchemaWriter(const T& defaults) : defaults_(defaults) {}
  template <class M>
  void field(const char* name, M T::*member, const char* meaning, const FieldOptions& options = {}) {
    for (const auto& other : fields_) SEKISHO_ASSERT(other["name"] != name);
    nlohmann::json out = type_of<M>(defaults_.*member, options);
    out["name"] = name;
    out["meaning"] = meaning;
    if (options.required) {
      out["required"] = true;
    } else if constexpr (!Described<M> && !IsOptional<M>::value) {
      out["default"] = to_json(defaults_.*member);
    }
    fields_.push_back(std::move(out));
  }
  nlohmann::json fields_ = nlohmann::json::array();

 private:
  const T& defaults_;
};

template <class T>
nlohmann::json fields_of(const T& defaults) {
  SchemaWriter<T> writer(defaults);
  T::describe(writer);
  return std::move(writer.fields_);
}

template <class M>
void read(const nlohmann::json& from, M& to);

/// Reads a document that check_config() has passed: every type is right and every default is present.
template <class T>
class Reader {
 public:
  Reader(const nlohmann::json& from, T& to) : from_(from), to_(to) {}
  template <class M>
  void field(const char* name, M T::*member, const char*, const FieldOptions& = {}) {
    if (const auto found = from_.find(name); found != from_.end()) read(*found, to_.*member);
  }

 private:
  const nlohmann::json& from_;
  T& to_;
};

template <class M>
void read(const nlohmann::json& from, M& to) {
  if constexpr (IsOptional<M>::value) {
    read(from, to.emplace());
  } else if constexpr (std::is_same_v<M, nlohmann::json>) {
    to = from;
  } else if constexpr (Described<M>) {
    Reader<M> reader(from, to);
    M::describe(reader);
  } else if constexpr (IsVector<M>::value) {
    to.clear();
    for (const auto& entry : from) {
      typename M::value_type value{};
      read(entry, value);
      to.push_back(std::move(value));
    }
  } else if constexpr (std::is_same_v<M, std::chrono::seconds>) {
    to = std::chrono::seconds(from.get<std::int64_t>());
  } else {
    to = from.get<M>();
  }
}

}  // namespace config_detail

/// {"type":"object","fields":[{"name","type","meaning","min","max","default","required","secret","fields","of",…}]}
template <config_detail::Described T>
[[nodiscard]] nlohmann::json schema_of() {
  return {{"type", "object"}, {"fields", config_detail::fields_of(T{})}};
}

/// The same as text with static life: what PluginHeader::schema wants.
template <config_detail::Described T>
[[nodiscard]] const char* schema_text() {
  static const std::string text = schema_of<T>().dump();
  return text.c_str();
}

template <class T>
struct ConfigParse {
  std::optional<T> value;  ///< only when there is no error
  std::vector<Error> errors;
};

/// Parses into a fresh object; every error of the document at once.
template <config_detail::Described T>
[[nodiscard]] ConfigParse<T> parse_config(const nlohmann::json& document) {
  static const nlohmann::json schema = schema_of<T>();
  ConfigCheck check = check_config(schema, document);
  ConfigParse<T> out;
  out.errors = std::move(check.errors);
  if (out.errors.empty()) config_detail::read(check.value, out.value.emplace());
  return out;
}

/// The same for one who wants a Result: the errors joined under config.invalid.
template <config_detail::Described T>
[[nodiscard]] Result<T> read_config(const nlohmann::json& document) {
  auto parsed = parse_config<T>(document);
  if (!parsed.value) return join_config_errors(parsed.errors);
  return std::move(*parsed.value);
}

}  // namespace sekisho
