#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("template_authenticator", .files = {{"phrase_file", "open, barley\n"}});
