// A status that production refuses.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(status, sekisho::PluginStatus::wip)
