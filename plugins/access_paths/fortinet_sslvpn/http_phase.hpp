// The HTTPS part of one connection: requests in, questions to the gatekeeper, answers out, until the connection becomes
// a tunnel or closes. Nothing of it outlives the connection: a pending login is found by its handle (`reqid`), a
// session by its cookie. One request at a time: bytes that come while the gatekeeper thinks are kept (<= 16 KiB) and
// read afterwards; behind a tunnel request they are the first frames (http_connection.hpp). Deadlines: first request 15
// s, later ones idle_before_login, one request from first to last byte 10 s, the gatekeeper 30 s. At most 100 requests.
// Threads: the front's. Ownership: host and config outlive it. Source: the page's §2; decisions.md "HTTP on Fortinet
// routes"; threats.md §2, §9.
#pragma once
#include "browser_login.hpp"
#include "config.hpp"
#include "login_form.hpp"
#include "routes.hpp"

#include <sekisho/sdk/path/http_connection.hpp>

#include <optional>
#include <vector>

namespace sekisho::fortinet {

class HttpPhase final : private HttpExchange {
 public:
  HttpPhase(PathHost& host, const FortinetConfig& config, Arrival arrival, Instant now);

  void on_bytes(std::span<const std::byte> bytes, Instant now);
  void on_reply(std::uint64_t request, GateReply reply, Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void on_deadline(Instant now);

  /// Set once the gatekeeper has opened the tunnel: no more HTTP follows.
  [[nodiscard]] const std::optional<SessionView>& opened() const { return opened_; }
  /// The tunnel request is openconnect's: openfortivpn names the host "sslvpn" there and no user agent.
  [[nodiscard]] bool from_openconnect() const { return from_openconnect_; }
  /// What came behind the tunnel request, to be read as frames.
  [[nodiscard]] std::vector<std::byte> take_rest() { return http_.take_ahead(); }
  /// close() was called: every later byte is ignored.
  [[nodiscard]] bool closed() const { return http_.closed(); }

 private:
  enum class Asked : std::uint8_t { nothing, password, code, page, settings, tunnel, logout, claim, form, handover };

  void on_request(HttpRequest& request, Instant now) override;
  HttpResponse broken(const HttpRefusal& refusal) override;
  HttpResponse silent() override;
  void on_login(HttpRequest& request, Instant now);
  void on_page_route(Route route, HttpRequest& request, Instant now);
  void on_session_route(Route route, HttpRequest& request, Instant now);
  void on_login_reply(GateReply reply);
  void on_resume_reply(GateReply reply);
  void ask(Asked what, GateRequest request, Instant now);
  void follow(BrowserLogin::Next next, Instant now);
  void answer(HttpResponse response);
  void answer_refusal(const Refused& refused);

  PathHost& host_;
  const FortinetConfig& config_;
  Arrival arrival_;
  HttpConnection http_;
  Asked asked_ = Asked::nothing;
  unsigned wrong_passwords_ = 0;
  BrowserLogin pages_;
  std::optional<SessionView> opened_;
  bool from_openconnect_ = false;
};

}  // namespace sekisho::fortinet
