// A gate for the agent's program: TLS and strict HTTP on loopback, the real desk behind it. Every connection has a
// thread, the desk a mutex. Threads: members are the test's between start and stop only under lock().
#pragma once
#include "admission/testing/posture_bench.hpp"
#include "net/tls/testing/certificates.hpp"

#include <sekisho/sdk/path/http.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct ssl_ctx_st;

namespace sekisho::agent::testing {

class TestGate {
 public:
  TestGate();
  ~TestGate();
  TestGate(const TestGate&) = delete;
  TestGate& operator=(const TestGate&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& ca_pem() const { return authority_.pem(); }
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  // Under lock():
  admission::testing::PostureBench bench;
  std::optional<admission::SessionRef> session;
  std::vector<admission::ReportVerdict> verdicts;
  std::vector<HttpRequest> requests;
  /// Close after a challenge, and show another certificate of the same authority from then on.
  bool change_certificate = false;
  std::vector<bool> shown;  ///< of each connection, whether its client showed a certificate
  tls::testing::Authority clients{"test client CA"};

 private:
  void accept_all();
  void serve(int fd, ssl_ctx_st* context);
  HttpResponse answer(const HttpRequest& request);

  tls::testing::Authority authority_{"test CA"};
  std::shared_ptr<ssl_ctx_st> first_, second_;
  bool changed_ = false;  // under the mutex
  int listener_ = -1, port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace sekisho::agent::testing
