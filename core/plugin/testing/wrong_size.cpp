// A header of another length.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(size, 8)
