#include "template_posture_check.hpp"

namespace sekisho::template_posture_check {
namespace {

/// The value at `pointer`, or null: absent, null and "not reached" are all unknown (posture.md §2).
const nlohmann::json& fact(const nlohmann::json& facts, const nlohmann::json::json_pointer& pointer) {
  static const nlohmann::json nothing;
  return facts.contains(pointer) ? facts.at(pointer) : nothing;
}

}  // namespace

CheckOutcome DiskCheck::judge(const CheckInput& input) const {
  CheckResult result{.check = "template_posture_check",
                     .rule = "R10",
                     .verdict = CheckVerdict::unknown,
                     .code = {},
                     .observed = "unknown",
                     .required = "true",
                     .remedy = {},
                     .until = {}};
  const nlohmann::json& encrypted = fact(input.facts, nlohmann::json::json_pointer("/security/disk_encrypted"));
  if (encrypted == nlohmann::json(true)) {
    result.verdict = CheckVerdict::pass;
    result.observed = "true";
  } else if (encrypted == nlohmann::json(false)) {
    result.verdict = config_.warn_only ? CheckVerdict::warn : CheckVerdict::fail;
    result.code = "template_posture_check.off";
    result.observed = "false";
    result.remedy = {"ディスクの暗号化（BitLocker等）を有効にしてください。",
                     "Switch on disk encryption (BitLocker or the like)."};
  } else {
    result.code = "template_posture_check.unknown";
    result.remedy = {
        "エージェントがディスクの暗号化状態を取得できません。エージェントを管理者権限で導入し直してください。",
        "The agent cannot tell whether the disk is encrypted. Install the agent again with administrator rights."};
  }
  return {.results = {std::move(result)}, .memory = nullptr};
}

}  // namespace sekisho::template_posture_check
