// The client role: login, question, settings, tunnel, logout, in the manner of openconnect 9 or of openfortivpn 1.19
// with pppd. Sans-I/O, for simulated contractor PCs and load generators.
//
//   start() ─▶ login ─▶ [question ─▶ give_code()] ─▶ settings ─▶ tunnel ─▶ up ─▶ stop() ─▶ logout ─▶ on_ended()
//                 wrong password: openconnect asks again (give_password()), openfortivpn ends
//                 transport lost while up: openconnect comes back with its cookie, openfortivpn logs out
//
// The world drives it: after ClientWorld::connect() it calls on_connected() or on_gone(); then on_bytes(), on_gone()
// when the peer closes, on_deadline() when next_deadline() has come. close() is answered by nothing. Threads: one at a
// time; the world may call back into the client from its callbacks' stack only through give_code(), give_password(),
// send_packet() and stop() after the callback has returned. Ownership: world and entropy outlive it.
#pragma once
#include "client_http.hpp"
#include "frames.hpp"
#include "ppp.hpp"

#include <sekisho/sdk/secret.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sekisho::fortinet {

enum class ClientManner : std::uint8_t { openconnect, openfortivpn };

struct ClientOptions {
  ClientManner manner = ClientManner::openconnect;
  std::string host = "vpn.test";  ///< as in the URL, without port
  std::uint16_t port = 443;
  std::string realm;
  std::string user;
  Secret password;
  Secret cookie;  ///< set: no login, straight to the settings (openconnect --cookie, openfortivpn --cookie)
  std::string user_agent = "Mozilla/5.0 SV1";
  std::string accept_language;                   ///< neither real client sends one; simulators may
  std::string hostcheck, check_virtual_desktop;  ///< openfortivpn's claims, sent as they are
  Seconds reconnect_limit{300};                  ///< openconnect's --reconnect-timeout
};

/// What the settings and PPP gave.
struct ClientTunnel {
  std::string address;      ///< the session's inner address
  std::string route, mask;  ///< the one split route
  std::uint32_t heartbeat_s = 0;
  std::uint16_t mru = 0;  ///< largest IP packet that may be sent
};

struct ClientEnd {
  enum class Why : std::uint8_t { by_person, login_refused, session_refused, by_gate, lost, protocol };
  Why why = Why::lost;
  int status = 0;    ///< of the refusing HTTP answer, or 0
  std::string text;  ///< the refusal's body, or the gate's Terminate-Request text
};

class ClientWorld {
 public:
  virtual ~ClientWorld() = default;
  virtual void connect() = 0;
  virtual void write(std::span<const std::byte> plaintext) = 0;
  virtual void close() = 0;
  virtual void on_question(std::string_view prompt) = 0;
  virtual void on_password_wanted() = 0;
  virtual void on_up(const ClientTunnel& tunnel) = 0;
  virtual void on_packet(std::span<const std::byte> packet) = 0;
  /// The tunnel is gone; the client goes on (reconnects or logs out).
  virtual void on_down(std::string_view why) = 0;
  virtual void on_ended(const ClientEnd& end) = 0;
};

class FortinetClient {
 public:
  FortinetClient(ClientWorld& world, ClientOptions options, Entropy& entropy);
  ~FortinetClient();
  FortinetClient(const FortinetClient&) = delete;
  FortinetClient& operator=(const FortinetClient&) = delete;

  void start(Instant now);
  void on_connected(Instant now);
  void on_bytes(std::span<const std::byte> bytes, Instant now);
  void on_gone(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  void on_deadline(Instant now);

  void give_code(Secret code, Instant now);
  void give_password(Secret password, Instant now);
  /// One IPv4 packet as one frame and one write, as both real clients do; false while the tunnel is not up or when the
  /// packet is larger than the peer's MRU.
  bool send_packet(std::span<const std::byte> packet);
  /// The person ends it: logout, then on_ended(by_person).
  void stop(Instant now);

  [[nodiscard]] bool up() const;
  /// The session's cookie once it was granted (tests of replay and take-over).
  [[nodiscard]] std::string_view cookie_for_test() const { return cookie_.reveal(); }

 private:
  enum class Step : std::uint8_t {
    idle,
    start_page,
    login_page,
    password,
    wait_password,
    wait_code,
    code,
    claim,
    index,
    page,
    settings,
    rejected,  ///< openconnect's second look after a 403 on the settings
    tunnel,    ///< asked for, nothing heard yet
    framed,
    waiting,  ///< between two tries to reconnect
    logout,
    ended
  };

  void go(Step step, Instant now);
  void send(Instant now);
  void drop_connection();
  void send_get(std::string_view path, bool with_cookie = true);
  void send_post(std::string_view path, std::string body);
  void on_answer(HttpAnswer answer, Instant now);
  void on_login_answer(const HttpAnswer& answer, Instant now);
  void on_settings(const HttpAnswer& answer, Instant now);
  void on_frames(std::span<const std::byte> bytes, Instant now);
  void apply(PppEvents events, Instant now);
  void begin_frames(Instant now);
  void leave(ClientEnd end, Instant now);
  void finish();
  void lose(std::string_view why, Instant now);
  [[nodiscard]] bool openconnect() const { return options_.manner == ClientManner::openconnect; }
  [[nodiscard]] std::string password_body() const;
  [[nodiscard]] std::string code_body(std::string_view code) const;

  ClientWorld& world_;
  ClientOptions options_;
  Entropy& entropy_;
  Step step_ = Step::idle;
  bool connected_ = false, connecting_ = false;
  HttpAnswerReader reader_;
  Secret cookie_, code_;
  std::string question_;  ///< the last "ret=2,…"
  unsigned questions_ = 0;
  ClientTunnel tunnel_;
  std::unique_ptr<Ppp> ppp_;
  std::unique_ptr<FrameReader> frames_;
  std::vector<std::byte> out_;
  std::optional<Instant> retry_at_, give_up_at_;
  std::optional<ClientEnd> end_;
  bool was_up_ = false, tunnel_refused_ = false;
};

}  // namespace sekisho::fortinet
