#define SEKISHO_JSON_ONCE
#include <nlohmann/json.hpp>
