#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE(
    "windows_version", .config = {{"paths", {{{"path", "ip_vpn"}, {"grace_days", 30}}}}},
    .files = {{"builds_file",
               R"({"builds":[{"build":26100,"name":"24H2","home_pro":"2026-10-13","enterprise":"2027-10-12"}]})"}});
