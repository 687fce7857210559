// Numbers that the environment gives to the long forms of tests (`./dev soak`). A word that is no whole number of the
// range fails the test that asked: one that was cut to fit would run another test than was asked for, and pass.
// Threads: no environment is changed while tests run. Errors: std::invalid_argument, which names variable and range.
#pragma once
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sekisho {

/// Decimal digits and nothing else, within [least, most]; nullopt: a sign, a fraction, blanks, too small or too large.
[[nodiscard]] inline std::optional<std::uint32_t> whole_number(
    std::string_view text, std::uint32_t least = 0, std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out < least || out > most) return std::nullopt;
  return out;
}

/// Of the variable `name`; `otherwise` where it is not set.
[[nodiscard]] inline std::uint32_t number_from_environment(
    const char* name, std::uint32_t otherwise, std::uint32_t least = 0,
    std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (text == nullptr) return otherwise;
  if (const auto out = whole_number(text, least, most)) return *out;
  throw std::invalid_argument(std::string(name) + " is \"" + text + "\"; it must be a whole number from " +
                              std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace sekisho
