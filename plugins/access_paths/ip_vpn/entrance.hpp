// The entrance of the closed network: login pages for people, posture reports for their agents, over HTTPS inside the
// circuits' tunnels. It carries no packets: the terminal keeps its own address, which is also its session's; its way to
// the desktop page is the kernel's, opened by the gatekeeper. It judges nothing: every form becomes a question for the
// gatekeeper. A pending login is found by its handle, the browser by its page cookie, a session by its cookie, its
// certificate and its address.
//
//   reading --request--> asked --reply--> reading …   (idle, slow, broken, 100 requests: closed)
//
// Deadlines and limits are those of http_connection.hpp, but: the gatekeeper gatekeeper_limit; a body 64 KiB of a
// report and 8 KiB of anything else. The language that a person chose lives in a cookie of its own. Errors: every
// refusal is a page, an agent's is JSON; where the gate could not judge (503) the session's cookie stays. Threads: the
// front's. Ownership: host and config outlive a connection. Source: issue "The closed path" 1(c);
// core/decisions/0020-ip-vpn.md; posture.md §8.
#pragma once
#include "config.hpp"
#include "pages.hpp"
#include "routes.hpp"

#include <sekisho/sdk/path/http_connection.hpp>
#include <sekisho/sdk/path/page_forms.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::ip_vpn {

class Entrance final : public AccessPath {
 public:
  explicit Entrance(Config config) : config_(std::move(config)) {}
  [[nodiscard]] std::unique_ptr<PathConnection> open(PathHost& host, Arrival arrival, Instant now) override;
  [[nodiscard]] bool carries_packets() const override { return false; }

 private:
  Config config_;
};

class EntranceConnection final : public PathConnection, private HttpExchange {
 public:
  EntranceConnection(PathHost& host, const Config& config, Arrival arrival, Instant now);

  void on_bytes(std::span<const std::byte> plaintext, Instant now) override { http_.on_bytes(plaintext, now); }
  void on_reply(std::uint64_t request, GateReply reply, Instant now) override;
  void on_push(const GatePush&, Instant) override {}  // no tunnel of its own, so nothing is pushed
  void on_replaced(Instant) override {}
  void on_gone(Instant) override { http_.on_gone(); }
  [[nodiscard]] std::size_t fill_record(PacketSource&, std::span<std::byte>, Instant) override { return 0; }
  [[nodiscard]] std::optional<Instant> next_deadline() const override { return http_.next_deadline(); }
  void on_deadline(Instant now) override { http_.on_deadline(now); }

 private:
  void on_request(HttpRequest& request, Instant now) override;
  HttpResponse broken(const HttpRefusal& refusal) override;
  HttpResponse silent() override;
  void first_page(const HttpRequest& request);
  void form(HttpRequest& request, Instant now);
  void log_in(const pages::FormPairs& pairs, Instant now);
  void log_out(const HttpRequest& request, const pages::FormPairs& pairs, Instant now);
  void question(const pages::FormPairs& pairs, Instant now);
  void choose(std::string_view language);
  void need_page_cookie();
  void answer(HttpResponse response);
  void refuse(const Refusal& refusal);
  [[nodiscard]] Frame frame() const;
  [[nodiscard]] Leads leads() const;
  [[nodiscard]] HttpResponse reply_page(GateReply reply, Instant now);
  [[nodiscard]] HttpResponse asked_page(const LoginAsked& asked, Instant now) const;
  [[nodiscard]] HttpResponse refused_page(const Refused& refused);

  PathHost& host_;
  const Config& config_;
  Arrival arrival_;
  HttpConnection http_;
  // The request that is being answered.
  bool of_agent_ = false, has_session_ = false;
  Route route_ = Route::unknown;
  Language language_ = Language::ja;
  std::string page_cookie_, login_;
  std::string answered_;                  ///< the question that a form answers
  std::vector<std::string> set_cookies_;  ///< go with the next answer
};

}  // namespace sekisho::ip_vpn
