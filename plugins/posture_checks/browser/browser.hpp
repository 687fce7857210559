// Whether the browser of the web login is one of three and new enough (R09).
// Threads: any; judge() is const and pure. Ownership: nothing kept. Source: posture.md §7 `browser`; decisions.md
// "Browser login".
#pragma once
#include "config.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::browser {

class BrowserCheck final : public PostureCheck {
 public:
  explicit BrowserCheck(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::string_view name() const override { return "browser"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  Config config_;
};

}  // namespace sekisho::browser
