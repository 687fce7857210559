#include "plugin/conformance.hpp"

SEKISHO_CONFORMANCE(
    "antivirus", .config = {{"allowed", {"eset"}}, {"paths", {{{"path", "ip_vpn"}, {"signature_max_age_s", 604800}}}}},
    .files = {{"vendors_file", R"({"vendors":[{"vendor":"eset","name_begins":["eset"],"signers":["eset"]}]})"}},
    .bad = {{{"allowed", {"nobody"}}}});
