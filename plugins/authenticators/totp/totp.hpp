// One-time codes of an authenticator app (TOTP): six digits from a seed that only the app and this gate can make, new
// every 30 s. A real factor (weight 1), unlike the mailed code (T-29).
//
//   no code ─▶ ask
//   code    ─▶ locked? ─▶ one of the steps now-1, now, now+1 that is later than the last one used?
//                             ─▶ yes: the step is consumed, in the same transaction that passes the login
//                             ─▶ used before, wrong: counted, ask again or no
//
// The seed is no stored value: HMAC-SHA-256(key file, person, salt), of which the store keeps the salt (T-75). Counters
// hang on the account, shared by paths, nodes and restarts; those of a stranger and those of who proved the owner's
// certificate are apart (T-30). Somebody unknown, or without an app, is asked and counted like everybody else (T-32).
// Threads: step() by one thread at a time; enrol() on the same thread. Source: RFC 6238, RFC 4226; threats.md §8
// "TOTP"; NIST SP 800-63B-4 3.1.4, 3.2.2; OWASP ASVS 6.5.
#pragma once
#include "account.hpp"
#include "config.hpp"
#include "refusals.hpp"

#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/enrolling.hpp>
#include <sekisho/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sekisho::totp {

class Totp final : public Authenticator, public Enrolling {
 public:
  /// `key`: the file's bytes; one trailing line end is dropped. `entropy` must outlive the factor.
  /// Errors: totp.bad_key (fewer than 32 bytes or more than 4096).
  [[nodiscard]] static Result<std::unique_ptr<Totp>> make(const Config& config, Secret key, Entropy& entropy);

  [[nodiscard]] std::string_view factor() const override { return "totp"; }
  [[nodiscard]] unsigned weight() const override { return 1; }
  [[nodiscard]] AuthStep step(AuthRequest request) override;
  /// A new salt and clear counters; whatever app was enrolled before shows codes that no longer count.
  [[nodiscard]] Enrolled enrol(std::string_view person, std::string_view login, Instant now) override;

 private:
  struct Round;
  Totp(const Config& config, Secret key, Entropy& entropy);
  [[nodiscard]] AuthStep judge(Round& round, std::string_view typed) const;
  [[nodiscard]] AuthStep count_wrong(Round& round, bool used) const;

  const Config config_;
  const Secret key_;
  const std::string mark_;
  Entropy& entropy_;
};

}  // namespace sekisho::totp
