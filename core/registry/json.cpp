#include "registry/json.hpp"

#include "base/json.hpp"
#include "registry/findings.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace sekisho::registry {
namespace {

using nlohmann::json;

constexpr auto kJapan = std::chrono::hours(9);  // UTC+9 all the year round since 1951
constexpr auto kOneDay = std::chrono::days(1);
constexpr std::string_view kSchema = "sekisho.registry/1";
/// More objects of one kind than any prefecture has; a document beyond that is an accident or an attack.
constexpr std::size_t kObjects = 20'000;

class Writer {
 public:
  explicit Writer(ExportOptions options) : options_(options) {}

  void id(const Field& f, const std::string& value) { out[std::string(f.name)] = value; }
  void text(const Field& f, const std::string& value) { put_text(f, value); }
  void ref(const Field& f, const std::string& value) { put_text(f, value); }
  void refs(const Field& f, const std::vector<std::string>& values) { out[std::string(f.name)] = values; }
  void texts(const Field& f, const std::vector<std::string>& values) { out[std::string(f.name)] = values; }
  template <class E>
  void choice(const Field& f, const E& value) {
    out[std::string(f.name)] = to_string(value);
  }
  void choices(const Field& f, const std::vector<Role>& values) {
    json list = json::array();
    for (const Role role : values) list.push_back(to_string(role));
    out[std::string(f.name)] = std::move(list);
  }
  void flag(const Field& f, const bool& value) { out[std::string(f.name)] = value; }
  template <class N>
  void number(const Field& f, const N& value) {
    out[std::string(f.name)] = value;
  }
  void moment(const Field& f, const Instant& value) { out[std::string(f.name)] = format_moment(value, f.day); }
  void moment(const Field& f, const std::optional<Instant>& value) {
    if (value && shown(f)) moment(f, *value);
  }
  void period(const Field& f, const Period& value) {
    out[std::string(f.name)] = {{"from", format_moment(value.from, Day::begin)},
                                {"until", format_moment(value.until, Day::end)}};
  }
  void json_text(const Field& f, const std::string& value) {
    if (value.empty()) return;
    auto parsed = parse_json(value, JsonLimits{.bytes = f.max, .depth = 2});
    out[std::string(f.name)] = parsed ? *std::move(parsed) : json(value);
  }

  json out = json::object();

 private:
  [[nodiscard]] bool shown(const Field& f) const { return !f.secret || options_.secrets; }
  void put_text(const Field& f, const std::string& value) {
    if (!shown(f) || (value.empty() && !f.required)) return;
    out[std::string(f.name)] = value;
  }
  ExportOptions options_;
};

class Reader {
 public:
  Reader(const json& object, std::string at, std::vector<Finding>& out)
      : object_(object), at_(std::move(at)), out_(out) {}

  void id(const Field& f, std::string& value) { text(f, value); }
  void text(const Field& f, std::string& value) {
    if (const json* found = find(f)) string_of(*found, pointer(f), value);
  }
  void ref(const Field& f, std::string& value) { text(f, value); }
  void refs(const Field& f, std::vector<std::string>& values) { texts(f, values); }
  void texts(const Field& f, std::vector<std::string>& values) {
    const json* list = find_list(f);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      string_of((*list)[i], pointer(f) + "/" + std::to_string(i), values.emplace_back());
    }
  }
  template <class E>
  void choice(const Field& f, E& value) {
    if (const json* found = find(f)) choice_of(*found, pointer(f), value);
  }
  void choices(const Field& f, std::vector<Role>& values) {
    const json* list = find_list(f);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      Role role{};
      if (choice_of((*list)[i], pointer(f) + "/" + std::to_string(i), role)) values.push_back(role);
    }
  }
  void flag(const Field& f, bool& value) {
    const json* found = find(f);
    if (found == nullptr) return;
    if (!found->is_boolean()) return wrong_type(pointer(f), "true / false");
    value = found->get<bool>();
  }
  template <class N>
  void number(const Field& f, N& value) {
    const json* found = find(f);
    if (found == nullptr) return;
    if (!found->is_number_integer()) return wrong_type(pointer(f), "integer");
    // Unsigned values beyond int64 were refused by the parser's own range; compare as the wider signed type.
    const bool huge = found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(f.high);
    const std::int64_t number = huge ? f.high : found->get<std::int64_t>();
    if (huge || number < f.low || number > f.high) {
      out_.push_back(finding(pointer(f), "field.range", std::to_string(f.low) + "–" + std::to_string(f.high)));
      return;
    }
    value = static_cast<N>(number);
  }
  void moment(const Field& f, Instant& value) {
    if (const json* found = find(f)) moment_of(*found, pointer(f), f.day, value);
  }
  void moment(const Field& f, std::optional<Instant>& value) {
    const json* found = find(f);
    Instant at{};
    if (found != nullptr && moment_of(*found, pointer(f), f.day, at)) value = at;
  }
  void period(const Field& f, Period& value) {
    const json* found = find(f);
    if (found == nullptr) return;
    if (!found->is_object()) return wrong_type(pointer(f), "{\"from\", \"until\"}");
    Reader inner(*found, pointer(f), out_);
    inner.moment(Field{.name = "from", .day = Day::begin}, value.from);
    inner.moment(Field{.name = "until", .day = Day::end}, value.until);
    inner.finish();
  }
  void json_text(const Field& f, std::string& value) {
    const json* found = find(f);
    if (found == nullptr) return;
    if (!found->is_object()) return wrong_type(pointer(f), "object");
    value = found->dump();
    if (value.size() > f.max) out_.push_back(finding(pointer(f), "text.too_long", std::to_string(f.max)));
  }

  /// Names the keys that no field took.
  void finish() {
    for (const auto& [key, value] : object_.items()) {
      if (!seen_.contains(key)) out_.push_back(finding(json_pointer(at_, key.substr(0, 80)), "field.unknown"));
    }
  }

 private:
  [[nodiscard]] std::string pointer(const Field& f) const { return at_ + "/" + std::string(f.name); }
  const json* find(const Field& f) {
    std::string name(f.name);
    const auto found = object_.find(name);
    seen_.insert(std::move(name));
    if (found != object_.end()) return &*found;
    if (f.required) out_.push_back(finding(pointer(f), "field.missing"));
    return nullptr;
  }
  const json* find_list(const Field& f) {
    const json* found = find(f);
    if (found == nullptr) return nullptr;
    if (!found->is_array()) return wrong_type(pointer(f), "array"), nullptr;
    if (found->size() > f.max) {
      out_.push_back(finding(pointer(f), "field.too_many", std::to_string(f.max)));
      return nullptr;
    }
    return found;
  }
  void wrong_type(std::string at, std::string_view wanted) {
    out_.push_back(finding(std::move(at), "field.type", wanted));
  }
  void string_of(const json& value, std::string at, std::string& out) {
    if (!value.is_string()) return wrong_type(std::move(at), "string");
    out = value.get<std::string>();
  }
  template <class E>
  bool choice_of(const json& value, std::string at, E& out) {
    if (!value.is_string()) return wrong_type(std::move(at), "string"), false;
    if (const auto parsed = parse<E>(value.get_ref<const std::string&>())) {
      out = *parsed;
      return true;
    }
    std::string choices;
    for (int i = 0; i < 8 && !to_string(static_cast<E>(i)).empty(); ++i) {
      choices += (i == 0 ? "" : ", ") + std::string(to_string(static_cast<E>(i)));
    }
    out_.push_back(finding(std::move(at), "field.choice", choices));
    return false;
  }
  bool moment_of(const json& value, std::string at, Day day, Instant& out) {
    if (!value.is_string()) return wrong_type(std::move(at), "string"), false;
    const auto parsed = parse_moment(value.get_ref<const std::string&>(), day);
    if (!parsed) return out_.push_back(finding(std::move(at), "field.moment")), false;
    out = *parsed;
    return true;
  }

  const json& object_;
  std::string at_;
  std::vector<Finding>& out_;
  std::set<std::string> seen_;
};

template <class T>
T read(const json& object, std::string at, std::vector<Finding>& out) {
  T value;
  if (!object.is_object()) {
    out.push_back(finding(std::move(at), "document.not_an_object"));
    return value;
  }
  Reader reader(object, std::move(at), out);
  describe(reader, value);
  reader.finish();
  return value;
}

/// Turns "/people/<place in the map>/login" into "/people/<place in the document>/login".
class Places {
 public:
  void note(Kind kind, const std::string& key, std::size_t index) { places_[kind].emplace(key, index); }
  [[nodiscard]] std::string in_document(const std::string& pointer) const {
    const std::size_t second = pointer.find('/', 1);
    if (second == std::string::npos) return pointer;
    const auto kind = kind_of(std::string_view(pointer).substr(1, second - 1));
    const std::size_t third = std::min(pointer.find('/', second + 1), pointer.size());
    const auto map = kind ? places_.find(*kind) : places_.end();
    if (map == places_.end()) return pointer;
    const std::size_t position = std::stoul(pointer.substr(second + 1, third - second - 1));
    if (position >= map->second.size()) return pointer;
    const auto entry = std::next(map->second.begin(), static_cast<std::ptrdiff_t>(position));
    return pointer.substr(0, second + 1) + std::to_string(entry->second) + pointer.substr(third);
  }

 private:
  std::map<Kind, std::map<std::string, std::size_t>> places_;  ///< key order equals the registry's map order
};

/// Says whether `pointer` is, or lies within or around, a place that the reader has already complained about.
bool complained(const std::vector<Finding>& findings, std::size_t count, const std::string& pointer) {
  const auto within = [](const std::string& outer, const std::string& inner) {
    return inner.size() >= outer.size() && inner.compare(0, outer.size(), outer) == 0 &&
           (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  return std::any_of(findings.begin(), findings.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const Finding& f) { return within(f.pointer, pointer) || within(pointer, f.pointer); });
}

}  // namespace

std::optional<Instant> parse_moment(std::string_view text, Day day) {
  if (day != Day::exact && text.size() == 10) {
    const auto utc = parse_date(text);
    if (!utc) return std::nullopt;
    const Instant begin = *utc - kJapan;
    return day == Day::begin ? begin : begin + kOneDay;
  }
  return parse_rfc3339(text);
}

std::string format_moment(Instant at, Day day) {
  if (day != Day::exact) {
    const Instant local = at + kJapan;
    if (std::chrono::floor<std::chrono::days>(local) == local) {
      const std::string date = to_date(day == Day::begin ? local : local - kOneDay);
      if (parse_moment(date, day) == at) return date;
    }
  }
  return to_rfc3339(at);
}

json export_registry(const Registry& registry, ExportOptions options) {
  json out{{"schema", kSchema}, {"generation", registry.generation}};
  for_each_kind(registry, [&](Kind kind, const auto& map) {
    json list = json::array();
    for (const auto& [key, object] : map) {
      Writer writer(options);
      describe(writer, object);
      list.push_back(std::move(writer.out));
    }
    out[std::string(name_of(kind).many)] = std::move(list);
  });
  return out;
}

Imported import_registry(const json& document) {
  Imported out;
  if (!document.is_object()) {
    out.findings.push_back(finding("", "document.not_an_object"));
    return out;
  }
  const auto schema = document.find("schema");
  if (schema == document.end() || !schema->is_string() || schema->get_ref<const std::string&>() != kSchema) {
    out.findings.push_back(finding("/schema", "document.schema"));
  }
  if (const auto generation = document.find("generation"); generation != document.end()) {
    if (generation->is_number_unsigned()) {
      out.registry.generation = generation->get<std::uint64_t>();
    } else {
      out.findings.push_back(finding("/generation", "field.type", "integer"));
    }
  }
  for (const auto& [key, value] : document.items()) {
    const auto kind = kind_of(key);
    if (key != "schema" && key != "generation" && (!kind || name_of(*kind).many != key)) {
      out.findings.push_back(finding(json_pointer("", key.substr(0, 80)), "field.unknown"));
    }
  }
  Places places;
  for_each_kind(out.registry, [&](Kind kind, auto& map) {
    const std::string name(name_of(kind).many);
    const auto list = document.find(name);
    if (list == document.end()) return;
    if (!list->is_array()) return out.findings.push_back(finding("/" + name, "field.type", "array"));
    if (list->size() > kObjects) {
      return out.findings.push_back(finding("/" + name, "field.too_many", std::to_string(kObjects)));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string at = "/" + name + "/" + std::to_string(i);
      using T = typename std::remove_reference_t<decltype(map)>::mapped_type;
      T object = read<T>((*list)[i], at, out.findings);
      std::string key = key_of(object);
      places.note(kind, key, i);
      if (!map.emplace(std::move(key), std::move(object)).second) {
        out.findings.push_back(finding(at, "key.duplicate"));
      }
    }
  });
  const std::size_t of_the_form = out.findings.size();
  for (Finding& f : validate(out.registry)) {
    f.pointer = places.in_document(f.pointer);
    if (!complained(out.findings, of_the_form, f.pointer)) out.findings.push_back(std::move(f));
  }
  return out;
}

std::optional<json> export_object(const Registry& registry, Kind kind, const std::string& key, ExportOptions options) {
  std::optional<json> out;
  for_each_kind(registry, [&](Kind each, const auto& map) {
    if (each != kind) return;
    if (const auto found = map.find(key); found != map.end()) {
      Writer writer(options);
      describe(writer, found->second);
      out = std::move(writer.out);
    }
  });
  return out;
}

ObjectRead read_object(Kind kind, const json& object, Registry& registry) {
  ObjectRead out;
  for_each_kind(registry, [&](Kind each, auto& map) {
    if (each != kind) return;
    using T = typename std::remove_reference_t<decltype(map)>::mapped_type;
    T value = read<T>(object, "", out.findings);
    out.key = key_of(value);
    if (out.findings.empty()) map.insert_or_assign(out.key, std::move(value));
  });
  return out;
}

}  // namespace sekisho::registry
