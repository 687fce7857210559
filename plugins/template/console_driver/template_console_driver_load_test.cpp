#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("template_console_driver", .config = {{"directory", "/nonexistent"}});
