// The password factor: counts, throttles and locks; the hash itself is an effect that the host performs
// (VerifyPassword), so no memory-hard work runs inside a transaction.
//
//   password ─▶ locked? too fast? ─▶ attempt reserved as a failure ─▶ wait(VerifyPassword)
//                                                     done, matched ─▶ yes, counters cleared
//                                                     done, not     ─▶ no (the reservation stays)
//                                                     not done      ─▶ no, reservation given back
//
// The attempt is counted before the hash is computed: parallel tries cannot outrun the counter (T-24, T-30). Two sets
// of counters per account: one for who proved the owner's certificate in this login, one for everybody else, so that a
// stranger cannot lock the owner (T-30). An unknown person takes the same road with a hash that nothing matches (T-32).
// Threads: step() by one thread at a time; no state but constants. Source: threats.md §8; PCI DSS 8.3.4; NIST
// 800-63B-4.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/authenticator.hpp>

#include <string>

namespace sekisho::password {

class PasswordFactor final : public Authenticator {
 public:
  /// Draws the dummy hash's salt and tag from `entropy`, which is not kept.
  PasswordFactor(const Config& config, Entropy& entropy);

  [[nodiscard]] std::string_view factor() const override { return "password"; }
  [[nodiscard]] unsigned weight() const override { return 1; }
  [[nodiscard]] AuthStep step(AuthRequest request) override;

  /// Same cost as the house's own profile (Argon2id, 64 MiB, t 2, p 1), random tag: no password fits.
  [[nodiscard]] const std::string& dummy_hash() const { return dummy_hash_; }

 private:
  AuthStep try_password(AuthRequest request) const;
  AuthStep after_hash(AuthRequest request) const;

  Config config_;
  std::string dummy_hash_;
};

}  // namespace sekisho::password
