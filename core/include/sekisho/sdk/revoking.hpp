// Revoking: a factor whose proof can be taken back behind the gate's back (a certificate, by the list of its issuer).
// An authenticator that has this second base is asked after each refresh() for every session whose login it proved.
// It is also asked of whoever resumes a session. Threads: any, at the same time as step() and refresh(): it neither
// blocks nor reads a file. No exception may leave it. Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/time.hpp>

#include <string>
#include <vector>

namespace sekisho {

class Revoking {
 public:
  virtual ~Revoking() = default;
  /// `chain`: DER, leaf first, as it arrived with the session; never empty. True only if it is known to be revoked: who
  /// is inside does not lose his session because a list cannot be read.
  [[nodiscard]] virtual bool revoked(const std::vector<std::string>& chain, Instant now) const = 0;
};

}  // namespace sekisho
