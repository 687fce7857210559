// SmtpAttempt: one mail handed to the next hop once, with libcurl over verified TLS. It blocks: libcurl's SMTP waits
// for the reply to the mail's end and to QUIT inside one call, so each attempt has a thread of its own (CurlMail).
// Threads: one; `stopping` may be set by another and ends it within about a second. Ownership: borrows all it is given.
// Errors: those of CurlMail's `done`.
#pragma once
#include "net/mail/curl_mail.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace sekisho::net {

class SmtpAttempt {
 public:
  struct End {
    Result<void> how;
    bool again = false;  ///< a later attempt may do better
  };

  SmtpAttempt(const MailOptions& options, const std::string& to, std::string_view text,
              const std::atomic<bool>& stopping);
  /// Says QUIT and does not wait for the answer.
  ~SmtpAttempt();
  SmtpAttempt(const SmtpAttempt&) = delete;
  SmtpAttempt& operator=(const SmtpAttempt&) = delete;

  [[nodiscard]] End run(std::chrono::milliseconds limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What stands behind the "@".
[[nodiscard]] std::string domain_of(const std::string& address);
/// Once, before the first attempt; further calls do nothing.
void start_libcurl();

}  // namespace sekisho::net
