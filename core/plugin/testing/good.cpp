// Not broken: shows that the others fail for their defect alone.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(name, "broken")
