// Whether the report comes from the registered machine: its key (R03) and its hardware addresses (R05).
// Threads: any; judge() is const and pure. Ownership: nothing kept. Source: posture.md §7 `terminal`, `mac`, §9;
// threats.md T-52.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::registered_terminal {

class TerminalCheck final : public PostureCheck {
 public:
  explicit TerminalCheck(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::string_view name() const override { return "registered_terminal"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  [[nodiscard]] CheckResult judge_key(const CheckInput& input) const;
  Config config_;
};

}  // namespace sekisho::registered_terminal
