// MailStage: CurlMail on a real loop, with certificates and limits for tests.
// Threads: one; CurlMail brings its own.
#pragma once
#include "net/mail/curl_mail.hpp"
#include "net/mail/testing/fake_smtp_server.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/io_context.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sekisho::net::testing {

struct MailStage {
  MailStage() {
    options.from = "sekisho@seki.test";
    options.ca_pem = authority.pem();
    options.attempt = std::chrono::milliseconds(1500);
    options.limit = std::chrono::milliseconds(4000);
    options.first_wait = std::chrono::milliseconds(50);
  }
  [[nodiscard]] tls::testing::Identity server_identity() const { return issue(authority, "localhost", false); }
  [[nodiscard]] static tls::testing::Identity issue(const tls::testing::Authority& by, const std::string& name,
                                                    bool expired) {
    tls::testing::LeafOptions leaf;
    leaf.name = name;
    leaf.dns = {name};
    leaf.client = false;
    leaf.expired = expired;
    return by.issue(leaf);
  }
  void open(std::uint16_t port, const std::string& host = "localhost") {
    options.url = "smtp://" + host + ":" + std::to_string(port);
    MailOptions own{options.url,   options.from,     options.ca_pem, options.user,    options.password.clone(),
                    options.spool, options.parallel, options.limit,  options.attempt, options.first_wait};
    auto made = CurlMail::make(std::move(own), clock, timers, entropy);
    SEKISHO_ASSERT(made);
    mail = std::move(*made);
  }
  /// `number` names the mail; its end arrives in `ends`.
  void send(int number, std::string to = "mori@contractor.test", std::string body = "code 047238\n") {
    SendMail one;
    one.to = std::move(to);
    one.subject = "確認コード";
    one.body = std::move(body);
    const auto start = std::chrono::steady_clock::now();
    mail->send(std::move(one), [this, number, start](Result<void> how) {
      SEKISHO_ASSERT(!ends.contains(number));
      ends.emplace(number, std::move(how));
      took[number] = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    });
  }
  /// Drives the loop until `done`; the limit is generous because the machine may be busy.
  bool until(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  /// "" for a mail that was delivered, else the error's code.
  std::string end_of(int number) {
    if (!until([&] { return ends.contains(number); })) return "no end";
    const auto& end = ends.at(number);
    return end ? "" : end.error().code;
  }

  tls::testing::Authority authority{"mail CA"};
  boost::asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  run::KernelEntropy entropy;
  MailOptions options;
  std::map<int, Result<void>> ends;
  std::map<int, std::chrono::milliseconds> took;
  std::unique_ptr<CurlMail> mail;
};

}  // namespace sekisho::net::testing
