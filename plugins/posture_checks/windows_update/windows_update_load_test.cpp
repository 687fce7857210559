#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE(
    "windows_update", .config = {{"paths", {{{"path", "ip_vpn"}, {"tolerance_days", 60}}}}},
    .files = {{"updates_file",
               R"({"updated":"2026-11-20","releases":[{"builds":[26100],"ubr":1,"released":"2026-01-01"}]})"}});
