// The words that people read around the API's data: labels of members, values, conditions of health, our own errors.
// Threads: constant data.
#pragma once
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace sekisho::ctl {

/// "端末" / "terminal" for "terminal"; nullopt: the member is shown as it is called.
[[nodiscard]] std::optional<Text> label(std::string_view member);
/// "接続中" for member "state", value "admitted"; nullopt: the value is shown as it is.
[[nodiscard]] std::optional<Text> value_words(std::string_view member, std::string_view value);

/// A condition of health: what it means and what to do. The part behind ':' names what it is about.
struct ConditionWords {
  std::string_view code;
  Text title, remedy;
};
[[nodiscard]] const std::vector<ConditionWords>& condition_words();

/// An error of this program, of the CA or of reading a file, in the form of api::error_json().
[[nodiscard]] nlohmann::json error_words(const Error& error);
/// Every code that this program itself gives.
[[nodiscard]] std::vector<Refusal> ctl_refusals();

}  // namespace sekisho::ctl
