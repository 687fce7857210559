// Reads what libnftables answers as JSON. Only root writes there, yet nothing is taken for granted: whatever is not
// exactly as expected is left out. Threads: pure functions. Errors: json.*, netd.nft.
#pragma once
#include "netd/kernel.hpp"

#include <string_view>

namespace sekisho::netd {

/// The elements of our sets in a listing of the table, with numeric protocols.
[[nodiscard]] Result<std::vector<FoundRight>> read_rights(std::string_view json);
/// The same of the set of RDP rights.
[[nodiscard]] Result<std::vector<FoundRdp>> read_rdp_rights(std::string_view json);

}  // namespace sekisho::netd
