#include "programs/sekisho_agent/testing/test_gate.hpp"

#include "admission/device_key.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace sekisho::agent::testing {
namespace {

std::shared_ptr<SSL_CTX> context_of(const tls::testing::Identity& identity, std::string& fingerprint) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text(
      BIO_new_mem_buf(identity.certificate_pem.data(), static_cast<int>(identity.certificate_pem.size())),
      BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> key_text(
      BIO_new_mem_buf(identity.key_pem.data(), static_cast<int>(identity.key_pem.size())), BIO_free_all);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  SEKISHO_ASSERT(certificate && key && SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
                 SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  fingerprint = admission::sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  // As a front does: a certificate is asked for, and what it is worth is judged later.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  return context;
}

}  // namespace

TestGate::TestGate() {
  std::signal(SIGPIPE, SIG_IGN);  // a client that hangs up in the middle of an answer
  std::string fingerprint;
  const tls::testing::LeafOptions leaf{.name = "gate.test", .dns = {"gate.test"}, .client = false};
  first_ = context_of(authority_.issue(leaf), fingerprint);
  bench.options.server_fingerprints = {fingerprint};
  second_ = context_of(authority_.issue(leaf), fingerprint);
  bench.options.server_fingerprints.push_back(fingerprint);
  bench.options.allow_simulator = true;

  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  SEKISHO_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 16) == 0 &&
                 ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TestGate::~TestGate() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const auto held = lock();
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void TestGate::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const auto held = lock();
    open_.push_back(fd);
    threads_.emplace_back(&TestGate::serve, this, fd, changed_ ? second_.get() : first_.get());
  }
}

void TestGate::serve(int fd, ssl_ctx_st* context) {
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context), SSL_free);
  SSL_set_fd(tls.get(), fd);
  HttpRequestParser parser({.body_bytes = 64 * 1024});
  std::vector<std::byte> buffer(16384);
  bool open = SSL_accept(tls.get()) == 1;
  {
    const auto held = lock();
    shown.push_back(SSL_get0_peer_certificate(tls.get()) != nullptr);
  }
  while (open) {
    const int got = SSL_read(tls.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) break;
    std::span<const std::byte> bytes(buffer.data(), static_cast<std::size_t>(got));
    while (!bytes.empty() && open) {
      auto progress = parser.feed(bytes);
      bytes = bytes.subspan(progress.consumed);
      if (progress.refusal) open = false;
      if (!progress.request) continue;
      const std::string text = serialize(answer(*progress.request));
      open = SSL_write(tls.get(), text.data(), static_cast<int>(text.size())) > 0;
    }
  }
  const auto held = lock();
  std::erase(open_, fd);
  ::close(fd);
}

HttpResponse TestGate::answer(const HttpRequest& request) {
  const auto held = lock();
  bench.now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  requests.push_back(request);
  HttpResponse out;
  out.content_type = "application/json";
  if (request.path == "/posture/v1/challenge") {
    out.body = bench.desk().challenge(session, bench.now);
    out.close = changed_ = change_certificate;
  } else if (request.path == "/posture/v1/report") {
    verdicts.push_back(bench.send(request.body, session));
    out.status = verdicts.back().http_status;
    out.body = verdicts.back().answer;
  } else if (request.path == "/posture/v1/enrol") {
    const auto verdict = bench.desk().enrol(request.body, bench.registry, bench.now);
    if (verdict.terminal) bench.registry.terminals[verdict.terminal->id] = *verdict.terminal;
    out.status = verdict.http_status;
    out.body = verdict.answer;
  } else {
    out.status = 404;
  }
  return out;
}

}  // namespace sekisho::agent::testing
