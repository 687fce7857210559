// sekisho-rules: the built code's own table of enforcement points, as JSON, for `./dev rules`.
#include "admission/enforce.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

int main() {
  nlohmann::json points = nlohmann::json::array();
  for (const auto& point : sekisho::admission::enforcement_points()) {
    points.push_back({{"rule", point.rule}, {"name", point.name}, {"where", point.where}});
  }
  std::puts(nlohmann::json{{"points", points}}.dump(1).c_str());
}
