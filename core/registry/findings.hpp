// The words of every finding of the importer and of validate(), and the form in which findings travel in an Error.
// Threads: pure functions.
#pragma once
#include "registry/rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::registry {

/// `about` is put where the sentence has "{}"; it is cut to 80 bytes and must come from checked text.
[[nodiscard]] Finding finding(std::string pointer, std::string_view code, std::string_view about = {});
/// Every code with its sentences, for the operator page and the test of completeness.
[[nodiscard]] std::vector<Finding> all_finding_codes();

/// Those of `of_next` that a change from `before` to `next` answers for. One that stood before is not counted, so that
/// what was stored under older rules keeps nobody from stopping or ending something (R19) — but only where its object
/// is the same as before, its end left aside: who changes an object answers for all of it. Objects are known by kind
/// and id, not by their place, which any insertion shifts. `of_next`, `of_before`: of validate() or of another judge
/// with the same pointers ("/people/<place in the map>/…").
[[nodiscard]] std::vector<Finding> findings_of_change(std::vector<Finding> of_next, const Registry& next,
                                                      const std::vector<Finding>& of_before, const Registry& before);

/// [{"pointer","code","ja","en"}, …]
[[nodiscard]] nlohmann::json findings_json(const std::vector<Finding>& findings);
/// Error registry.invalid whose detail is findings_json() as text.
[[nodiscard]] Error invalid(const std::vector<Finding>& findings);

}  // namespace sekisho::registry
