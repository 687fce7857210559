// Assurance: how many real factors a path's policy demands. The mailed code counts 0 (T-29), so a policy that looks
// like two factors but rests on a password and a mail is refused when it is configured, not when somebody logs in.
// Threads: pure. Source: threats.md T-29, §8 "weight"; NIST SP 800-63B-4 3.1.3.1; OWASP ASVS 6.3.6.
#pragma once
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/result.hpp>

#include <map>
#include <string>
#include <vector>

namespace sekisho::admission {

/// Sum of the weights of `factors`. Errors: assurance.no_factors, assurance.unknown_factor (names it),
/// assurance.duplicate_factor, assurance.too_few (the sum is below `wanted`; `detail` explains which factor counts
/// what).
[[nodiscard]] Result<unsigned> assurance(const std::vector<std::string>& factors,
                                         const std::map<std::string, Authenticator*>& authenticators,
                                         unsigned wanted = 2);

}  // namespace sekisho::admission
