// The words of every refusal that rights_of() and the changes of staff can give, in Japanese and English.
// Threads: pure functions. Errors: an unknown code aborts, because a refusal without words is a bug of ours.
// Source: mission.md R01, R03, R10, R16–R19; design.md idea 3.
#pragma once
#include <sekisho/sdk/refusal.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace sekisho::registry {

[[nodiscard]] Refusal refusal(std::string_view code);
/// As refusal(), but an unknown code is nullopt: for codes that come from elsewhere.
[[nodiscard]] std::optional<Refusal> find_refusal(std::string_view code);
/// Every code of rights_of() and refuse_on_circuit(), in the order in which it is judged. admission's catalogue takes
/// these over.
[[nodiscard]] std::vector<Refusal> all_refusals();
/// Every code of registry/changes.hpp, for the API's catalogue.
[[nodiscard]] std::vector<Refusal> change_refusals();

}  // namespace sekisho::registry
