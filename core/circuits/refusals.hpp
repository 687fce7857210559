// Why a circuit is closed or a tunnel was ended, in words: every code that staff see of a circuit
// (View::closed_because, the code of this room's events), in Japanese and English. The codes of rights and contracts
// have theirs in the registry's catalogue, which is asked as well. Threads: pure functions. Errors: a code of elsewhere
// is nullopt. Source: design.md idea 3; mission.md R02, R03, R21.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace sekisho::circuits {

[[nodiscard]] std::optional<Refusal> find_refusal(std::string_view code);
/// The codes of this room alone.
[[nodiscard]] std::vector<Refusal> all_refusals();

}  // namespace sekisho::circuits
