#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("template_access_path", .words = {"login ", "mori", "\n", "answer ", "secret", "\r\n"});
