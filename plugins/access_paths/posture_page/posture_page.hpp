// The posture front: a small HTTP API for agents, and one page for people. Stateless but for the request in hand: a
// session is known to the gatekeeper by the peer's inner address, a terminal by its key.
//
//   reading --request--> asked --reply--> reading …   (idle, slow, broken, 100 requests: closed)
//
// Deadlines and limits are those of http_connection.hpp, but: the gatekeeper gatekeeper_limit; a body 64 KiB of a
// report and 8 KiB of anything else. Errors: every refusal is JSON. Threads: the front's. Ownership: host and config
// outlive a connection. Source: posture.md §8; design.md "The seam".
#pragma once
#include "config.hpp"

#include <sekisho/sdk/path/http_connection.hpp>

#include <optional>

namespace sekisho::posture_page {

class PosturePage final : public AccessPath {
 public:
  explicit PosturePage(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override;
  [[nodiscard]] bool carries_packets() const override { return false; }

 private:
  Config config_;
};

class PostureConnection final : public PathConnection, private HttpExchange {
 public:
  PostureConnection(PathHost& host, const Config& config, Arrival arrival, Instant now);

  void on_bytes(std::span<const std::byte> plaintext, Instant now) override { http_.on_bytes(plaintext, now); }
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override;
  void on_push(const GatePush&, Instant) override {}  // no tunnel, so nothing is pushed
  void on_replaced(Instant) override {}
  void on_gone(Instant) override { http_.on_gone(); }
  [[nodiscard]] std::size_t fill_record(PacketSource&, std::span<std::byte>, Instant) override { return 0; }
  [[nodiscard]] std::optional<Instant> next_deadline() const override { return http_.next_deadline(); }
  void on_deadline(Instant now) override { http_.on_deadline(now); }

 private:
  void on_request(HttpRequest& request, Instant now) override;
  HttpResponse broken(const HttpRefusal& refusal) override;
  HttpResponse silent() override;

  const Config& config_;
  Arrival arrival_;
  HttpConnection http_;
};

}  // namespace sekisho::posture_page
