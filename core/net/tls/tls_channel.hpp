// TlsChannel: one TLS connection without a socket. Ciphertext goes in from the caller's buffer, plaintext comes out
// into the caller's buffer; what is to be sent gathers in one buffer, so that many records leave in one send(). Life:
// handshaking -> open -> closed (the peer said goodbye) | failed. After `failed` the output may still hold an alert.
// Threads: one thread for all channels of one BufferPool. Ownership: feed() borrows the ciphertext until read_plain()
// has returned 0. Memory: an idle channel holds no buffer of ours, and libssl's are released
// (SSL_MODE_RELEASE_BUFFERS). Errors: tls.handshake, tls.failed, tls.not_open, tls.too_large. Source: RFC 8446, RFC
// 5246.
#pragma once
#include "net/tls/secure_channel.hpp"
#include "net/tls/tls_context.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace sekisho::tls {

/// Buffers for output, reused. Threads: one.
class BufferPool {
 public:
  explicit BufferPool(std::size_t keep = 64) : keep_(keep) {}
  [[nodiscard]] std::vector<std::byte> take();
  void give(std::vector<std::byte> buffer);
  static constexpr std::size_t kBufferBytes = 96 * 1024;

 private:
  std::size_t keep_;
  std::vector<std::vector<std::byte>> free_;
};

class TlsChannel final : public SecureChannel {
 public:
  static constexpr std::size_t kLargestRecord = 16384;

  TlsChannel(const TlsServerContext& context, BufferPool& pool);
  TlsChannel(const TlsClientContext& context, BufferPool& pool);
  ~TlsChannel() override;
  TlsChannel(TlsChannel&&) noexcept;
  TlsChannel& operator=(TlsChannel&&) = delete;

  /// Client role: writes the ClientHello to the output.
  void start();
  void feed(std::span<const std::byte> ciphertext) override;
  [[nodiscard]] Result<std::size_t> read_plain(std::span<std::byte> out) override;
  [[nodiscard]] Result<void> write_record(std::span<const std::byte> plaintext) override;
  [[nodiscard]] std::size_t largest_record() const override { return kLargestRecord; }
  void close() override;
  [[nodiscard]] std::span<const std::byte> output() const override;
  void consume_output(std::size_t bytes) override;
  [[nodiscard]] ChannelState state() const override;
  [[nodiscard]] std::string version() const override;
  [[nodiscard]] std::string cipher() const override;
  [[nodiscard]] PeerCertificate peer_certificate() const override;
  [[nodiscard]] std::vector<std::string> peer_chain() const override;
  [[nodiscard]] CertificateFault certificate_fault() const override;
  [[nodiscard]] std::string why_rejected() const;  ///< for the operator

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::tls
