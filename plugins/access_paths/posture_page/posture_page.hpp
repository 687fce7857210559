// The posture front: a small HTTP API for agents, and one page for people. Stateless but for the request in hand: a
// session is known to the gatekeeper by the peer's inner address, a terminal by its key.
//
//   reading --request--> asked --reply--> reading …   (idle, slow, broken, 100 requests: closed)
//
// Bytes that come while the gatekeeper thinks are kept (<= 16 KiB) and read afterwards.
// Deadlines (threats.md §9): first byte and between requests 15 s; head 10 s; body 30 s and 1 KiB/s; gatekeeper
// gatekeeper_limit. Ranges: head 8 KiB, body 64 KiB, 100 requests a connection. Errors: every refusal is JSON.
// Threads: the front's. Ownership: host and config outlive a connection. Source: posture.md §8; design.md "The seam".
#pragma once
#include "config.hpp"
#include "routes.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <optional>
#include <vector>

namespace sekisho::posture_page {

class PosturePage final : public AccessPath {
 public:
  explicit PosturePage(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override;
  [[nodiscard]] bool carries_packets() const override { return false; }

 private:
  Config config_;
};

class PostureConnection final : public PathConnection {
 public:
  PostureConnection(PathHost& host, const Config& config, Arrival arrival, Instant now);

  void on_bytes(std::span<const std::byte> plaintext, Instant now) override;
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override;
  void on_push(const GatePush&, Instant) override {}  // no tunnel, so nothing is pushed
  void on_replaced(Instant) override {}
  void on_gone(Instant) override;
  [[nodiscard]] std::size_t fill_record(PacketSource&, std::span<std::byte>, Instant) override { return 0; }
  [[nodiscard]] std::optional<Instant> next_deadline() const override;
  void on_deadline(Instant now) override;

 private:
  void read(std::span<const std::byte> bytes, Instant now);
  void on_request(HttpRequest& request, Instant now);
  void ask(const char* kind, std::string body, Instant now);
  void answer(HttpResponse response);
  void close(std::string_view why);

  PathHost& host_;
  const Config& config_;
  Arrival arrival_;
  HttpRequestParser parser_;
  std::optional<std::uint64_t> asked_;
  std::vector<std::byte> kept_;
  Instant deadline_, body_since_{};
  std::size_t body_bytes_ = 0;
  unsigned requests_ = 0;
  bool in_request_ = false, in_body_ = false, keep_alive_ = true, closed_ = false;
};

}  // namespace sekisho::posture_page
