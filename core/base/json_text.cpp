#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace sekisho {
namespace {

using nlohmann::json;

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

void append_string(std::string& out, const std::string& text) {
  if (!is_plain(text)) {
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the value is
void append(std::string& out, const json& value) {
  char before = 0;
  switch (value.type()) {
    case json::value_t::object:
      if (value.empty()) break;
      before = '{';
      for (const auto& [name, member] : value.get_ref<const json::object_t&>()) {
        out += std::exchange(before, ',');
        append_string(out, name);
        out += ':';
        append(out, member);
      }
      out += '}';
      return;
    case json::value_t::array:
      if (value.empty()) break;
      before = '[';
      for (const json& entry : value.get_ref<const json::array_t&>()) {
        out += std::exchange(before, ',');
        append(out, entry);
      }
      out += ']';
      return;
    case json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case json::value_t::number_integer:
      return append_number(out, value.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return append_number(out, value.get<std::uint64_t>());
    default:
      break;
  }
  out += value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string json_text(const json& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace sekisho
