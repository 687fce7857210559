// The TLS settings of one front, and of clients (tests, load generators). What threats.md §9 fixes is fixed here and
// has no switch: TLS 1.3 and 1.2, AEAD suites with forward secrecy, X25519/P-256/P-384, keys of 128 bits of security,
// SHA-256+, ALPN http/1.1 alone, no renegotiation, compression, early data, tickets or session cache (so a resumed
// session cannot outlive a revocation, T-10). Threads: make at start; channels of one context belong to one thread.
// Ownership: channels share what they need and may outlive the context object. Source: RFC 9325; threats.md T-08 to
// T-10, T-33.
#pragma once
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/secret.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sekisho::tls {

inline constexpr std::size_t kChainCertificates = 4;
inline constexpr std::size_t kChainBytes = 16 * 1024;

struct ServerSettings {
  std::string certificate_pem;  ///< chain, leaf first
  Secret key_pem;
  /// CA certificates that client chains must end at; empty: no client certificate is asked for. A certificate is
  /// requested, never required: a bad one is recorded, not answered with an alert (the person is told why in words).
  std::string client_ca_pem;
};

struct ContextImpl;

class TlsServerContext {
 public:
  /// Errors: tls.certificate, tls.key (unreadable, too weak, not the certificate's), tls.client_ca, tls.library.
  [[nodiscard]] static Result<TlsServerContext> make(const ServerSettings& settings);
  [[nodiscard]] const std::shared_ptr<ContextImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<ContextImpl> impl_;  // shared with every channel made from it
};

struct ClientSettings {
  std::string ca_pem;           ///< required: the server's chain must end here
  std::string server_name;      ///< checked against the certificate when not empty; sent as SNI when it is a name
  std::string certificate_pem;  ///< optional client certificate
  Secret key_pem;
  std::vector<std::string> alpn = {"http/1.1"};
};

class TlsClientContext {
 public:
  /// Errors: as above, tls.server_ca.
  [[nodiscard]] static Result<TlsClientContext> make(const ClientSettings& settings);
  [[nodiscard]] const std::shared_ptr<ContextImpl>& impl() const { return impl_; }
  /// SSL_CTX*, so that tests can make a client that misbehaves.
  [[nodiscard]] void* native_for_test() const;

 private:
  std::shared_ptr<ContextImpl> impl_;
};

}  // namespace sekisho::tls
