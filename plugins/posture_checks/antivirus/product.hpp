// The verdict over one antivirus product of a report.
// Threads: pure functions. Units: ages in seconds of gate time. Source: posture.md §4, §7 `antivirus`.
#pragma once
#include "vendors.hpp"

#include <sekisho/sdk/posture_check.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::antivirus {

/// "on", "off", "snoozed", "expired" or "unknown" from Windows' undocumented state word.
[[nodiscard]] std::string_view state_of_raw(std::uint32_t raw);
/// "up_to_date", "out_of_date" or "unknown" from the same word.
[[nodiscard]] std::string_view signatures_of_raw(std::uint32_t raw);

struct ProductVerdict {
  CheckVerdict verdict = CheckVerdict::unknown;
  std::string code;             ///< empty with pass
  int passed_steps = 0;         ///< how far it came: the best product is shown first
  std::string name;             ///< as stated, for show
  std::string vendor;           ///< empty when no allowed one fits
  std::string undated_version;  ///< set when it passes on a version without a date
};

/// `product` may have any shape. `allowed`: the vendors that may protect this terminal.
[[nodiscard]] ProductVerdict judge_product(const nlohmann::json& product, const std::vector<const Vendor*>& allowed,
                                           Seconds signature_max_age, Instant now);

}  // namespace sekisho::antivirus
