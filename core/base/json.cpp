#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace sekisho {
namespace {

using nlohmann::json;

/// Builds the document while it is read, so that a refusal comes before the memory is spent. No recursion: depth is
/// a vector's size.
class StrictBuilder {
 public:
  explicit StrictBuilder(JsonLimits limits) : limits_(limits) {}

  bool null() { return put(json(nullptr)); }
  bool boolean(bool value) { return put(json(value)); }
  bool number_integer(std::int64_t value) { return put(json(value)); }
  bool number_unsigned(std::uint64_t value) { return put(json(value)); }
  bool number_float(double value, const std::string& text) {
    // An integer that fits no 64 bits reaches us as a double: its text has no fraction and no exponent.
    if (text.find_first_of(".eE") == std::string::npos) return refuse("json.number_range", "integer beyond 64 bits");
    return put(json(value));
  }
  bool string(std::string& value) {
    if (value.find('\0') != std::string::npos) return refuse("json.nul", "NUL in a string");
    return put(json(std::move(value)));
  }
  bool binary(json::binary_t&) { return refuse("json.malformed", "binary value"); }
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool key(std::string& name) {
    if (name.find('\0') != std::string::npos) return refuse("json.nul", "NUL in a key");
    Level& level = levels_.back();
    if (!level.keys.insert(name).second) return refuse("json.duplicate_key", "a key occurs twice");
    level.key = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    return refuse("json.malformed", "not JSON at byte " + std::to_string(position));
  }

  Result<json> finish() {
    if (error_) return *error_;
    return std::move(root_);
  }

 private:
  struct Level {
    json* container;
    std::set<std::string> keys;
    std::string key;
  };

  json* place(json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = levels_.back();
    if (level.container->is_array()) {
      level.container->push_back(std::move(value));
      return &level.container->back();
    }
    json& slot = (*level.container)[level.key];
    slot = std::move(value);
    return &slot;
  }
  bool put(json value) { return place(std::move(value)), true; }
  bool open(json value) {
    if (levels_.size() >= limits_.depth) return refuse("json.too_deep", "nested too deep");
    json* container = place(std::move(value));
    levels_.push_back({container, {}, {}});
    return true;
  }
  bool close() { return levels_.pop_back(), true; }
  bool refuse(const char* code, std::string why) {
    if (!error_) error_ = fail(code, pointer() + ": " + std::move(why));
    return false;
  }
  [[nodiscard]] std::string pointer() const {
    std::string out;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const json& container = *levels_[i].container;
      // The entry that an inner level stands in has been placed already, the one being read has not.
      const std::size_t index = container.size() - (i + 1 < levels_.size() ? 1 : 0);
      out = json_pointer(out, container.is_array() ? std::to_string(index) : levels_[i].key);
    }
    return out;
  }

  JsonLimits limits_;
  json root_;
  std::vector<Level> levels_;
  std::optional<Error> error_;
};

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
  // The library takes a NUL byte for the end of the text.
  if (text.find('\0') != std::string_view::npos) return fail("json.nul", "NUL byte in the text");
  StrictBuilder builder(limits);
  json::sax_parse(text, &builder);
  return builder.finish();
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
