// FortinetPath: the access path that openconnect --protocol=fortinet, openfortivpn and (unverified) FortiClient speak.
// One FortinetConnection per TLS connection: HTTP first, then perhaps a tunnel. One DatagramConnection per DTLS
// association.
// Threads: the front's, as sdk/path/access_path.hpp says. Source: the page "Fortinet SSL-VPN, seen from the server".
#pragma once
#include "config.hpp"
#include "http_phase.hpp"
#include "tunnel.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <memory>

namespace sekisho::fortinet {

class FortinetConnection final : public PathConnection {
 public:
  FortinetConnection(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now);
  void on_bytes(std::span<const std::byte> plaintext, Instant now) override;
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override;
  void on_push(const GatePush& push, Instant now) override;
  void on_replaced(Instant now) override;
  void on_gone(Instant now) override;
  [[nodiscard]] std::size_t fill_record(PacketSource& source, std::span<std::byte> record, Instant now) override;
  [[nodiscard]] std::optional<Instant> next_deadline() const override;
  void on_deadline(Instant now) override;

 private:
  void become_tunnel(Instant now);

  PathHost& host_;
  const FortinetConfig& config_;
  std::unique_ptr<HttpPhase> http_;  ///< gone once the tunnel stands
  std::unique_ptr<Tunnel> tunnel_;
};

class FortinetPath final : public AccessPath {
 public:
  /// Errors: config.not_allowed for a realm or prompt that would not survive the protocol.
  [[nodiscard]] static Result<std::shared_ptr<AccessPath>> make(FortinetConfig config);
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override;
  [[nodiscard]] bool carries_packets() const override { return true; }
  [[nodiscard]] bool speaks_datagrams() const override { return true; }
  [[nodiscard]] std::unique_ptr<PathConnection> open_datagrams(PathHost& host, Arrival arrival, Instant now) override;

 private:
  explicit FortinetPath(FortinetConfig config) : config_(std::move(config)) {}
  FortinetConfig config_;
};

}  // namespace sekisho::fortinet
