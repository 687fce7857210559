// Built for a newer minor version than the host has.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(api_minor, sekisho::kPluginApiMinor + 1)
