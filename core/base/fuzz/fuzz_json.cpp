// Fuzz: the strict parser keeps its limits, and what it took it takes again when written out.
// Input: first byte the depth that is allowed, the rest the text.
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>

namespace {

std::size_t depth_of(const nlohmann::json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const auto& part : value) deepest = std::max(deepest, depth_of(part));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t depth = data[0] % 17;
  const auto parsed = sekisho::parse_json({reinterpret_cast<const char*>(data + 1), size - 1}, {.depth = depth});
  if (!parsed) {
    // The operator's words stay text whatever was sent.
    if (parsed.error().code.rfind("json.", 0) != 0) std::abort();
    return 0;
  }
  if (depth_of(*parsed) > depth) std::abort();
  const std::string text = parsed->dump();  // throws on broken UTF-8: none may come through
  if (text.find("\\u0000") != std::string::npos && text.find("\\\\u0000") == std::string::npos) std::abort();
  const auto again = sekisho::parse_json(text, {.bytes = text.size(), .depth = depth});
  if (!again || *again != *parsed) std::abort();
  static_cast<void>(sekisho::get_string(*parsed, "name", 16));
  static_cast<void>(sekisho::get_int(*parsed, "number", 0, 100));
  static_cast<void>(sekisho::get_array(*parsed, "list", 4));
  return 0;
}
