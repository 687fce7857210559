// Built for the next major version of the plugin API.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(api_major, sekisho::kPluginApiMajor + 1)
