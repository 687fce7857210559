// Needs another plugin.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(needs, "authenticator:good")
