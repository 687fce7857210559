// FakeSmtpServer: a mail server on loopback that speaks SMTP with STARTTLS and misbehaves as told (T-28).
// Threads: one for accepting, one for each connection; results() and accepted() from any thread. It has the mails'
// text: run serve_forever() in a process of its own where memory is looked at. Source: RFC 5321, RFC 3207.
#pragma once
#include "net/tls/testing/certificates.hpp"

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sekisho::net::testing {

enum class Manner : std::uint8_t {
  good,
  offers_no_tls,      ///< EHLO without STARTTLS
  refuses_starttls,   ///< 454
  talks_before_tls,   ///< its answer to STARTTLS brings further lines along, as an injector would
  refuses_receiver,   ///< 550, and repeats what it was told
  refuses_text,       ///< 554 after the mail's end, and repeats the mail
  refuses_and_hangs,  ///< 550 at the receiver, and not a word any more
  busy_at_mail,       ///< 451 to MAIL FROM
  silent,             ///< accepts the connection and says nothing
  silent_after_data,  ///< takes the mail and never answers
  closes_in_data,     ///< closes after 354
  endless_lines,      ///< an answer to EHLO whose lines never end
  endless_line,       ///< a line that never ends
  slow,               ///< every byte takes 20 ms
  no_smtp,            ///< speaks HTTP
};

class FakeSmtpServer {
 public:
  /// What one connection came to.
  struct Seen {
    Manner manner = Manner::good;
    std::vector<std::string> in_clear, in_tls;  ///< commands
    std::string text;                           ///< of the mail, dots unstuffed
  };

  /// Connection n gets manner n; after the last all are good. `identity`: the server's certificate.
  FakeSmtpServer(tls::testing::Identity identity, std::vector<Manner> manners);
  ~FakeSmtpServer();
  FakeSmtpServer(const FakeSmtpServer&) = delete;
  FakeSmtpServer& operator=(const FakeSmtpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::vector<Seen> results() const;
  [[nodiscard]] std::size_t accepted() const;

 private:
  struct Connection;
  void accept_all();

  const tls::testing::Identity identity_;
  const std::vector<Manner> manners_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::list<std::unique_ptr<Connection>> connections_;  // guarded by mutex_
  bool stopping_ = false;                               // guarded by mutex_
  std::thread thread_;
};

}  // namespace sekisho::net::testing
