// A kind that does not exist.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(kind, static_cast<sekisho::PluginKind>(77))
