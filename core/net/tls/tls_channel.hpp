// TlsChannel: one TLS connection without a socket. Ciphertext goes in from the caller's buffer, plaintext comes out
// into the caller's buffer; what is to be sent gathers in one buffer, so that many records leave in one send(). Life:
// handshaking -> open -> closed (the peer said goodbye) | failed. After `failed` the output may still hold an alert.
// Threads: one thread for all channels of one BufferPool. Ownership: feed() borrows the ciphertext until read_plain()
// has returned 0. Memory: an idle channel holds no buffer of ours, and libssl's are released
// (SSL_MODE_RELEASE_BUFFERS). Errors: tls.handshake, tls.failed, tls.not_open, tls.too_large. Source: RFC 8446, RFC
// 5246.
#pragma once
#include "net/tls/ssl_channel.hpp"
#include "net/tls/tls_context.hpp"

#include <cstddef>

namespace sekisho::tls {

class TlsChannel final : public SslChannel {
 public:
  static constexpr std::size_t kLargestRecord = 16384;

  TlsChannel(const TlsServerContext& context, BufferPool& pool);
  TlsChannel(const TlsClientContext& context, BufferPool& pool);
  TlsChannel(TlsChannel&&) noexcept = default;

  [[nodiscard]] std::size_t largest_record() const override { return kLargestRecord; }
  void consume_output(std::size_t bytes) override;
  [[nodiscard]] std::string why_rejected() const;  ///< for the operator
};

}  // namespace sekisho::tls
