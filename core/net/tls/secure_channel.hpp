// SecureChannel: what a front needs of TLS and of DTLS alike. Bytes and time go in, bytes come out; no socket, no
// clock.
//
//   handshaking ──▶ open ──▶ closed (the peer said goodbye) | failed (the output may still hold an alert)
//
// A stream's feed() takes any piece of ciphertext, a datagram channel's takes exactly one datagram.
// Threads: one for all channels of one BufferPool. Ownership: feed() borrows until read_plain() has returned 0.
#pragma once
#include <sekisho/sdk/arrival.hpp>
#include <sekisho/sdk/result.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sekisho::tls {

enum class ChannelState : std::uint8_t { handshaking, open, closed, failed };
enum class PeerCertificate : std::uint8_t {
  none,      ///< nothing was presented
  verified,  ///< possession proved, chain ends at the client CA, all rules of tls_context.hpp hold
  rejected   ///< presented, but not that
};

class SecureChannel {
 public:
  virtual ~SecureChannel() = default;

  /// Hands over received bytes. The caller then reads until 0; the next feed() may only follow that, or a failure.
  virtual void feed(std::span<const std::byte> ciphertext) = 0;
  /// Next plaintext, at most out.size() (16,384 gives whole records); 0: everything fed has been used, or the channel
  /// is closed. Also carries the handshake on. Errors: tls.handshake, tls.failed; the state is `failed` then.
  [[nodiscard]] virtual Result<std::size_t> read_plain(std::span<std::byte> out) = 0;
  /// One record, 1 to largest_record() bytes. Errors: tls.not_open, tls.too_large, tls.failed.
  [[nodiscard]] virtual Result<void> write_record(std::span<const std::byte> plaintext) = 0;
  [[nodiscard]] virtual std::size_t largest_record() const = 0;
  /// Says goodbye (close_notify) once; later writes fail.
  virtual void close() = 0;

  /// Ciphertext waiting for the socket; borrowed until the next call.
  [[nodiscard]] virtual std::span<const std::byte> output() const = 0;
  /// A datagram channel: whole datagrams.
  virtual void consume_output(std::size_t bytes) = 0;

  [[nodiscard]] virtual ChannelState state() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;  ///< "TLSv1.3", "DTLSv1.2"; empty before `open`
  [[nodiscard]] virtual std::string cipher() const = 0;
  [[nodiscard]] virtual PeerCertificate peer_certificate() const = 0;
  /// DER, leaf first, at most 4 and 16 KiB; only when `verified`, else empty.
  [[nodiscard]] virtual std::vector<std::string> peer_chain() const = 0;
  /// Of a rejected certificate, as the person may know it.
  [[nodiscard]] virtual CertificateFault certificate_fault() const = 0;

  // --- datagram channels alone
  [[nodiscard]] virtual bool datagram() const { return false; }
  /// Sizes of the datagrams that output() holds, in order.
  [[nodiscard]] virtual std::span<const std::uint16_t> datagram_sizes() const { return {}; }
  /// The time of the calls that follow.
  virtual void note_time(Instant) {}
  /// When on_deadline() wants to be called: the peer's answer is late.
  [[nodiscard]] virtual std::optional<Instant> next_deadline() const { return std::nullopt; }
  /// Puts the last flight into the output again.
  virtual void on_deadline() {}
};

}  // namespace sekisho::tls
