#include "net/mail/testing/fake_smtp_server.hpp"

#include <sekisho/sdk/result.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>

namespace sekisho::net::testing {
namespace {

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;
struct ContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

BioPtr memory(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unique_ptr<SSL_CTX, ContextFree> context_of(const tls::testing::Identity& identity) {
  std::unique_ptr<SSL_CTX, ContextFree> context(SSL_CTX_new(TLS_server_method()));
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_bio_X509(memory(identity.certificate_pem).get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(memory(identity.key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  SEKISHO_ASSERT(context && SSL_CTX_use_certificate(context.get(), certificate.get()) == 1 &&
                 SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

}  // namespace

/// One client, served on its own thread until it goes, the server stops, or the manner says so.
struct FakeSmtpServer::Connection {
  Connection(FakeSmtpServer& owner, int socket, Manner how) : server(owner), fd(socket) { seen.manner = how; }
  ~Connection() {
    ::shutdown(fd, SHUT_RDWR);
    if (thread.joinable()) thread.join();
    ssl.reset();
    ::close(fd);
  }

  bool say(const std::string& text) {
    const std::size_t step = seen.manner == Manner::slow ? 1 : text.size();
    for (std::size_t at = 0; at < text.size(); at += step) {
      if (seen.manner == Manner::slow) ::poll(nullptr, 0, 20);
      const auto size = static_cast<int>(std::min(step, text.size() - at));
      const bool sent = ssl ? SSL_write(ssl.get(), text.data() + at, size) == size
                            : ::send(fd, text.data() + at, static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
      if (!sent) return false;
    }
    return true;
  }

  std::optional<std::string> line() {
    for (;;) {
      const std::size_t end = heard.find("\r\n");
      if (end != std::string::npos) {
        std::string out = heard.substr(0, end);
        heard.erase(0, end + 2);
        return out;
      }
      char buffer[4096];
      const ssize_t got = ssl ? SSL_read(ssl.get(), buffer, sizeof buffer) : ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      heard.append(buffer, static_cast<std::size_t>(got));
    }
  }

  void wait_for_the_end() {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  }

  void serve() {
    talk();
    if (seen.manner != Manner::silent && seen.manner != Manner::silent_after_data) ::shutdown(fd, SHUT_RDWR);
  }

  void talk() {
    if (seen.manner == Manner::silent) return wait_for_the_end();
    if (seen.manner == Manner::no_smtp) {
      say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      return wait_for_the_end();
    }
    if (!say("220 fake ESMTP\r\n")) return;
    while (auto command = line()) {
      note(*command);
      if (!answer(*command)) return;
    }
  }

  void note(const std::string& command) {
    const std::lock_guard lock(server.mutex_);
    (ssl ? seen.in_tls : seen.in_clear).push_back(command);
  }

  bool answer(const std::string& command) {
    const std::string verb = command.substr(0, 4);
    const Manner how = seen.manner;
    if (verb == "EHLO") return hello();
    if (verb == "STAR") return start_tls();
    if (verb == "AUTH") {
      if (!say("334 \r\n")) return false;
      const auto secret = line();
      if (!secret) return false;
      note("secret " + *secret);
      return say("235 welcome\r\n");
    }
    if (verb == "MAIL") return say(how == Manner::busy_at_mail ? "451 4.7.1 later\r\n" : "250 fine\r\n");
    if (verb == "RCPT") {
      receiver = command;
      if (how == Manner::refuses_and_hangs) return say("550 5.1.1 no\r\n"), wait_for_the_end(), false;
      return say(how == Manner::refuses_receiver ? "550 5.1.1 nobody: " + command + "\r\n" : "250 fine\r\n");
    }
    if (verb == "DATA") return take_text();
    if (verb == "QUIT") return say("221 bye\r\n"), false;
    return say("250 fine\r\n");
  }

  bool hello() {
    if (seen.manner == Manner::endless_lines) {
      while (say("250-and more\r\n")) {
      }
      return false;
    }
    if (seen.manner == Manner::endless_line) {
      const std::string piece(4096, 'x');
      while (say(piece)) {
      }
      return false;
    }
    const bool tls = !ssl && seen.manner != Manner::offers_no_tls;
    return say(std::string("250-fake\r\n") + (tls ? "250-STARTTLS\r\n" : "250-AUTH PLAIN\r\n") + "250 8BITMIME\r\n");
  }

  bool start_tls() {
    if (seen.manner == Manner::refuses_starttls) return say("454 4.7.0 not now\r\n");
    const bool injected = seen.manner == Manner::talks_before_tls;
    if (!say(std::string("220 go\r\n") + (injected ? "250 and 250 to what comes next\r\n235 welcome\r\n" : ""))) {
      return false;
    }
    const auto context = context_of(server.identity_);
    std::unique_ptr<SSL, SslFree> fresh(SSL_new(context.get()));
    SSL_set_fd(fresh.get(), fd);
    const bool good = SSL_accept(fresh.get()) == 1;
    ERR_clear_error();
    if (!good) return false;
    ssl = std::move(fresh);
    heard.clear();
    return true;
  }

  bool take_text() {
    if (!say("354 go\r\n") || seen.manner == Manner::closes_in_data) return false;
    std::string text;
    for (;;) {
      const auto next = line();
      if (!next) return false;
      if (*next == ".") break;
      text += (next->starts_with('.') ? next->substr(1) : *next) + "\r\n";
    }
    if (seen.manner == Manner::silent_after_data) return wait_for_the_end(), false;
    if (seen.manner == Manner::refuses_text) return say("554 5.6.0 I do not like " + text.substr(0, 400) + "\r\n");
    {
      const std::lock_guard lock(server.mutex_);
      seen.text = std::move(text);
    }
    return say("250 taken\r\n");
  }

  FakeSmtpServer& server;
  const int fd;
  std::unique_ptr<SSL, SslFree> ssl;
  std::string heard, receiver;
  Seen seen;  // in_clear, in_tls and text: guarded by the server's mutex
  std::thread thread;
};

FakeSmtpServer::FakeSmtpServer(tls::testing::Identity identity, std::vector<Manner> manners)
    : identity_(std::move(identity)), manners_(std::move(manners)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  SEKISHO_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0 && ::listen(listener_, 64) == 0 &&
                 ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  port_ = ntohs(at.sin_port);
  sigset_t pipe, before;  // OpenSSL writes without MSG_NOSIGNAL
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  thread_ = std::thread([this] { accept_all(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FakeSmtpServer::~FakeSmtpServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  connections_.clear();
}

void FakeSmtpServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd < 0 || stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    const std::size_t number = connections_.size();
    const Manner how = number < manners_.size() ? manners_[number] : Manner::good;
    connections_.push_back(std::make_unique<Connection>(*this, fd, how));
    Connection* connection = connections_.back().get();
    connection->thread = std::thread([connection] { connection->serve(); });
  }
}

std::vector<FakeSmtpServer::Seen> FakeSmtpServer::results() const {
  const std::lock_guard lock(mutex_);
  std::vector<Seen> out;
  for (const auto& connection : connections_) out.push_back(connection->seen);
  return out;
}

std::size_t FakeSmtpServer::accepted() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

}  // namespace sekisho::net::testing
