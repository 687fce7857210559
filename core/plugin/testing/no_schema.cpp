// A schema that is no JSON.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(schema, [] { return "{\"type\":"; })
