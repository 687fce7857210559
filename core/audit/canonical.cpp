#include "audit/canonical.hpp"

#include "audit/digest.hpp"
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace sekisho::audit {
namespace {

using nlohmann::json;

struct Decoded {
  char32_t point = 0;
  std::size_t size = 0;  ///< 0: no UTF-8
};

Decoded decode_one(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 && lead <= 0xF4  ? 4
                           : lead >= 0xE0 && lead < 0xF0 ? 3
                           : lead >= 0xC2 && lead < 0xE0 ? 2
                                                         : 0;
  if (size == 0 || text.size() - at < size) return {};
  char32_t point = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(at + i) & 0x3F);
  }
  const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {};
  return {point, size};
}

/// Characters that move the cursor, turn the line round or cannot be seen.
bool harmful(char32_t c) {
  const auto in = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return c < 0x20 || in(0x7F, 0x9F) || c == 0xAD || c == 0x34F || c == 0x61C || in(0x115F, 0x1160) ||
         in(0x17B4, 0x17B5) || in(0x180B, 0x180F) || in(0x200B, 0x200F) || in(0x2028, 0x202E) || in(0x2060, 0x206F) ||
         c == 0x3164 || in(0xFE00, 0xFE0F) || c == 0xFEFF || c == 0xFFA0 || in(0xFFF0, 0xFFFB) ||
         (c & 0xFFFE) == 0xFFFE || in(0xFDD0, 0xFDEF) || in(0xE000, 0xF8FF) || in(0xE0000, 0x10FFFF);
}

/// Printable ASCII, as almost every text of a journal is: nothing to be made safe.
bool is_plain(std::string_view text) {
  unsigned strange = 0;
  for (const char c : text) strange |= static_cast<unsigned>(static_cast<unsigned char>(c - 0x20) > 0x7E - 0x20);
  return strange == 0;
}

/// True: safe_json() would give the same value back. False says nothing.
bool is_surely_safe(const json& value, std::size_t depth) {
  switch (value.type()) {
    case json::value_t::object:
      return depth != 0 && std::ranges::all_of(value.get_ref<const json::object_t&>(), [&](const auto& member) {
               return member.first.size() <= kMaxName && is_plain(member.first) &&
                      is_surely_safe(member.second, depth - 1);
             });
    case json::value_t::array:
      return depth != 0 && std::ranges::all_of(value.get_ref<const json::array_t&>(),
                                               [&](const json& item) { return is_surely_safe(item, depth - 1); });
    case json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      return text.size() <= kMaxText && is_plain(text);
    }
    case json::value_t::number_float:
    case json::value_t::binary:
    case json::value_t::discarded:
      return false;
    default:
      return true;
  }
}

/// The JSON escapes of RFC 8259 §7, shortest form; everything else as it is.
void append_string(std::string& out, std::string_view text) {
  const auto stands = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
  unsigned strange = 0;
  for (const char c : text) strange |= static_cast<unsigned>(!stands(c));
  out += '"';
  if (strange == 0) {  // as almost every text of a journal is
    out += text;
    out += '"';
    return;
  }
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto u = static_cast<unsigned char>(text[at]);
    if (stands(text[at])) continue;
    out.append(text, done, at - done);
    done = at + 1;
    out += '\\';
    if (u >= 0x20) {
      out += text[at];
    } else {
      static constexpr std::string_view kHex = "0123456789abcdef";
      out += "u00";
      out += kHex[u >> 4];
      out += kHex[u & 15];
    }
  }
  out.append(text, done);
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void append_name(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  if (out.size() > 1) out += ',';
  append_string(out, key);
  out += ':';
  if (text.size() <= kMaxName && is_plain(text)) return append_string(out, text);
  append_string(out, safe_text(text, kMaxName));
}

/// Keys in the order of their bytes; empty texts and an empty detail are left out.
std::string spell(const Entry& entry, const json& detail) {
  std::string out;
  out.reserve(512);
  out += '{';
  append_name(out, "at", to_rfc3339(entry.at));
  append_name(out, "code", entry.code);
  if (!detail.empty()) {
    out += ",\"detail\":";
    append_canonical(out, detail);
  }
  append_name(out, "event", entry.event);
  append_name(out, "from", entry.from);
  append_name(out, "path", entry.path);
  append_name(out, "person", entry.person);
  append_name(out, "result", entry.result);
  append_name(out, "rule", entry.rule);
  append_name(out, "session", entry.session);
  out += '}';
  return out;
}

}  // namespace

std::string safe_text(std::string_view text, std::size_t cap) {
  if (text.size() <= cap && is_plain(text)) return std::string(text);
  std::string out;
  std::size_t keep = 0;  // bytes of `out` after which the cut mark still fits
  for (std::size_t at = 0; at < text.size();) {
    const Decoded one = decode_one(text, at);
    const std::size_t before = out.size();
    if (one.size != 0 && !harmful(one.point)) {
      out += text.substr(at, one.size);
    } else {
      std::array<char, 16> escape{};
      const auto value = one.size == 0 ? static_cast<unsigned char>(text[at]) : static_cast<unsigned>(one.point);
      if (one.size == 0) {
        std::snprintf(escape.data(), escape.size(), "\\x%02x", value);
      } else if (value > 0xFFFF) {
        std::snprintf(escape.data(), escape.size(), "\\U%08x", value);
      } else {
        std::snprintf(escape.data(), escape.size(), "\\u%04x", value);
      }
      out += escape.data();
    }
    if (before + kCutMark.size() <= cap) keep = before;
    if (out.size() > cap) {
      out.resize(keep);
      if (keep + kCutMark.size() <= cap) out += kCutMark;
      return out;
    }
    at += one.size == 0 ? 1 : one.size;
  }
  return out;
}

json safe_json(const json& value, std::size_t depth) {
  if (value.is_string()) return safe_text(value.get_ref<const std::string&>());
  if (value.is_number_float()) return std::isfinite(value.get<double>()) ? value : json();
  if (value.is_binary() || value.is_discarded()) return json();
  if (!value.is_structured()) return value;
  if (depth == 0) return "(too deep)";
  if (value.is_array()) {
    json out = json::array();
    for (const auto& item : value) out.push_back(safe_json(item, depth - 1));
    return out;
  }
  json out = json::object();
  for (const auto& [key, item] : value.items()) out[safe_text(key, kMaxName)] = safe_json(item, depth - 1);
  return out;
}

void append_canonical(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.get_ref<const json::object_t&>()) {  // std::map: sorted by bytes
        if (!first) out += ',';
        first = false;
        append_string(out, key);
        out += ':';
        append_canonical(out, item);
      }
      out += '}';
      return;
    }
    case json::value_t::array: {
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i != 0) out += ',';
        append_canonical(out, value[i]);
      }
      out += ']';
      return;
    }
    case json::value_t::string:
      return append_string(out, value.get_ref<const std::string&>());
    case json::value_t::binary:
    case json::value_t::discarded:
    case json::value_t::null:
      out += "null";
      return;
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case json::value_t::number_integer:
      return append_number(out, value.get<std::int64_t>());
    case json::value_t::number_unsigned:
      return append_number(out, value.get<std::uint64_t>());
    case json::value_t::number_float:
      out += value.dump();  // nlohmann writes the shortest text that reads back equal
  }
}

std::string canonical_json(const Entry& entry) {
  if (entry.detail.is_object() && is_surely_safe(entry.detail, kMaxDetailDepth)) {
    std::string out = spell(entry, entry.detail);
    if (out.size() <= kMaxEntryJson) return out;
  }
  const json detail = entry.detail.is_object() ? safe_json(entry.detail) : safe_json(json{{"value", entry.detail}});
  std::string out = spell(entry, detail);
  if (out.size() <= kMaxEntryJson) return out;
  std::string whole;
  append_canonical(whole, detail);
  Sha256 sha;
  return spell(entry, json{{"cut", true}, {"bytes", whole.size()}, {"sha256", to_hex(view(sha({whole})))}});
}

Result<Entry> parse_entry(std::string_view text) {
  const auto bad = [](const char* why) { return fail("audit.malformed", why); };
  auto parsed = parse_json(text, {.bytes = kMaxEntryJson, .depth = kMaxDetailDepth + 1});
  if (!parsed) return bad("no JSON");
  if (!parsed->is_object()) return bad("no object");
  Entry entry;
  for (auto& [key, value] : parsed->get_ref<json::object_t&>()) {
    if (key == "detail") {
      if (!value.is_object()) return bad("detail is no object");
      entry.detail = std::move(value);
      continue;
    }
    if (!value.is_string()) return bad("a text is no string");
    auto& string = value.get_ref<std::string&>();
    if (key == "at") {
      const auto at = parse_rfc3339(string);
      if (!at) return bad("at is no time");
      entry.at = *at;
    } else if (key == "code") {
      entry.code = std::move(string);
    } else if (key == "event") {
      entry.event = std::move(string);
    } else if (key == "from") {
      entry.from = std::move(string);
    } else if (key == "path") {
      entry.path = std::move(string);
    } else if (key == "person") {
      entry.person = std::move(string);
    } else if (key == "result") {
      entry.result = std::move(string);
    } else if (key == "rule") {
      entry.rule = std::move(string);
    } else if (key == "session") {
      entry.session = std::move(string);
    } else {
      return bad("unknown key");
    }
  }
  if (canonical_json(entry) != text) return bad("not in canonical form");
  return entry;
}

}  // namespace sekisho::audit
