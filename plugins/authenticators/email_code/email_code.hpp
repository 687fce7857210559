// The mailed code: six uniform digits to the address registered beforehand (R04). It counts as no factor (T-29), and it
// guards itself as if it were one.
//
//   first step ─▶ limits? ─▶ code drawn, its HMAC kept, mail named as an effect ─▶ ask
//   code       ─▶ same login, path, person, certificate; newest; in time ─▶ right: consumed, yes
//                                                                         ─▶ wrong: counted, ask again or no
//   no code    ─▶ resend when a minute has passed, else ask again
//
// One account has one open code: a newer one, from whatever login, ends the older. The counters hang on the account and
// are shared by all paths, nodes and restarts; a new code does not reset them (T-24). The code itself is never stored:
// the account keeps HMAC-SHA-256(pepper, salt, transaction, person, path, certificate, code), so a code of one login
// says nothing in another (T-25).
// The pepper is the operator's, of every node of a gate the same: a code outlives a restart and may come back to
// another node. So it is read and not drawn; the salt of each code is drawn. Each factor has its own, and keeps it
// alone. Threads: step() by one thread at a time. Source: threats.md §8 "E-mailed code"; NIST SP
// 800-63B-4 3.1.3.2, 3.2.2; OWASP ASVS 6.5, 6.6; decisions.md "Mailed code".
#pragma once
#include "account.hpp"
#include "config.hpp"
#include "refusals.hpp"

#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sekisho::email_code {

class EmailCode final : public Authenticator {
 public:
  /// `pepper`: the file's bytes; one trailing line end is dropped. `entropy` must outlive the factor.
  /// Errors: code.bad_pepper (fewer than 32 bytes or more than 4096).
  [[nodiscard]] static Result<std::unique_ptr<EmailCode>> make(const Config& config, Secret pepper, Entropy& entropy);
  ~EmailCode() override;
  EmailCode(const EmailCode&) = delete;
  EmailCode& operator=(const EmailCode&) = delete;

  [[nodiscard]] std::string_view factor() const override { return "code"; }
  [[nodiscard]] unsigned weight() const override { return 0; }
  [[nodiscard]] AuthStep step(AuthRequest request) override;

 private:
  class Mac;
  struct Round;
  EmailCode(const Config& config, std::string_view pepper, Entropy& entropy);
  [[nodiscard]] AuthStep send(Round& round) const;
  [[nodiscard]] AuthStep judge(Round& round, std::string_view typed) const;
  [[nodiscard]] AuthStep count_wrong(Round& round) const;
  [[nodiscard]] bool send_limit_reached(const Round& round) const;
  [[nodiscard]] std::uint32_t resend_wait_s(const Round& round) const;
  [[nodiscard]] std::string mac(const Round& round, std::string_view salt_hex, std::string_view code) const;

  const Config config_;
  const std::unique_ptr<Mac> mac_;  ///< holds the pepper, which nobody else has once this was made
  Entropy& entropy_;
};

/// What people type for six digits: full-width digits become plain ones, blanks go. Anything else stays and is wrong.
[[nodiscard]] std::string tidy_code(std::string_view typed);

}  // namespace sekisho::email_code
