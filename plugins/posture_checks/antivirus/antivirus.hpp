// Whether an allowed antivirus product protects the terminal with fresh definitions (R07).
// Threads: any; judge() is const and pure. Ownership: nothing kept; the host stores the memory: vendor ->
// {"version", "since"} of products that state a version but no date. Source: posture.md §4, §5, §7 `antivirus`, §9.
#pragma once
#include "config.hpp"
#include "vendors.hpp"

#include <sekisho/sdk/posture_check.hpp>

namespace sekisho::antivirus {

class AntivirusCheck final : public PostureCheck {
 public:
  /// Errors: antivirus.unknown_vendor when `allowed` names one that the table does not know.
  [[nodiscard]] static Result<AntivirusCheck> make(Config config, std::vector<Vendor> vendors);
  [[nodiscard]] std::string_view name() const override { return "antivirus"; }
  [[nodiscard]] CheckOutcome judge(const CheckInput& input) const override;

 private:
  AntivirusCheck(Config config, std::vector<Vendor> vendors)
      : config_(std::move(config)), vendors_(std::move(vendors)) {}
  Config config_;
  std::vector<Vendor> vendors_;  ///< only allowed ones
};

}  // namespace sekisho::antivirus
