#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace sekisho {
namespace {

using nlohmann::json;

/// Nothing to be escaped and good UTF-8 (RFC 3629): it stands in JSON as it is. Text of four bytes a character, or
/// beside the surrogates and the overlong, is left to the library.
bool is_plain(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      if (lead < 0x20 || lead == '"' || lead == '\\') return false;
      i += 1;
    } else if (lead >= 0xC2 && lead <= 0xDF) {
      if (!continues(i + 1)) return false;
      i += 2;
    } else if (lead >= 0xE1 && lead <= 0xEF && lead != 0xED) {
      if (!continues(i + 1) || !continues(i + 2)) return false;
      i += 3;
    } else {
      return false;
    }
  }
  return true;
}

void append_string(std::string& out, std::string_view text) {
  if (!is_plain(text)) {
    out += json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
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
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case json::value_t::null:
      out += "null";
      return;
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

void append_json(std::string& out, std::string_view text) {
  append_string(out, text);
}

void append_json(std::string& out, std::int64_t number) {
  append_number(out, number);
}

std::string json_text(const json& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace sekisho
