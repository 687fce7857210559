// The catalogue: every code that the gatekeeper says itself, with the words of the room whose subject it is (login and
// sessions here, posture, the registry's rights). Plugins bring their own words in the Refusal they return.
#include "registry/refusals.hpp"

#include "admission/login.hpp"
#include "admission/posture_refusals.hpp"
#include "admission/refusal_rows.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::admission {
namespace {

std::vector<Refusal> build() {
  std::vector<Refusal> all;
  for (const auto rows : {login_refusal_rows(), session_refusal_rows(), console_refusal_rows()}) {
    for (const RefusalRow& row : rows) {
      all.push_back(Refusal{std::string(row.rule),
                            std::string(row.code),
                            {std::string(row.what_ja), std::string(row.what_en)},
                            {std::string(row.why_ja), std::string(row.why_en)},
                            {std::string(row.remedy_ja), std::string(row.remedy_en)}});
    }
  }
  for (auto&& others : {registry::all_refusals(), posture_refusals()})
    all.insert(all.end(), others.begin(), others.end());
  std::ranges::sort(all, {}, &Refusal::code);
  return all;
}

const std::vector<Refusal>& catalogue() {
  static const std::vector<Refusal> all = build();
  return all;
}

}  // namespace

std::optional<Refusal> find_refusal(std::string_view code) {
  const auto found =
      std::ranges::lower_bound(catalogue(), code, {}, [](const Refusal& r) -> std::string_view { return r.code; });
  if (found == catalogue().end() || found->code != code) return std::nullopt;
  return *found;
}

Refusal refusal(std::string_view code) {
  auto found = find_refusal(code);
  if (!found) {
    const std::string text = "refusal code \"" + std::string(code) + "\" stands in no catalogue";
    assertion_failed(text.c_str(), __FILE__, __LINE__);
  }
  return *std::move(found);
}

std::vector<Refusal> all_refusals() {
  return catalogue();
}

}  // namespace sekisho::admission
