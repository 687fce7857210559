#include "base/json.hpp"

#include "base/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace sekisho {
namespace {

using nlohmann::json;

Error wrong(const char* code, std::string_view at, std::string_view key, const char* why) {
  return fail(code, json_pointer(at, key) + ": " + why);
}

/// The member, nullptr when absent, or json.wrong_type when `object` is none.
Result<const json*> member(const json& object, std::string_view key, std::string_view at) {
  if (!object.is_object()) return fail("json.wrong_type", std::string(at) + ": must be an object");
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

template <class T>
Result<T> required(Result<std::optional<T>> value, std::string_view key, std::string_view at) {
  if (!value) return value.error();
  if (!*value) return wrong("json.missing", at, key, "missing");
  return std::move(**value);
}

Result<const json*> container(const json& object, std::string_view key, std::string_view at, bool array,
                              std::size_t max_entries) {
  auto found = member(object, key, at);
  if (!found || *found == nullptr) return found;
  if (array ? !(*found)->is_array() : !(*found)->is_object()) {
    return wrong("json.wrong_type", at, key, array ? "must be an array" : "must be an object");
  }
  if ((*found)->size() > max_entries) return wrong("json.too_long", at, key, "too many entries");
  return found;
}

Result<const json*> required_pointer(Result<const json*> found, std::string_view key, std::string_view at) {
  if (found && *found == nullptr) return wrong("json.missing", at, key, "missing");
  return found;
}

}  // namespace

std::string json_pointer(std::string_view at, std::string_view key) {
  std::string out(at);
  out += '/';
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

Result<json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) return fail("json.too_large", "more than " + std::to_string(limits.bytes) + " bytes");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return fail("json.bom", "begins with a byte order mark");
  if (text.find('\0') != std::string_view::npos) return fail("json.nul", "NUL byte in the text");
  return JsonReader(text, limits.depth).read();
}

Result<std::optional<std::string>> get_optional_string(const json& object, std::string_view key, std::size_t max_bytes,
                                                       std::string_view at) {
  const auto found = member(object, key, at);
  if (!found) return found.error();
  if (*found == nullptr) return std::optional<std::string>();
  const auto* text = (*found)->get_ptr<const json::string_t*>();
  if (text == nullptr) return wrong("json.wrong_type", at, key, "must be a string");
  if (text->size() > max_bytes) return wrong("json.too_long", at, key, "string too long");
  return std::optional<std::string>(*text);
}

Result<std::optional<std::int64_t>> get_optional_int(const json& object, std::string_view key, std::int64_t min,
                                                     std::int64_t max, std::string_view at) {
  const auto found = member(object, key, at);
  if (!found) return found.error();
  if (*found == nullptr) return std::optional<std::int64_t>();
  const json& value = **found;
  if (!value.is_number_integer()) return wrong("json.wrong_type", at, key, "must be an integer");
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return wrong("json.out_of_range", at, key, "integer out of range");
  }
  const auto number = value.get<std::int64_t>();
  if (number < min || number > max) return wrong("json.out_of_range", at, key, "integer out of range");
  return std::optional<std::int64_t>(number);
}

Result<std::optional<bool>> get_optional_bool(const json& object, std::string_view key, std::string_view at) {
  const auto found = member(object, key, at);
  if (!found) return found.error();
  if (*found == nullptr) return std::optional<bool>();
  if (!(*found)->is_boolean()) return wrong("json.wrong_type", at, key, "must be true or false");
  return std::optional<bool>((*found)->get<bool>());
}

Result<const json*> get_optional_array(const json& object, std::string_view key, std::size_t max_entries,
                                       std::string_view at) {
  return container(object, key, at, true, max_entries);
}

Result<const json*> get_optional_object(const json& object, std::string_view key, std::string_view at) {
  return container(object, key, at, false, std::numeric_limits<std::size_t>::max());
}

Result<std::string> get_string(const json& object, std::string_view key, std::size_t max_bytes, std::string_view at) {
  return required(get_optional_string(object, key, max_bytes, at), key, at);
}
Result<std::int64_t> get_int(const json& object, std::string_view key, std::int64_t min, std::int64_t max,
                             std::string_view at) {
  return required(get_optional_int(object, key, min, max, at), key, at);
}
Result<bool> get_bool(const json& object, std::string_view key, std::string_view at) {
  return required(get_optional_bool(object, key, at), key, at);
}
Result<const json*> get_array(const json& object, std::string_view key, std::size_t max_entries, std::string_view at) {
  return required_pointer(get_optional_array(object, key, max_entries, at), key, at);
}
Result<const json*> get_object(const json& object, std::string_view key, std::string_view at) {
  return required_pointer(get_optional_object(object, key, at), key, at);
}

}  // namespace sekisho
