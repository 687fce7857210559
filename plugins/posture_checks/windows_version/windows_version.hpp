// Whether the terminal runs a Windows 11 that is still supported for its edition (R06).
// Threads: any; judge() is const and pure. Ownership: nothing kept. Units: days of UTC. Source: posture.md §6, §7 `os`.
#pragma once
#include "builds.hpp"
#include "config.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::windows_version {

class WindowsCheck final : public PostureCheck {
 public:
  WindowsCheck(Config config, Builds builds) : config_(std::move(config)), builds_(std::move(builds)) {}
  [[nodiscard]] std::string_view name() const override { return "windows_version"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  [[nodiscard]] CheckResult judge_os(const CheckInput& input) const;
  Config config_;
  Builds builds_;
};

}  // namespace sekisho::windows_version
