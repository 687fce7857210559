// The one checker of configurations; what describes them is sdk/config.hpp.
#include "base/json.hpp"

#include <sekisho/sdk/config.hpp>

namespace sekisho {
namespace {

using nlohmann::json;

constexpr std::size_t kMostErrors = 64;
constexpr std::size_t kDeepest = 16;

class Checker {
 public:
  explicit Checker(std::vector<Error>& errors) : errors_(errors) {}

  json value(const json& type, const json& given, const std::string& at, std::size_t depth = 0) {
    const auto name = get_string(type, "type", 32);
    if (!name || depth > kDeepest) return refuse("config.bad_schema", at, "the schema itself is broken here");
    if (*name == "object") return object(type, given, at, depth);
    if (*name == "list") return list(type, given, at, depth);
    if (*name == "string") return string(type, given, at);
    if (*name == "integer" || *name == "seconds") return integer(type, given, at);
    if (*name == "number") return number(type, given, at);
    if (*name == "boolean")
      return given.is_boolean() ? given : refuse("config.wrong_type", at, "must be true or false");
    if (*name == "json") return given.is_object() ? given : refuse("config.wrong_type", at, "must be an object");
    return refuse("config.bad_schema", at, "the schema has a type that this host does not know");
  }

 private:
  json refuse(const char* code, const std::string& at, const std::string& why) {
    if (errors_.size() < kMostErrors) errors_.push_back(fail(code, (at.empty() ? "/" : at) + ": " + why));
    return nullptr;
  }

  /// Whether `number` lies in the type's range; a range that is not there counts as broken, not as endless.
  bool in_range(const json& type, std::int64_t number, const std::string& at, const char* what) {
    const auto min = get_int(type, "min"), max = get_int(type, "max");
    if (!min || !max) return refuse("config.bad_schema", at, "the schema has no range here"), false;
    if (number >= *min && number <= *max) return true;
    refuse("config.out_of_range", at,
           std::string(what) + " must be " + std::to_string(*min) + " to " + std::to_string(*max));
    return false;
  }

  json object(const json& type, const json& given, const std::string& at, std::size_t depth) {
    const auto fields = get_array(type, "fields", 1024);
    if (!fields) return refuse("config.bad_schema", at, "the schema has no fields here");
    if (!given.is_object()) return refuse("config.wrong_type", at, "must be an object");
    json out = json::object();
    std::string known;
    for (const json& field : **fields) {
      const auto name = get_string(field, "name", 256);
      if (!name) return refuse("config.bad_schema", at, "the schema has a field without a name");
      known += (known.empty() ? "" : ", ") + *name;
      const std::string where = json_pointer(at, *name);
      if (const auto found = given.find(*name); found != given.end()) {
        out[*name] = value(field, *found, where, depth + 1);
      } else if (field.value("required", json(false)) == json(true)) {
        refuse("config.missing", where, "is required");
      } else if (const auto fallback = field.find("default"); fallback != field.end()) {
        out[*name] = *fallback;
      } else if (field.value("type", json()) == json("object")) {
        out[*name] = value(field, json::object(), where, depth + 1);
      }
    }
    for (const auto& [key, unused] : given.items()) {
      if (!out.contains(key)) refuse("config.unknown_key", json_pointer(at, key), "unknown key; known here: " + known);
    }
    return out;
  }

  json list(const json& type, const json& given, const std::string& at, std::size_t depth) {
    const auto entry = get_object(type, "of");
    if (!entry) return refuse("config.bad_schema", at, "the schema has no entry type here");
    if (!given.is_array()) return refuse("config.wrong_type", at, "must be a list");
    if (!in_range(type, static_cast<std::int64_t>(given.size()), at, "the number of entries")) return nullptr;
    json out = json::array();
    for (std::size_t i = 0; i < given.size(); ++i) {
      out.push_back(value(**entry, given[i], json_pointer(at, std::to_string(i)), depth + 1));
    }
    return out;
  }

  json string(const json& type, const json& given, const std::string& at) {
    const auto* text = given.get_ptr<const json::string_t*>();
    if (text == nullptr) return refuse("config.wrong_type", at, "must be a string");
    if (!in_range(type, static_cast<std::int64_t>(text->size()), at, "the length in bytes")) return nullptr;
    const bool multiline = type.value("multiline", json(false)) == json(true);
    for (const char c : *text) {
      if ((static_cast<unsigned char>(c) < 0x20 && !(multiline && c == '\n')) || c == 0x7f) {
        return refuse("config.bad_text", at, "holds a control character");
      }
    }
    if (const auto allowed = type.find("one_of"); allowed != type.end()) {
      if (!allowed->is_array()) return refuse("config.bad_schema", at, "the schema's list of values is none");
      std::string words;
      for (const json& word : *allowed) {
        if (word == given) return given;
        if (word.is_string()) words += (words.empty() ? "" : ", ") + word.get<std::string>();
      }
      return refuse("config.not_allowed", at, "must be one of: " + words);
    }
    return given;
  }

  json integer(const json& type, const json& given, const std::string& at) {
    if (!given.is_number_integer()) return refuse("config.wrong_type", at, "must be an integer");
    const bool huge = given.is_number_unsigned() &&
                      given.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    const auto number = huge ? std::numeric_limits<std::int64_t>::max() : given.get<std::int64_t>();
    if (huge) return refuse("config.out_of_range", at, "the number is too large");
    return in_range(type, number, at, "the number") ? given : json();
  }

  json number(const json& type, const json& given, const std::string& at) {
    if (!given.is_number()) return refuse("config.wrong_type", at, "must be a number");
    const auto min = get_int(type, "min"), max = get_int(type, "max");
    if (!min || !max) return refuse("config.bad_schema", at, "the schema has no range here");
    const auto value = given.get<double>();
    if (value >= static_cast<double>(*min) && value <= static_cast<double>(*max)) return given;
    return refuse("config.out_of_range", at,
                  "the number must be " + std::to_string(*min) + " to " + std::to_string(*max));
  }

  std::vector<Error>& errors_;
};

/// Markdown cells may hold no bar and no line feed.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void page_rows(const json& fields, const std::string& prefix, std::string& out) {
  for (const json& field : fields) {
    const std::string name = prefix + field.at("name").get<std::string>();
    const json* type = &field;
    std::string words = field.at("type").get<std::string>();
    if (words == "list") {
      type = &field.at("of");
      words = "list of " + type->at("type").get<std::string>();
    }
    if (field.contains("one_of")) {
      words += ": " + field["one_of"].dump();
    } else if (field.contains("min") && words != "string" && words.rfind("list", 0) != 0) {
      words += " " + field["min"].dump() + ".." + field["max"].dump();
    }
    if (field.value("secret", false)) words += ", path of a file with a secret";
    const bool required = field.value("required", false);
    const std::string fallback = required ? "required" : field.contains("default") ? field["default"].dump() : "";
    out += "| `" + name + "` | " + cell(words) + " | " + cell(fallback) + " | " +
           cell(field.at("meaning").get<std::string>()) + " |\n";
    if (type->contains("fields")) page_rows(type->at("fields"), name + (type == &field ? "." : "[]."), out);
  }
}

}  // namespace

ConfigCheck check_config(const json& schema, const json& config) {
  ConfigCheck out;
  out.value = Checker(out.errors).value(schema, config, "");
  return out;
}

Error join_config_errors(const std::vector<Error>& errors) {
  std::string all;
  for (const Error& error : errors) {
    if (!all.empty()) all += "; ";
    all += error.detail + " [" + error.code + "]";
  }
  return fail("config.invalid", all);
}

std::string config_page(const json& schema) {
  std::string out = "| key | type | default | meaning |\n|---|---|---|---|\n";
  page_rows(schema.at("fields"), "", out);
  return out;
}

}  // namespace sekisho
