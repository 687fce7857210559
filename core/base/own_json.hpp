// JSON that this program wrote itself and reads back from its own store: read by the strict reader, which is the quick
// one, and by the library where that one refuses what is right (a plugin's state may be deeper than foreign text may).
// Threads: a pure function. Ownership: the result owns its bytes. Errors: text that is no JSON gives a discarded value
// (nlohmann::json::is_discarded()), never an exception. Not for foreign bytes: base/json.hpp.
#pragma once
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>

namespace sekisho {

[[nodiscard]] inline nlohmann::json parse_own_json(std::string_view text) {
  if (auto read = parse_json(text, {.depth = 32})) return std::move(*read);
  return nlohmann::json::parse(text, nullptr, false);
}

}  // namespace sekisho
