// CurlMail: mails to the configured next hop over SMTP with libcurl. TLS is required (STARTTLS, or from the first byte
// with smtps://) and verified against the configured CA; otherwise no mail leaves (T-28).
//
//   send() ─▶ spool (bounded) ─▶ up to `parallel` attempts at once, a thread each ─▶ done, posted to the loop
//                                   4xx, no connection, silence: again after 1, 2, 4 … s while the limit lasts
//                                   5xx, no TLS, wrong certificate: refused for good
//
// Threads: send() and the destructor on the loop. One thread keeps the spool and starts one for each attempt (libcurl's
// SMTP blocks), so a slow server blocks neither the loop nor other mails (up to `parallel`). `done` comes through
// Timers::post, exactly once, unless the loop ends first. The destructor gives up what waits or is under way
// (mail.closed) and joins all threads, within about a second.
// Ownership: borrows clock, timers and entropy; they outlive it. Mails are held as Secrets and wiped when done.
// Errors of `done`: mail.busy (spool full), mail.bad_address, mail.bad_text, mail.refused (5xx), mail.no_tls (no
// STARTTLS, bad certificate, bytes before TLS), mail.unreachable (limit passed), mail.misconfigured, mail.closed.
// `peer` is the server's three-digit reply only: its words could repeat the mail.
// Source: RFC 5321, RFC 3207, RFC 8314; threats.md T-28, R-03.
#pragma once
#include "base/site_config.hpp"
#include "run/services.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace sekisho::net {

struct MailOptions {
  std::string url;     ///< "smtp://host:port" or "smtps://host:port"; nothing after the port
  std::string from;    ///< sender; its domain is said in EHLO and ends the Message-ID
  std::string ca_pem;  ///< the CAs that the server's certificate must end at
  std::string user;    ///< empty: no AUTH
  Secret password;
  std::size_t spool = 256;                      ///< mails queued or under way; one more is mail.busy
  std::size_t parallel = 16;                    ///< transfers at once: a mail waits only when so many hang
  std::chrono::milliseconds limit{30'000};      ///< from send() to the end, retries included
  std::chrono::milliseconds attempt{10'000};    ///< one connection, from connect to the last reply
  std::chrono::milliseconds first_wait{1'000};  ///< before the second attempt; doubled each time
};

class CurlMail final : public run::Mail {
 public:
  /// Errors: mail.misconfigured (URL, sender, CA file, user without password or the other way round).
  [[nodiscard]] static Result<std::unique_ptr<CurlMail>> make(MailOptions options, const run::Clock& clock,
                                                              run::Timers& timers, Entropy& entropy);
  ~CurlMail() override;
  CurlMail(const CurlMail&) = delete;
  CurlMail& operator=(const CurlMail&) = delete;

  void send(SendMail mail, std::function<void(Result<void>)> done) override;

 private:
  struct Impl;
  explicit CurlMail(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Reads the files of `config`. Errors: mail.misconfigured.
[[nodiscard]] Result<MailOptions> mail_options(const MailConfig& config);

/// For a daemon: never null. With a broken configuration every mail fails with mail.misconfigured, so nobody who needs
/// a code gets in, and those inside stay.
[[nodiscard]] std::unique_ptr<run::Mail> open_mail(const MailConfig& config, const run::Clock& clock,
                                                   run::Timers& timers, Entropy& entropy);

}  // namespace sekisho::net
