// The DTLS settings of one front, and of clients. DTLS 1.2 alone; suites, groups, signatures and security level are
// those of tls_context.hpp. A client certificate is demanded: who shows none, or a bad one, gets an alert and no more.
// Threads, ownership: as tls_context.hpp. Source: RFC 6347; threats.md §9.
#pragma once
#include "net/tls/tls_context.hpp"

namespace sekisho::tls {

class DtlsServerContext {
 public:
  /// Errors: as TlsServerContext::make(); tls.client_ca when none is given.
  [[nodiscard]] static Result<DtlsServerContext> make(const ServerSettings& settings);
  [[nodiscard]] const std::shared_ptr<ContextImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<ContextImpl> impl_;
};

class DtlsClientContext {
 public:
  /// `alpn` is not used.
  [[nodiscard]] static Result<DtlsClientContext> make(const ClientSettings& settings);
  [[nodiscard]] const std::shared_ptr<ContextImpl>& impl() const { return impl_; }

 private:
  std::shared_ptr<ContextImpl> impl_;
};

}  // namespace sekisho::tls
