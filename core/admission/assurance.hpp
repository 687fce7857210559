// Assurance: how many real factors a path's policy demands. The mailed code counts 0 (T-29), so a policy that looks
// like two factors but rests on a password and a mail is refused when it is configured, not when somebody logs in.
// Threads: pure. Source: threats.md T-29, §8 "weight"; NIST SP 800-63B-4 3.1.3.1; OWASP ASVS 6.3.6.
#pragma once
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/refusal.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::admission {

/// Why a policy cannot be used: what it is worth, which factor counts what, and what would mend it.
struct AssuranceFault {
  std::string code;  ///< assurance.no_factors, assurance.unknown_factor, assurance.duplicate_factor, assurance.too_few
  Text why;
};

/// Nullopt: the weights of `factors` sum up to `wanted` or more.
[[nodiscard]] std::optional<AssuranceFault> assurance_fault(const std::vector<std::string>& factors,
                                                            const std::map<std::string, Authenticator*>& authenticators,
                                                            unsigned wanted);

}  // namespace sekisho::admission
