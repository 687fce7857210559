// A header with a null pointer in it.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(create, nullptr)
