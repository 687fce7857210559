// The two mails: the code, and the notice that the code was locked or ended. Japanese first, English below; time in
// Japan Standard Time; no link, and the code in no subject (T-27). Golden copies stand in testdata/.
// Threads: pure functions. Lines <= 900 bytes.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/time.hpp>

#include <string_view>

namespace sekisho::email_code {

struct Occasion {
  Instant now{};
  std::string_view source;  ///< the socket peer's address
  std::string_view path;
};

[[nodiscard]] SendMail code_mail(const Config& config, const Subject& to, std::string_view code,
                                 const Occasion& occasion);
[[nodiscard]] SendMail lock_mail(const Config& config, const Subject& to, bool disabled, const Occasion& occasion);

/// "2026-11-22 09:31:00 JST"
[[nodiscard]] std::string to_jst(Instant at);

}  // namespace sekisho::email_code
