#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE("registered_terminal",
                    .config = {{"min_binding", 1}, {"paths", {{{"path", "ip_vpn"}, {"min_binding", 2}}}}});
