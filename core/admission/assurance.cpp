#include "admission/assurance.hpp"

#include <set>

namespace sekisho::admission {

std::optional<AssuranceFault> assurance_fault(const std::vector<std::string>& factors,
                                              const std::map<std::string, Authenticator*>& authenticators,
                                              unsigned wanted) {
  if (factors.empty()) {
    return AssuranceFault{
        "assurance.no_factors",
        {"本人確認の要素が一つも指定されていません。", "No factor is named; a path must demand at least one."}};
  }
  std::set<std::string> seen;
  Text counted;
  unsigned sum = 0;
  for (const std::string& factor : factors) {
    const auto found = authenticators.find(factor);
    if (found == authenticators.end() || found->second == nullptr) {
      return AssuranceFault{"assurance.unknown_factor",
                            {"要素「" + factor + "」を確かめるプラグインが /authenticators にありません。",
                             "No plugin in /authenticators provides the factor \"" + factor + "\"."}};
    }
    if (!seen.insert(factor).second) {
      return AssuranceFault{"assurance.duplicate_factor",
                            {"要素「" + factor + "」が二度指定されています。",
                             "The factor \"" + factor + "\" is named twice; it counts once."}};
    }
    const std::string weight = std::to_string(found->second->weight());
    sum += found->second->weight();
    counted.ja.append(counted.ja.empty() ? "" : "、").append(factor).append("は").append(weight);
    counted.en.append(counted.en.empty() ? "" : ", ").append(factor).append(" counts ").append(weight);
  }
  if (sum >= wanted) return std::nullopt;
  const std::string have = std::to_string(sum), need = std::to_string(wanted);
  AssuranceFault out{
      "assurance.too_few",
      {"この経路は" + need + "要素を求めますが、指定は" + have + "要素にしかなりません（" + counted.ja + "）。",
       "This path demands " + need + " factors, but what is named is worth " + have + " (" + counted.en + ")."}};
  if (seen.contains("code")) {
    out.why.ja += "メールで届く確認コードは、メールを読める人なら誰でも使えるため要素に数えません。";
    out.why.en += " A mailed code is no factor: whoever reads the mail can use it.";
  }
  out.why.ja += "certificate、password、totp などを加えるか、承知の上なら least_factors を下げてください。";
  out.why.en += " Add certificate, password or totp, or lower least_factors if that is meant.";
  return out;
}

}  // namespace sekisho::admission
