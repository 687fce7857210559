// Another version than its manifest promises.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(version, "6.6.6")
