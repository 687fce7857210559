// Stands before the library's own <nlohmann/json.hpp> on the include path: the JSON value, its parser and its writer
// are compiled once, in json_once.cpp, and not in every unit that uses them. README.md has the figures.
#pragma once
#include_next <nlohmann/json.hpp>

#ifdef SEKISHO_JSON_ONCE
#define SEKISHO_JSON template
#else
#define SEKISHO_JSON extern template
#endif

SEKISHO_JSON class std::vector<nlohmann::json>;
SEKISHO_JSON class std::map<std::string, nlohmann::json, std::less<>>;
namespace nlohmann {
namespace detail {
// Texts come as string_view and char pointers, and as std::string.
SEKISHO_JSON class lexer<json, iterator_input_adapter<const char*>>;
SEKISHO_JSON class lexer<json, iterator_input_adapter<std::string::const_iterator>>;
SEKISHO_JSON class parser<json, iterator_input_adapter<const char*>>;
SEKISHO_JSON class parser<json, iterator_input_adapter<std::string::const_iterator>>;
SEKISHO_JSON class json_sax_dom_parser<json>;
SEKISHO_JSON class json_sax_dom_callback_parser<json>;
SEKISHO_JSON class serializer<json>;
}  // namespace detail
SEKISHO_JSON class basic_json<>;
}  // namespace nlohmann

#undef SEKISHO_JSON
