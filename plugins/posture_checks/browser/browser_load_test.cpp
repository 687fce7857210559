#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("browser", .config = {{"edge", 140}});
