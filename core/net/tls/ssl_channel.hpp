// SslChannel: what TlsChannel and DtlsChannel do alike; neither adds to it but how bytes leave and what time does.
// Threads, ownership, memory and errors: as secure_channel.hpp.
#pragma once
#include "net/tls/secure_channel.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

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

class SslChannel : public SecureChannel {
 public:
  ~SslChannel() override;
  SslChannel& operator=(SslChannel&&) = delete;

  /// Client role: writes the ClientHello to the output.
  void start();
  void feed(std::span<const std::byte> ciphertext) final;
  [[nodiscard]] Result<std::size_t> read_plain(std::span<std::byte> out) final;
  [[nodiscard]] Result<void> write_record(std::span<const std::byte> plaintext) final;
  void close() final;
  [[nodiscard]] std::span<const std::byte> output() const final;
  [[nodiscard]] ChannelState state() const final;
  [[nodiscard]] std::string version() const final;
  [[nodiscard]] std::string cipher() const final;
  [[nodiscard]] PeerCertificate peer_certificate() const final;
  [[nodiscard]] std::vector<std::string> peer_chain() const final;
  [[nodiscard]] CertificateFault certificate_fault() const final;

 protected:
  struct Core;  ///< ssl_core.hpp; for this room's own files
  explicit SslChannel(std::unique_ptr<Core> core);
  SslChannel(SslChannel&&) noexcept;
  std::unique_ptr<Core> core_;
};

}  // namespace sekisho::tls
