#include "base/json_reader.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace sekisho {

using nlohmann::json;

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// RFC 3629 §4: what may follow a leading byte first; nothing when it leads nothing.
struct Lead {
  unsigned char first, last;  // leading bytes, ends included
  unsigned char low, high;    // the byte after
  unsigned char more;         // continuation bytes in all
};
constexpr std::array<Lead, 8> kLeads{{{0xC2, 0xDF, 0x80, 0xBF, 1},
                                      {0xE0, 0xE0, 0xA0, 0xBF, 2},
                                      {0xE1, 0xEC, 0x80, 0xBF, 2},
                                      {0xED, 0xED, 0x80, 0x9F, 2},
                                      {0xEE, 0xEF, 0x80, 0xBF, 2},
                                      {0xF0, 0xF0, 0x90, 0xBF, 3},
                                      {0xF1, 0xF3, 0x80, 0xBF, 3},
                                      {0xF4, 0xF4, 0x80, 0x8F, 3}}};

void append_utf8(std::string& out, unsigned point) {
  const auto byte = [&out](unsigned value) { out += static_cast<char>(value); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0 | point >> 6);
  } else {
    if (point < 0x10000) {
      byte(0xE0 | point >> 12);
    } else {
      byte(0xF0 | point >> 18);
      byte(0x80 | (point >> 12 & 0x3F));
    }
    byte(0x80 | (point >> 6 & 0x3F));
  }
  byte(0x80 | (point & 0x3F));
}

}  // namespace

Result<json> JsonReader::read() {
  if (!run()) return std::move(error_);
  return std::move(root_);
}

bool JsonReader::run() {
  json* place = &root_;
  for (;;) {
    // Here a value begins.
    space();
    if (next_is('{') || next_is('[')) {
      const bool object = *at_ == '{';
      if (!open(*place, object ? json::object() : json::array())) return false;
      ++at_;
      space();
      if (next_is(object ? '}' : ']')) {
        ++at_;
        levels_.pop_back();
      } else {
        place = object ? member() : entry();
        if (place == nullptr) return false;
        continue;
      }
    } else if (!scalar(*place)) {
      return false;
    }
    // Here one has ended: what follows belongs to the containers around it.
    for (place = nullptr; place == nullptr;) {
      space();
      if (levels_.empty()) return at_ == end_ || malformed();
      const bool object = levels_.back().container->is_object();
      if (next_is(',')) {
        ++at_;
        if (object) space();
        place = object ? member() : entry();
        if (place == nullptr) return false;
      } else if (next_is(object ? '}' : ']')) {
        ++at_;
        levels_.pop_back();
      } else {
        return malformed();
      }
    }
  }
}

void JsonReader::space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

json* JsonReader::member() {
  if (!next_is('"')) return malformed(), nullptr;
  std::string name;
  if (!string(name)) return nullptr;
  if (name.find('\0') != std::string::npos) return refuse("json.nul", "NUL in a key"), nullptr;
  Level& level = levels_.back();
  auto& members = level.container->get_ref<json::object_t&>();
  const std::size_t before = members.size();
  const auto at = members.try_emplace(members.end(), std::move(name));  // most texts come in the order of their keys
  level.key = &at->first;
  if (members.size() == before) return refuse("json.duplicate_key", "a key occurs twice"), nullptr;
  space();
  if (!next_is(':')) return malformed(), nullptr;
  ++at_;
  return &at->second;
}

json* JsonReader::entry() {
  return &levels_.back().container->get_ref<json::array_t&>().emplace_back();
}

bool JsonReader::open(json& place, json container) {
  if (levels_.size() >= depth_) return refuse("json.too_deep", "nested too deep");
  place = std::move(container);
  levels_.push_back({&place});
  return true;
}

bool JsonReader::scalar(json& place) {
  if (at_ == end_) return malformed();
  switch (*at_) {
    case '"': {
      std::string text;
      if (!string(text)) return false;
      if (text.find('\0') != std::string::npos) return refuse("json.nul", "NUL in a string");
      place = std::move(text);
      return true;
    }
    case 't':
      if (!word("true")) return false;
      place = true;
      return true;
    case 'f':
      if (!word("false")) return false;
      place = false;
      return true;
    case 'n':
      return word("null");  // as every place begins
    default:
      return number(place);
  }
}

bool JsonReader::word(std::string_view word) {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return malformed();
  at_ += word.size();
  return true;
}

std::size_t JsonReader::digits() {
  const char* const from = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return static_cast<std::size_t>(at_ - from);
}

bool JsonReader::number(json& place) {
  const char* const from = at_;
  const bool negative = next_is('-');
  if (negative) ++at_;
  if (next_is('0')) {
    ++at_;
  } else if (digits() == 0) {
    return malformed();
  }
  bool whole = true;
  if (next_is('.')) {
    whole = false;
    ++at_;
    if (digits() == 0) return malformed();
  }
  if (next_is('e') || next_is('E')) {
    whole = false;
    ++at_;
    if (next_is('+') || next_is('-')) ++at_;
    if (digits() == 0) return malformed();
  }
  if (whole) {
    std::int64_t below = 0;
    std::uint64_t above = 0;
    const auto end = negative ? std::from_chars(from, at_, below) : std::from_chars(from, at_, above);
    if (end.ec != std::errc{}) return refuse("json.number_range", "integer beyond 64 bits");
    place = negative ? json(below) : json(above);
    return true;
  }
  double value = 0;
  if (std::from_chars(from, at_, value).ec != std::errc{}) {  // too large, or so small that it is nothing
    value = std::strtod(std::string(from, at_).c_str(), nullptr);
    if (std::abs(value) > std::numeric_limits<double>::min()) return malformed();
  }
  place = value;
  return true;
}

bool JsonReader::string(std::string& out) {
  ++at_;
  for (;;) {
    const char* const from = at_;
    // Signed: what is beyond ASCII lies below 0x20 too.
    while (at_ != end_ && static_cast<signed char>(*at_) >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
    out.append(from, at_);
    if (at_ == end_) return malformed();
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ == '\\' ? !escape(out) : !wide(out)) return false;
  }
}

bool JsonReader::escape(std::string& out) {
  ++at_;
  if (at_ == end_) return malformed();
  static constexpr std::string_view kLetters = "\"\\/bfnrt", kMean = "\"\\/\b\f\n\r\t";
  if (const auto which = kLetters.find(*at_); which != std::string_view::npos) {
    ++at_;
    out += kMean[which];
    return true;
  }
  unsigned point = 0;
  if (*at_ != 'u' || !four_hex(point)) return malformed();
  if (point >= 0xD800 && point <= 0xDBFF) {  // the first half of a pair
    unsigned second = 0;
    if (!next_is('\\')) return malformed();
    ++at_;
    if (!next_is('u') || !four_hex(second) || second < 0xDC00 || second > 0xDFFF) return malformed();
    point = 0x10000 + ((point & 0x3FF) << 10 | (second & 0x3FF));
  } else if (point >= 0xDC00 && point <= 0xDFFF) {
    return malformed();
  }
  append_utf8(out, point);
  return true;
}

bool JsonReader::four_hex(unsigned& out) {
  ++at_;  // the u
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == end_) return false;
    const char c = *at_;
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    out = out << 4 | static_cast<unsigned>(digit);
  }
  return true;
}

bool JsonReader::wide(std::string& out) {
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(at_[i]); };
  for (const Lead& lead : kLeads) {
    if (byte(0) < lead.first || byte(0) > lead.last) continue;
    if (static_cast<std::size_t>(end_ - at_) <= lead.more) return malformed();
    if (byte(1) < lead.low || byte(1) > lead.high) return malformed();
    for (std::size_t i = 2; i <= lead.more; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return malformed();
    }
    out.append(at_, lead.more + std::size_t{1});
    at_ += lead.more + 1;
    return true;
  }
  return malformed();  // a control, or no leading byte
}

bool JsonReader::malformed() {
  return refuse("json.malformed", "not JSON at byte " + std::to_string(at_ - begin_ + 1));
}

bool JsonReader::refuse(const char* code, std::string why) {
  error_ = fail(code, pointer() + ": " + std::move(why));
  return false;
}

std::string JsonReader::pointer() const {
  std::string out;
  for (const Level& level : levels_) {
    if (level.container->is_object()) {
      out = json_pointer(out, level.key != nullptr ? *level.key : std::string_view());
    } else {
      const std::size_t begun = level.container->size();
      out = json_pointer(out, std::to_string(begun > 0 ? begun - 1 : 0));
    }
  }
  return out;
}

}  // namespace sekisho
