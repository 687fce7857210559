#include "antivirus.hpp"

#include "product.hpp"

#include <sekisho/sdk/facts.hpp>

#include <algorithm>

namespace sekisho::antivirus {
namespace {

using nlohmann::json;

constexpr std::size_t kMostProducts = 16;

const Text kSwitchOn{
    "許可された対策ソフトを有効にしてください（期限切れ・一時停止・削除の残りを確認）。",
    "Switch an allowed antivirus product on (look for expiry, a pause, and remains of a removed product)."};
const Text kUpdate{"定義ファイルを更新してください。", "Update the antivirus definitions."};
const Text kUnknown{
    "ウイルス対策ソフトの状態を確認できません。エージェントを導入し直すか、管理担当へ連絡してください。",
    "The antivirus state could not be determined. Install the agent again or contact the operator."};

const Text& remedy_for(std::string_view code) {
  if (code == "av.signature_old" || code == "av.signature_stuck") return kUpdate;
  return code == "av.unknown" ? kUnknown : kSwitchOn;
}

CheckResult result(CheckVerdict verdict, std::string code, std::string observed) {
  const Text remedy = code.empty() ? Text{} : remedy_for(code);
  return {"antivirus",
          "R07",
          verdict,
          std::move(code),
          std::move(observed),
          "an allowed product, on, with fresh definitions",
          remedy,
          std::nullopt};
}

/// When this version was first seen on this terminal; a memory of any other shape is none.
Instant since(const json& memory, const std::string& vendor, const std::string& version, Instant now) {
  const json* row = facts::find(memory, vendor);
  if (row == nullptr || facts::text(facts::find(*row, "version")) != version) return now;
  const auto at = parse_rfc3339(facts::text(facts::find(*row, "since")).value_or(""));
  return at && *at <= now ? *at : now;
}

}  // namespace

Result<AntivirusCheck> AntivirusCheck::make(Config config, std::vector<Vendor> vendors) {
  std::vector<Vendor> allowed;
  for (const std::string& name : config.allowed) {
    const auto found =
        std::find_if(vendors.begin(), vendors.end(), [&name](const Vendor& v) { return v.vendor == name; });
    if (found == vendors.end()) return fail("antivirus.unknown_vendor", "/allowed: " + name + " stands in no table");
    allowed.push_back(*found);
  }
  return AntivirusCheck(std::move(config), std::move(allowed));
}

CheckOutcome AntivirusCheck::judge(const CheckInput& input) const {
  Seconds max_age = config_.signature_max_age, stuck_after = config_.stuck_after;
  for (const PathLimits& own : config_.paths) {
    if (own.path != input.path) continue;
    max_age = own.signature_max_age.value_or(max_age);
    stuck_after = own.stuck_after.value_or(stuck_after);
  }
  CheckOutcome out;
  out.memory = json::object();
  const json* products = facts::list(input.facts, "antivirus", "products");
  if (products == nullptr) {
    out.results = {result(CheckVerdict::unknown, "av.unknown", "not reported")};
    return out;
  }
  if (products->empty()) {
    out.results = {result(CheckVerdict::fail, "av.none", "no product")};
    return out;
  }
  std::vector<const Vendor*> allowed;
  for (const Vendor& vendor : vendors_) allowed.push_back(&vendor);
  std::vector<ProductVerdict> verdicts;
  for (std::size_t i = 0; i < std::min(products->size(), kMostProducts); ++i) {
    ProductVerdict verdict = judge_product((*products)[i], allowed, max_age, input.now);
    if (!verdict.undated_version.empty()) {
      const Instant first_seen = since(input.memory, verdict.vendor, verdict.undated_version, input.now);
      out.memory[verdict.vendor] = {{"version", verdict.undated_version}, {"since", to_rfc3339(first_seen)}};
      if (input.now - first_seen > stuck_after) {
        verdict.verdict = CheckVerdict::warn;
        verdict.code = "av.signature_stuck";
        verdict.passed_steps -= 1;  // any product that passes without a remark is better
      }
    }
    verdicts.push_back(std::move(verdict));
  }
  const auto good = [](const ProductVerdict& v) {
    return v.verdict == CheckVerdict::pass ? 2 : v.verdict == CheckVerdict::warn ? 1 : 0;
  };
  std::stable_sort(verdicts.begin(), verdicts.end(), [&good](const ProductVerdict& a, const ProductVerdict& b) {
    return std::pair(good(a), a.passed_steps) > std::pair(good(b), b.passed_steps);
  });
  // One product that protects is enough; what the others lack matters only when none does.
  const std::size_t shown = good(verdicts.front()) > 0 ? 1 : verdicts.size();
  for (std::size_t i = 0; i < shown; ++i) {
    out.results.push_back(result(verdicts[i].verdict, verdicts[i].code, verdicts[i].name));
  }
  return out;
}

}  // namespace sekisho::antivirus
