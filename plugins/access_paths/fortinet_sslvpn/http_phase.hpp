// The HTTPS part of one connection: requests in, questions to the gatekeeper, answers out, until the connection becomes
// a tunnel or closes. Nothing of it outlives the connection: a pending login is found by its handle (`reqid`), a
// session by its cookie. One request at a time: bytes that come while the gatekeeper thinks are kept (<= 16 KiB) and
// read afterwards; behind a tunnel request they are the first frames. Deadlines: first request 15 s, later ones
// idle_before_login, one request from first to last byte 10 s, the gatekeeper 30 s. At most 100 requests. Threads: the
// front's. Ownership: host and config outlive it. Source: the page's §2; decisions.md "HTTP on Fortinet routes";
// threats.md §2, §9.
#pragma once
#include "browser_login.hpp"
#include "config.hpp"
#include "login_form.hpp"
#include "routes.hpp"

#include <sekisho/sdk/path/access_path.hpp>

#include <optional>
#include <vector>

namespace sekisho::fortinet {

class HttpPhase {
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
  [[nodiscard]] std::vector<std::byte> take_rest() { return std::move(kept_); }
  /// close() was called: every later byte is ignored.
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  enum class Asked : std::uint8_t { nothing, password, code, page, settings, tunnel, logout, claim, form, handover };

  void read(std::span<const std::byte> bytes, Instant now);
  void on_request(HttpRequest& request, Instant now);
  void on_login(HttpRequest& request, Instant now);
  void on_page_route(Route route, HttpRequest& request, Instant now);
  void on_session_route(Route route, HttpRequest& request, Instant now);
  void on_login_reply(GateReply reply);
  void on_resume_reply(GateReply reply);
  void ask(Asked what, GateRequest request, Instant now);
  void read_kept(Instant now);
  void follow(BrowserLogin::Next next, Instant now);
  void answer(HttpResponse response);
  void answer_refusal(const Refused& refused);
  void close(std::string_view why);

  PathHost& host_;
  const FortinetConfig& config_;
  Arrival arrival_;
  HttpRequestParser parser_;
  Asked asked_ = Asked::nothing;
  std::uint64_t asked_number_ = 0;
  bool keep_alive_ = true, closed_ = false;
  unsigned requests_ = 0, wrong_passwords_ = 0;
  std::vector<std::byte> kept_;
  BrowserLogin pages_;
  std::optional<SessionView> opened_;
  Instant deadline_;
  bool in_request_ = false, from_openconnect_ = false;
};

}  // namespace sekisho::fortinet
