// The magic number of something else.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(magic, 42)
