// DtlsChannel: one DTLS 1.2 association without a socket: one datagram in, any number out. DtlsListener: who shows the
// cookie gets a channel; before that nothing is kept of anybody.
//
//   stranger ──ClientHello──▶ listener ──HelloVerifyRequest (cookie of his address, no state)──▶ stranger
//   stranger ──ClientHello + cookie──▶ listener ──▶ DtlsChannel: handshaking ──▶ open ──▶ closed | failed
//
// A flight that gets no answer is sent again, byte for byte, after 1, 2, 4 … s of the caller's time; libssl's own
// timer, which reads the system's clock, never fires. Records that are forged, replayed or too old are dropped without
// a word. Threads: one for all channels of one BufferPool. Ownership: as secure_channel.hpp. Memory: a channel keeps
// libssl's read buffer (17 KiB), a listener one unused channel. Errors: as secure_channel.hpp. Source: RFC 6347 §4.2.
#pragma once
#include "net/tls/dtls_context.hpp"
#include "net/tls/tls_channel.hpp"

#include <sekisho/sdk/services.hpp>

#include <array>
#include <memory>
#include <optional>

namespace sekisho::tls {

/// What a UDP datagram may hold on a path of 1,500 bytes, IPv4 or IPv6.
inline constexpr std::size_t kLargestDatagram = 1452;
/// Datagrams of the handshake fit any path.
inline constexpr std::size_t kHandshakeDatagram = 1200;

/// The first bytes of a ClientHello that is not fragmented.
struct HelloMark {
  std::uint16_t number = 0;  ///< 0 without cookie, 1 with it
  std::array<std::byte, 32> random{};
};
/// nullopt: the datagram does not begin with one.
[[nodiscard]] std::optional<HelloMark> hello_mark(std::span<const std::byte> datagram);

class DtlsChannel final : public SslChannel {
 public:
  /// Header, explicit nonce and tag of AES-GCM.
  static constexpr std::size_t kOverhead = 13 + 8 + 16;
  static constexpr std::size_t kLargestRecord = kLargestDatagram - kOverhead;

  /// Client role; start() writes the ClientHello.
  DtlsChannel(const DtlsClientContext& context, BufferPool& pool);

  [[nodiscard]] std::size_t largest_record() const override { return kLargestRecord; }
  void consume_output(std::size_t bytes) override;

  [[nodiscard]] bool datagram() const override { return true; }
  [[nodiscard]] std::span<const std::uint16_t> datagram_sizes() const override;
  void note_time(Instant now) override;
  [[nodiscard]] std::optional<Instant> next_deadline() const override;
  void on_deadline() override;

 private:
  friend class DtlsListener;
  struct Flights;  ///< the core, with the flight that waits for an answer
  explicit DtlsChannel(std::unique_ptr<Flights> core);
  [[nodiscard]] Flights& flights() const;
};

class DtlsListener {
 public:
  /// A cookie counts for one to two of these.
  static constexpr Seconds kCookieLife{60};

  DtlsListener(const DtlsServerContext& context, BufferPool& pool, Entropy& entropy);
  ~DtlsListener();
  DtlsListener(const DtlsListener&) = delete;
  DtlsListener& operator=(const DtlsListener&) = delete;

  struct Heard {
    std::span<const std::byte> answer;     ///< one datagram for the sender, or none; borrowed until the next call
    std::unique_ptr<DtlsChannel> channel;  ///< the sender has shown that he is where he says; read_plain() goes on
  };
  /// `peer`: the sender's address and port in any fixed form, at most 32 bytes.
  [[nodiscard]] Heard on_datagram(std::span<const std::byte> datagram, std::span<const std::byte> peer, Instant now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sekisho::tls
