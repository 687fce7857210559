#include "windows_update.hpp"

#include <sekisho/sdk/facts.hpp>

namespace sekisho::windows_update {
namespace {

using std::chrono::days;

const Text kApply{"Windows Update を適用し、再起動してください。", "Apply Windows Update and restart."};
const Text kOldTable{"更新プログラムの一覧が古いため、最後の更新日で判断しました。管理担当へ知らせてください。",
                     "The table of updates is old, so the day of the last update was judged. Tell the operator."};
const Text kUnknown{"更新の適用状況を確認できません。エージェントを導入し直すか、管理担当へ連絡してください。",
                    "The state of updates could not be determined. Install the agent again or contact the operator."};

CheckResult result(CheckVerdict verdict, std::string code, std::string observed, std::string required, Text remedy) {
  return {"windows_update",  "R08",       verdict, std::move(code), std::move(observed), std::move(required),
          std::move(remedy), std::nullopt};
}

/// Without a usable table: how long ago anything was installed. Never better than a warning.
CheckResult judge_by_day(const CheckInput& input, std::int64_t most_days) {
  const std::string required = "last update within " + std::to_string(most_days) + " days";
  const auto age = facts::age(facts::find(input.facts, "updates", "last_installed_at"), input.now);
  if (!age) return result(CheckVerdict::unknown, "update.unknown", "no day of the last update", required, kUnknown);
  const std::string observed = std::to_string(std::chrono::duration_cast<days>(*age).count()) + " days ago";
  if (*age > days(most_days)) return result(CheckVerdict::fail, "update.too_long_ago", observed, required, kApply);
  return result(CheckVerdict::warn, "update.table_old", observed, required, kOldTable);
}

}  // namespace

CheckOutcome UpdateCheck::judge(const CheckInput& input) const {
  std::int64_t tolerance = config_.tolerance_days, install_age = config_.install_max_age_days;
  for (const PathLimits& own : config_.paths) {
    if (own.path != input.path) continue;
    tolerance = own.tolerance_days.value_or(tolerance);
    install_age = own.install_max_age_days.value_or(install_age);
  }
  const auto build = facts::number(facts::find(input.facts, "os", "build"));
  const auto ubr = facts::number(facts::find(input.facts, "os", "ubr"));
  const bool table_fresh = input.now - releases_.updated <= days(config_.table_max_age_days);
  const auto wanted = build ? releases_.highest(*build, input.now - days(tolerance)) : std::nullopt;
  CheckOutcome out;
  if (!table_fresh || !ubr || !wanted) {
    out.results = {judge_by_day(input, install_age)};
    return out;
  }
  const std::string observed = std::to_string(*build) + "." + std::to_string(*ubr);
  const std::string required = std::to_string(*build) + "." + std::to_string(*wanted) + " or later";
  if (*ubr < *wanted) {
    out.results = {result(CheckVerdict::fail, "update.behind", observed, required, kApply)};
  } else if (facts::flag(facts::find(input.facts, "updates", "pending_reboot")) == true) {
    out.results = {result(CheckVerdict::warn, "update.reboot_pending", observed, required, kApply)};
  } else {
    out.results = {result(CheckVerdict::pass, {}, observed, required, {})};
  }
  return out;
}

}  // namespace sekisho::windows_update
