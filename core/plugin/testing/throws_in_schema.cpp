// schema() throws.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(schema, []() -> const char* { throw 1; })
