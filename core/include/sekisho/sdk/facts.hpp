// Reading a device-facts document (posture.md §2) without believing its shape: whatever is absent, null or of another
// type is unknown, and an unknown time, number or word never becomes a yes.
// Threads: pure functions. Ownership: views and pointers are borrowed from the document. Units: ages in seconds of gate
// time. Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sekisho::facts {

/// How far a terminal's clock may run ahead before its times say nothing.
inline constexpr Seconds kClockTolerance{300};

/// The member of an object, or nullptr when there is none or it is null.
[[nodiscard]] inline const nlohmann::json* find(const nlohmann::json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}
/// Two steps at once: find(facts, "os", "build").
[[nodiscard]] inline const nlohmann::json* find(const nlohmann::json& facts, std::string_view section,
                                                std::string_view name) {
  const nlohmann::json* inner = find(facts, section);
  return inner == nullptr ? nullptr : find(*inner, name);
}
[[nodiscard]] inline const nlohmann::json* list(const nlohmann::json& facts, std::string_view section,
                                                std::string_view name) {
  const nlohmann::json* found = find(facts, section, name);
  return found != nullptr && found->is_array() ? found : nullptr;
}
[[nodiscard]] inline std::optional<std::string_view> text(const nlohmann::json* value) {
  const auto* found = value == nullptr ? nullptr : value->get_ptr<const nlohmann::json::string_t*>();
  if (found == nullptr) return std::nullopt;
  return std::string_view(*found);
}
/// A word of an enumeration; "unknown" when it is not there.
[[nodiscard]] inline std::string_view word(const nlohmann::json* value) {
  return text(value).value_or("unknown");
}
[[nodiscard]] inline std::optional<bool> flag(const nlohmann::json* value) {
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}
/// 0 to 4294967295.
[[nodiscard]] inline std::optional<std::int64_t> number(const nlohmann::json* value) {
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  if (!value->is_number_unsigned() && value->get<std::int64_t>() < 0) return std::nullopt;
  if (value->get<std::uint64_t>() > UINT32_MAX) return std::nullopt;
  return value->get<std::int64_t>();
}
/// Gate time minus the stated time, never negative; nullopt when unknown or more than 300 s ahead.
[[nodiscard]] inline std::optional<std::chrono::microseconds> age(const nlohmann::json* value, Instant now) {
  const auto stated = text(value);
  const auto at = stated ? parse_rfc3339(*stated) : std::nullopt;
  if (!at || *at - now > kClockTolerance) return std::nullopt;
  return std::max(now - *at, std::chrono::microseconds(0));
}
/// For CheckResult::observed: printable, at most `most` bytes, cut between characters. Controls become blanks.
[[nodiscard]] inline std::string shown(std::string_view stated, std::size_t most = 96) {
  std::size_t end = std::min(stated.size(), most);
  while (end < stated.size() && end > 0 && (static_cast<unsigned char>(stated[end]) & 0xC0U) == 0x80) --end;
  std::string out(stated.substr(0, end));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return out;
}

}  // namespace sekisho::facts
