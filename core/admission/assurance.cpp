#include "admission/assurance.hpp"

#include <set>

namespace sekisho::admission {

Result<unsigned> assurance(const std::vector<std::string>& factors,
                           const std::map<std::string, Authenticator*>& authenticators, unsigned wanted) {
  if (factors.empty()) return fail("assurance.no_factors", "a path must demand at least one factor");
  std::set<std::string> seen;
  std::string counted;
  unsigned sum = 0;
  for (const std::string& factor : factors) {
    const auto found = authenticators.find(factor);
    if (found == authenticators.end() || found->second == nullptr) {
      return fail("assurance.unknown_factor", "no loaded authenticator provides the factor \"" + factor + "\"");
    }
    if (!seen.insert(factor).second) return fail("assurance.duplicate_factor", "\"" + factor + "\" is named twice");
    const unsigned weight = found->second->weight();
    sum += weight;
    counted += (counted.empty() ? "" : ", ") + factor + " counts " + std::to_string(weight);
  }
  if (sum < wanted) {
    return fail("assurance.too_few", "real factors: " + std::to_string(sum) + " of " + std::to_string(wanted) + " (" +
                                         counted + "); a mailed code counts 0, whoever reads the mail can use it");
  }
  return sum;
}

}  // namespace sekisho::admission
