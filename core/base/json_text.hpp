// json_text(): a JSON value as text, the same bytes as nlohmann's dump() without blanks, at a part of its cost where
// the strings need no escapes. Bytes that are no UTF-8 become U+FFFD. JsonMembers: an object that is written at once,
// for what every heartbeat and report is answered with. Threads: pure functions; one object a thread. Throws nothing.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sekisho {

[[nodiscard]] std::string json_text(const nlohmann::json& value);

/// Appends what json_text() gives for this text or number.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, std::int64_t number);

/// {"a":"x","b":1}, appended to a text that outlives it. Names are plain, differ, and come in the order of their bytes:
/// then the text is that of json_text() for the same members.
class JsonMembers {
 public:
  explicit JsonMembers(std::string& out) : out_(out) {}
  JsonMembers& add(std::string_view name, std::string_view text) { return append_json(place(name), text), *this; }
  JsonMembers& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
  template <std::signed_integral Number>
  JsonMembers& add(std::string_view name, Number number) {
    return append_json(place(name), std::int64_t{number}), *this;
  }
  JsonMembers& add(std::string_view name, std::nullptr_t) { return place(name) += "null", *this; }
  /// Where the caller appends the member's value himself, as JSON.
  std::string& place(std::string_view name) {
    append_json(out_ += std::exchange(before_, ','), name);
    return out_ += ':';
  }
  /// The last call. Without a member: "{}".
  void close() { out_ += before_ == '{' ? "{}" : "}"; }

 private:
  std::string& out_;
  char before_ = '{';
};

}  // namespace sekisho
