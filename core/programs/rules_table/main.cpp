// sekisho-rules: the built code's own table of enforcement points, as JSON, for `./dev rules`. `why` is what the
// refused person reads, where the gatekeeper itself has the words (plugins bring their own).
#include "admission/enforce.hpp"
#include "admission/login.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

int main() {
  nlohmann::json points = nlohmann::json::array();
  for (const auto& point : sekisho::admission::enforcement_points()) {
    nlohmann::json row{{"rule", point.rule}, {"name", point.name}, {"where", point.where}};
    if (const auto words = sekisho::admission::find_refusal(point.name)) {
      row["why"] = {{"ja", words->why.ja}, {"en", words->why.en}};
    }
    points.push_back(std::move(row));
  }
  std::puts(nlohmann::json{{"points", points}}.dump(1).c_str());
}
