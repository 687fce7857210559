// One PPP link over the tunnel, in both roles: LCP, IPCP, echoes, the end. Sans-I/O: frames and `now` in, events out.
//
//   start ──▶ establishing (LCP) ──▶ network (IPCP) ──▶ open ──▶ closing (Terminate-Request sent) ──▶ ended
//                    ▲────────────────────┴──────────────┘   peer's Terminate-Request, silence ─────▶ ended
//
// Bounds: open_limit from start() or from the loss of `open`; the bounds of Layer; answers to unasked packets (Echo,
// Code-Reject, Protocol-Reject) 10 a second, bursts of 20; an Echo-Request each echo_interval, echo_misses intervals
// without any frame from the peer end the link. IPv6 is refused: IP6CP is Protocol-Rejected, 0x0057 dropped silently.
// Threads: one at a time. Ownership: Entropy outlives the link; nothing given to feed() is kept. Errors: none but the
// event PppEnded; whatever does not fit is dropped and counted. Source: RFC 1661, RFC 1332; decisions.md "Frames in".
#pragma once
#include "frames.hpp"
#include "ppp_options.hpp"

#include <sekisho/sdk/time.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::fortinet {

/// IPv4 may flow.
struct PppUp {
  std::uint32_t own_address = 0, peer_address = 0;
  std::uint16_t peer_mru = 1500;
};
/// The peer negotiates anew; IPv4 may not flow until the next PppUp.
struct PppDown {};
/// The link is over; what was sent before this event still has to leave.
struct PppEnded {
  bool by_peer = false;     ///< the peer sent Terminate-Request
  bool peer_knows = false;  ///< he has asked for it or acknowledged it, and closes his side next
  std::string why;          ///< printable ASCII; the peer's own words with by_peer
};
using PppEvent = std::variant<PppSend, PppUp, PppDown, PppEnded>;
using PppEvents = std::vector<PppEvent>;

class Ppp {
 public:
  enum class State : std::uint8_t { idle, establishing, network, open, closing, ended };

  Ppp(PppOptions options, Entropy& entropy);
  Ppp(const Ppp&) = delete;
  Ppp& operator=(const Ppp&) = delete;

  [[nodiscard]] PppEvents start(Instant now);
  /// Any frame but IPv4 in state `open` (use take_data() for those).
  [[nodiscard]] PppEvents feed(const Frame& frame, Instant now);
  [[nodiscard]] PppEvents on_deadline(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Says why (printable ASCII, <= 200 bytes) and ends within a second.
  [[nodiscard]] PppEvents terminate(std::string_view why, Instant now);

  /// An IPv4 packet of `bytes` has come: true when it may be delivered. No allocation.
  [[nodiscard]] bool take_data(std::size_t bytes) {
    heard_ = true;
    if (state_ == State::open && bytes > 0) return true;
    ++dropped_;
    return false;
  }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool open() const { return state_ == State::open; }
  /// The large MRU when the peer has agreed to it, else 0.
  [[nodiscard]] std::uint16_t agreed_large() const {
    return state_ == State::open && lcp_.own_mru() > options_.mru ? lcp_.own_mru() : std::uint16_t{0};
  }
  /// The largest IP packet that may be sent: the smaller of the peer's MRU and ours.
  [[nodiscard]] std::uint16_t largest_packet() const {
    return options_.mru == 0 ? lcp_.peer_mru() : std::min(options_.mru, lcp_.peer_mru());
  }
  /// Frames and packets that did not fit.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_ + lcp_layer_.dropped() + ipcp_layer_.dropped(); }

 private:
  void on_lcp(const PppPacket& packet, Instant now, PppEvents& out);
  void on_lcp_extra(const PppPacket& packet, Instant now, PppEvents& out);
  void on_ipcp(const PppPacket& packet, Instant now, PppEvents& out);
  void on_echo_request(const PppPacket& packet, Instant now, PppEvents& out);
  void lcp_changed(Layer::Change change, Instant now, PppEvents& out);
  void ipcp_changed(Layer::Change change, Instant now, PppEvents& out);
  void leave_open(Instant now, PppEvents& out);
  void send_echo_request(PppEvents& out);
  void reject_code(std::uint16_t protocol, const PppPacket& packet, Instant now, PppEvents& out);
  void reject_protocol(const Frame& frame, Instant now, PppEvents& out);
  void end(bool by_peer, std::string why, PppEvents& out, bool peer_knows = false);
  [[nodiscard]] bool may_answer(Instant now);
  void flush(PppEvents& out);

  PppOptions options_;
  std::uint8_t next_id_ = 1, next_echo_id_ = 0;
  LcpPolicy lcp_;
  IpcpPolicy ipcp_;
  Layer lcp_layer_, ipcp_layer_;
  std::vector<PppSend> sends_;  ///< of the current call
  State state_ = State::idle;
  bool heard_ = false;
  int missed_ = 0;
  int answers_left_ = 20;
  Instant answers_at_{};
  std::optional<Instant> open_by_, echo_at_, closing_by_;
  std::string reason_;
  std::uint64_t dropped_ = 0;
};

}  // namespace sekisho::fortinet
