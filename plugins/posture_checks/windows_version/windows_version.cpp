#include "windows_version.hpp"

#include <sekisho/sdk/facts.hpp>

#include <algorithm>

namespace sekisho::windows_version {
namespace {

const Text kUpdate{"サポート中の Windows 11 へ更新してください。",
                   "Update to a Windows 11 release that is still supported."};
const Text kOtherKind{"この種類の OS は利用できません。Windows 11 の端末を使用してください。",
                      "This kind of operating system cannot be used. Use a terminal with Windows 11."};
const Text kUnknown{"OS の情報を確認できません。エージェントを導入し直すか、管理担当へ連絡してください。",
                    "The operating system could not be determined. Install the agent again or contact the operator."};

enum class Edition : std::uint8_t { home_pro, enterprise, ltsc, other };

Edition edition_of(std::string_view id) {
  const auto begins = [id](std::string_view with) { return id.substr(0, with.size()) == with; };
  if (begins("EnterpriseS") || begins("IoTEnterpriseS")) return Edition::ltsc;
  if (begins("Enterprise") || begins("IoTEnterprise") || begins("Education")) return Edition::enterprise;
  if (begins("Core") || begins("Professional")) return Edition::home_pro;
  return Edition::other;
}

Instant end_of(const Build& build, Edition edition) {
  switch (edition) {
    case Edition::ltsc:
      return build.ltsc_end.value_or(build.enterprise_end);
    case Edition::enterprise:
      return build.enterprise_end;
    default:
      return std::min(build.home_pro_end, build.enterprise_end);
  }
}

struct Limits {
  std::int64_t min_build, warn_days, grace_days;
};
Limits limits_for(const Config& config, const std::string& path) {
  Limits out{config.min_build, config.warn_days, config.grace_days};
  for (const PathLimits& own : config.paths) {
    if (own.path != path) continue;
    out.min_build = own.min_build.value_or(out.min_build);
    out.warn_days = own.warn_days.value_or(out.warn_days);
    out.grace_days = own.grace_days.value_or(out.grace_days);
  }
  return out;
}

}  // namespace

CheckResult WindowsCheck::judge_os(const CheckInput& input) const {
  const Limits limits = limits_for(config_, input.path);
  const auto fact = [&](const char* name) { return facts::find(input.facts, "os", name); };
  CheckResult out{
      "windows_version", "R06",       CheckVerdict::unknown,
      "os.unknown",      {},          "Windows 11 in service, build " + std::to_string(limits.min_build) + " or later",
      kUnknown,          std::nullopt};
  const auto refuse = [&](std::string observed, const char* code, const Text& remedy) {
    out.verdict = CheckVerdict::fail;
    out.code = code;
    out.observed = std::move(observed);
    out.remedy = remedy;
    return out;
  };
  const auto unknown = [&](std::string observed) {
    out.observed = std::move(observed);
    return out;
  };

  const auto family = facts::word(fact("family"));
  if (family == "unknown") return unknown("no family");  // enforces R06/os.unknown
  if (family != "windows") return refuse(facts::shown(family), "os.not_windows", kOtherKind);
  const auto product = facts::word(fact("product_type")), edition = facts::word(fact("edition"));
  if (product == "server" || product == "domain_controller" || edition == "ServerRdsh") {
    return refuse(facts::shown(product), "os.server", kOtherKind);
  }
  if (product != "workstation") return unknown("no product type");  // enforces R06/os.unknown
  const auto build = facts::number(fact("build"));
  if (!build) return unknown("no build");  // enforces R06/os.unknown

  std::string observed = std::to_string(*build);
  if (const auto ubr = facts::number(fact("ubr"))) observed += "." + std::to_string(*ubr);
  observed += " " + facts::shown(edition);
  const auto channel = facts::word(fact("channel"));
  if (channel == "insider") return refuse(observed, "os.insider", kOtherKind);
  const auto major = facts::number(fact("major")), minor = facts::number(fact("minor"));
  if (*build < limits.min_build) return refuse(observed, "os.too_old", kUpdate);
  const auto row = builds_.find(*build);
  if (row == builds_.end() || major.value_or(10) != 10 || minor.value_or(0) != 0) {
    return refuse(observed, "os.build_not_allowed", kUpdate);
  }
  if (channel != "general") return unknown(observed + ", no channel");  // enforces R06/os.unknown
  if (const auto& arches = row->second.arches; !arches.empty()) {
    const auto arch = facts::word(fact("arch"));
    if (arch == "unknown") return unknown(observed + ", no architecture");  // enforces R06/os.unknown
    if (std::find(arches.begin(), arches.end(), arch) == arches.end()) {
      return refuse(observed + " " + facts::shown(arch), "os.build_not_allowed", kUpdate);
    }
  }
  const Instant end = end_of(row->second, edition_of(edition)) + std::chrono::days(limits.grace_days);
  if (input.now >= end) return refuse(observed, "os.build_ended", kUpdate);
  out.observed = observed;
  out.until = end;
  if (input.now >= end - std::chrono::days(limits.warn_days)) {
    out.verdict = CheckVerdict::warn;
    out.code = "os.build_ends_soon";
    out.remedy = kUpdate;
    return out;
  }
  out.verdict = CheckVerdict::pass;
  out.code.clear();
  out.remedy = {};
  return out;
}

CheckOutcome WindowsCheck::judge(const CheckInput& input) const {
  return {{judge_os(input)}, nullptr};
}

}  // namespace sekisho::windows_version
