// json_object("a", 1, "b", text): the JSON object of names and values in turn. What an initializer list gives, without
// the list's copies of everything in it: for what is written at every login or heartbeat.
// Threads: pure function. Ownership: moves what it is given as an rvalue. Ranges: names differ; the first of two equal
// ones counts.
#pragma once
#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>

namespace sekisho {
namespace json_object_inside {

inline void add(nlohmann::json::object_t&) {}
template <class Value, class... Rest>
void add(nlohmann::json::object_t& out, std::string_view name, Value&& value, Rest&&... rest) {
  out.emplace(name, std::forward<Value>(value));
  add(out, std::forward<Rest>(rest)...);
}

}  // namespace json_object_inside

template <class... NamesAndValues>
[[nodiscard]] nlohmann::json json_object(NamesAndValues&&... names_and_values) {
  static_assert(sizeof...(names_and_values) % 2 == 0, "a name and a value each");
  nlohmann::json::object_t out;
  json_object_inside::add(out, std::forward<NamesAndValues>(names_and_values)...);
  return nlohmann::json(std::move(out));
}

}  // namespace sekisho
