// What a front asks of the gatekeeper and what comes back. These are the words of the seam (core/seam encodes them);
// an access path plugin uses them without knowing how they travel.
// Threads: plain values. Units: as named. Ranges: strings <= 4 KiB unless said; the codec refuses longer ones.
// Source: design.md "The seam".
#pragma once
#include <sekisho/sdk/arrival.hpp>
#include <sekisho/sdk/authenticator.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/time.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sekisho {

enum class SessionState : std::uint8_t { asking, quarantine, admitted, ended };

/// One reachable destination of a session. Everything unlisted is dropped and counted.
struct FilterRule {
  std::string address;        ///< IPv4, textual
  std::uint16_t port = 0;     ///< never 0
  std::uint8_t protocol = 6;  ///< 6 TCP, 17 UDP
  friend bool operator==(const FilterRule&, const FilterRule&) = default;
};

/// All that a tunnel needs to know. Known only after a grant (threats.md law 5).
struct SessionView {
  std::string session;  ///< "S20261122-1-000042"
  SessionState state = SessionState::quarantine;
  std::string address;       ///< the session's inner IPv4 address; the same for the session's whole life
  std::string gate_address;  ///< the gate's inner address: posture page, desktop entrance
  std::uint8_t prefix = 32;  ///< of the route pushed to the client, around gate_address
  std::uint16_t mru = 1354;
  std::uint32_t idle_limit_s = 3600;
  std::uint32_t remaining_s = 0;  ///< until the right ends
  std::uint32_t heartbeat_s = 10;
  std::vector<FilterRule> filter;
  std::string language;  ///< "ja" or "en"
};

// --- front to gatekeeper, each answered by exactly one GateReply with the same request number ------------------------
struct BeginLogin {
  Arrival arrival;
  Evidence evidence;
};
/// Goes on with a pending login; found by handle, not by connection. A client that fetches the session which its person
/// proved on our pages (Ask::field "handover") answers without evidence.
struct AnswerLogin {
  std::string handle;
  Arrival arrival;
  Evidence evidence;
};
/// A session cookie is shown: for the configuration (open_tunnel = false) or to open its tunnel (true).
/// With true an older tunnel of the same session is closed (newest wins, same certificate only, T-44).
struct ResumeSession {
  Secret cookie;
  Arrival arrival;
  bool open_tunnel = false;
};
struct LogoutSession {
  Secret cookie;
  Arrival arrival;
};
/// A request to the posture page. `cookie` is unused there: inside the tunnel the peer address names the session.
/// `kind`: "challenge", "report" (body = compact JWS), "enrol" (body = JSON with token and public key), "hostcheck".
struct PostureRequest {
  std::string kind;
  Arrival arrival;
  Secret cookie;     ///< only "hostcheck": the session's cookie
  std::string body;  ///< <= 64 KiB
};
using GateRequest = std::variant<BeginLogin, AnswerLogin, ResumeSession, LogoutSession, PostureRequest>;

// --- gatekeeper to front
// ----------------------------------------------------------------------------------------------
struct LoginAsked {
  std::string handle;  ///< <= 31 characters of [A-Za-z0-9_-]; fresh with every question
  Ask ask;
};
struct Refused {
  Refusal refusal;
  bool may_retry = false;  ///< true: the same question may be answered again with a new BeginLogin
};
struct Granted {
  Secret cookie;  ///< 43 characters of base64url
  std::string session;
  SessionState state = SessionState::quarantine;
  std::uint32_t tunnel_within_s = 60;  ///< without a tunnel after this time the session ends
};
struct Resumed {
  SessionView view;
};
struct Done {};
/// Answer of the posture page: HTTP status and JSON text.
struct PostureAnswer {
  std::uint16_t status = 200;
  std::string body;
};
using GateReply = std::variant<LoginAsked, Refused, Granted, Resumed, Done, PostureAnswer>;

/// Pushed at any time for a session whose tunnel this front holds.
struct SessionChanged {
  SessionView view;
};
/// The session is over; `reason` is shown to the person (PPP Terminate-Request text, ASCII form of `en`).
struct SessionEnded {
  std::string session;
  std::string code;
  Text reason;
};
using GatePush = std::variant<SessionChanged, SessionEnded>;

// --- front to gatekeeper, without answer
// ------------------------------------------------------------------------------
struct TunnelUp {
  std::string session;
  std::string transport;  ///< "tls"
};
/// `ended_by_person`: the person closed it for good (Terminate-Request). Otherwise the reconnect grace begins.
struct TunnelDown {
  std::string session;
  bool ended_by_person = false;
  std::string why;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t dropped = 0;  ///< packets the filter refused
};
/// Packets the per-session filter refused since the last notice; at most one notice a second and session.
struct PacketsRefused {
  std::string session;
  std::uint64_t count = 0;
  FilterRule last;  ///< destination of the newest one; address may be any text form
};
/// Sent at most every 10 s while traffic flows: idle limit and counters.
struct TunnelActivity {
  std::string session;
  std::uint64_t bytes_in = 0, bytes_out = 0;
};
using FrontNotice = std::variant<TunnelUp, TunnelDown, PacketsRefused, TunnelActivity>;

}  // namespace sekisho
