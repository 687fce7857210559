// Tells most good entries without building them: who walks a long journal spends his time in parse_entry().
// Threads: pure function. Ownership: keeps nothing, takes no memory. Ranges: any text. Source: canonical.hpp.
#pragma once
#include <string_view>

namespace sekisho::audit {

/// True: parse_entry(json) succeeds. False says nothing: the entry has text beyond printable ASCII, an escape, a number
/// that is no integer of up to 18 digits, or is no good entry at all.
[[nodiscard]] bool is_plain_entry(std::string_view json);

}  // namespace sekisho::audit
