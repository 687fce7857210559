// json_text(): a JSON value as text, the same bytes as nlohmann's dump() without blanks, at a part of its cost where
// the strings are plain ASCII. Bytes that are no UTF-8 become U+FFFD. Threads: pure function. Throws nothing.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace sekisho {

[[nodiscard]] std::string json_text(const nlohmann::json& value);

}  // namespace sekisho
