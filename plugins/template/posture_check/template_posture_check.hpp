// Whether the terminal's disk is encrypted: the smallest posture check.
// Threads: any; judge() is const and pure. Ownership: nothing kept. Source: posture.md §2, §7.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::template_posture_check {

class DiskCheck final : public PostureCheck {
 public:
  explicit DiskCheck(Config config) : config_(config) {}
  [[nodiscard]] std::string_view name() const override { return "template_posture_check"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  Config config_;
};

}  // namespace sekisho::template_posture_check
