// Whether the terminal's Windows has the security updates it should have by now (R08).
// Threads: any; judge() is const and pure. Ownership: nothing kept. Units: days of gate time. Source: posture.md §7
// `updates`, §9.
#pragma once
#include "config.hpp"
#include "releases.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::windows_update {

class UpdateCheck final : public PostureCheck {
 public:
  UpdateCheck(Config config, Releases releases) : config_(std::move(config)), releases_(std::move(releases)) {}
  [[nodiscard]] std::string_view name() const override { return "windows_update"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  Config config_;
  Releases releases_;
};

}  // namespace sekisho::windows_update
