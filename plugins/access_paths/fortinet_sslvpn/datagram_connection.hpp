// DatagramConnection: one DTLS association of this path: the hello with the session's cookie, then the tunnel's frames.
//
//   waiting for the hello (<= 15 s) ──▶ asking the gatekeeper ──▶ svrhello ok ──▶ the client's first PPP frame ──▶
//   tunnel
//                                                    └──▶ svrhello fail, closed: the client goes on over TLS at once
//
// The session is the one whose cookie is shown, and the gatekeeper lets it pass only with the certificate that logged
// in (the peer has proved it in the handshake). Opening takes the tunnel over from wherever it stood before, over TLS
// or from another address, as any newer connection does. Until the client's first frame nothing but the answer to its
// hello is sent: openconnect gives DTLS up otherwise. A hello that comes again is answered again; one with another
// cookie is not. Threads: the front's. Ownership: host outlives it. Source: the page's §6.
#pragma once
#include "config.hpp"
#include "tunnel.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <memory>

namespace sekisho::fortinet {

class DatagramConnection final : public PathConnection {
 public:
  DatagramConnection(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now);
  void on_bytes(std::span<const std::byte> plaintext, Instant now) override;
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override;
  void on_push(const GatePush& push, Instant now) override;
  void on_replaced(Instant now) override;
  void on_gone(Instant now) override;
  [[nodiscard]] std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant now) override;
  [[nodiscard]] std::optional<Instant> next_deadline() const override;
  void on_deadline(Instant now) override;

 private:
  void on_hello(std::span<const std::byte> record, Instant now);
  void refuse(std::string_view why);
  void close(std::string_view why);

  PathHost& host_;
  const FortinetConfig& config_;
  Arrival arrival_;
  Secret cookie_;  ///< as it was shown; empty before
  std::uint64_t asked_ = 0;
  bool asking_ = false, closed_ = false;
  Instant deadline_;
  std::unique_ptr<Tunnel> tunnel_;
};

}  // namespace sekisho::fortinet
