// TlsChannel: one TLS connection without a socket. Ciphertext goes in from the caller's buffer, plaintext comes out
// into the caller's buffer; what is to be sent gathers in one buffer, so that many records leave in one send(). Life:
// handshaking -> open -> closed (the peer said goodbye) | failed. After `failed` the output may still hold an alert.
// Threads: one thread for all channels of one BufferPool. Ownership: feed() borrows the ciphertext until read_plain()
// has returned 0. Memory: an idle channel holds no buffer of ours, and libssl's are released
// (SSL_MODE_RELEASE_BUFFERS). Errors: tls.handshake, tls.failed, tls.not_open, tls.too_large. Source: RFC 8446, RFC
// 5246.
#pragma once
#include "net/tls/tls_context.hpp"

#include <sekisho/sdk/arrival.hpp>

#include <cstddef>
#include <span>
#include <string_view>

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

enum class ChannelState : std::uint8_t { handshaking, open, closed, failed };
enum class PeerCertificate : std::uint8_t {
  none,      ///< nothing was presented
  verified,  ///< possession proved, chain ends at the client CA, all rules of tls_context.hpp hold
  rejected   ///< presented, but not that
};

class TlsChannel {
 public:
  static constexpr std::size_t kLargestRecord = 16384;

  TlsChannel(const TlsServerContext& context, BufferPool& pool);
  TlsChannel(const TlsClientContext& context, BufferPool& pool);
  ~TlsChannel();
  TlsChannel(TlsChannel&&) noexcept;
  TlsChannel& operator=(TlsChannel&&) = delete;

  /// Client role: writes the ClientHello to the output.
  void start();
  /// Hands over received bytes. The caller then reads until 0; the next feed() may only follow that, or a failure.
  void feed(std::span<const std::byte> ciphertext);
  /// Next plaintext, at most out.size() (16,384 gives whole records); 0: everything fed has been used, or the channel
  /// is closed. Also carries the handshake on. Errors: tls.handshake, tls.failed; the state is `failed` then.
  [[nodiscard]] Result<std::size_t> read_plain(std::span<std::byte> out);
  /// One record, 1 to 16,384 bytes. Errors: tls.not_open, tls.too_large, tls.failed.
  [[nodiscard]] Result<void> write_record(std::span<const std::byte> plaintext);
  /// Says goodbye (close_notify) once; later writes fail.
  void close();

  /// Ciphertext waiting for the socket; borrowed until the next call.
  [[nodiscard]] std::span<const std::byte> output() const;
  void consume_output(std::size_t bytes);

  [[nodiscard]] ChannelState state() const;
  [[nodiscard]] std::string version() const;  ///< "TLSv1.3"; empty before `open`
  [[nodiscard]] std::string cipher() const;
  [[nodiscard]] PeerCertificate peer_certificate() const;
  /// DER, leaf first, at most 4 and 16 KiB; only when `verified`, else empty.
  [[nodiscard]] std::vector<std::string> peer_chain() const;
  [[nodiscard]] std::string why_rejected() const;  ///< for the operator
  /// Of a rejected certificate, as the person may know it.
  [[nodiscard]] CertificateFault certificate_fault() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::tls
