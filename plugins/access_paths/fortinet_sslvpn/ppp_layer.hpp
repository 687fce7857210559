// One PPP negotiation (LCP or IPCP): the option automaton of RFC 1661 §4 without its passive states, because the
// transport is there before the machine and no second link follows the first.
//
//        open()                Ack in             Request acked
//   closed ──▶ request_sent ──▶ ack_received ─────────────▶ opened
//                   └──▶ ack_sent (Request acked) ──Ack in──────┘
//
// Bounds (threats.md T-41): 10 Configure-Requests taken from a peer, 10 sent without progress, 20 sent in all; one more
// is `failed`. A repeated Configure-Request (same identifier and bytes) in `opened` is acked again without leaving it.
// Threads: one at a time. Ownership: policy and ids outlive the layer. Time: `now` as handed in, never going back.
#pragma once
#include "ppp_codec.hpp"

#include <sekisho/sdk/time.hpp>

#include <optional>
#include <string_view>

namespace sekisho::fortinet {

/// A control packet to be framed and sent.
struct PppSend {
  std::uint16_t protocol = 0;
  PppBytes packet;
};

/// What a layer asks for and what it grants.
class OptionPolicy {
 public:
  enum class Judgement : std::uint8_t { ack, nak, reject };
  virtual ~OptionPolicy() = default;
  /// Our own options, as they are wanted now.
  virtual void write_request(PppBytes& options) = 0;
  /// A new Configure-Request begins: forget what was proposed before.
  virtual void begin_judging() = 0;
  /// One option of it. With `nak` the wanted option (type, length, value) is appended to `wanted`.
  virtual Judgement judge(const PppOption& option, PppBytes& wanted) = 0;
  /// After all options were acceptable: options that must be there and are not, appended to `wanted`.
  virtual void judge_missing(PppBytes& wanted) = 0;
  /// The request was acked: the proposed values are in force.
  virtual void granted() = 0;
  /// The peer wants another value, or will not have the option. False: there is no way on, see why().
  [[nodiscard]] virtual bool on_nak(const PppOption& option) = 0;
  [[nodiscard]] virtual bool on_reject(const PppOption& option) = 0;
  [[nodiscard]] virtual std::string_view why() const = 0;
};

class Layer {
 public:
  enum class State : std::uint8_t { closed, request_sent, ack_received, ack_sent, opened };
  enum class Change : std::uint8_t { none, up, down, failed };

  Layer(std::uint16_t protocol, OptionPolicy& policy, std::uint8_t& next_id)
      : protocol_(protocol), policy_(policy), next_id_(next_id) {}

  /// `none`, or `failed` when the bound of requests is used up.
  [[nodiscard]] Change open(Instant now, std::vector<PppSend>& sends);
  void close();
  /// Codes 1 to 4; what does not fit the state, the identifier or the shape is dropped and counted.
  [[nodiscard]] Change on_packet(const PppPacket& packet, Instant now, std::vector<PppSend>& sends);
  [[nodiscard]] Change on_deadline(Instant now, std::vector<PppSend>& sends);
  [[nodiscard]] std::optional<Instant> next_deadline() const { return deadline_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::string_view why() const { return why_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  [[nodiscard]] Change fail(std::string_view why);
  [[nodiscard]] Change on_request(const PppPacket& packet, Instant now, std::vector<PppSend>& sends);
  [[nodiscard]] Change on_ack(const PppPacket& packet, Instant now);
  [[nodiscard]] Change on_nak_or_reject(const PppPacket& packet, Instant now, std::vector<PppSend>& sends);
  /// A request with our options as they are now and a fresh identifier.
  [[nodiscard]] bool send_request(Instant now, std::vector<PppSend>& sends);
  /// The same request once more.
  [[nodiscard]] bool send_again(Instant now, std::vector<PppSend>& sends);

  std::uint16_t protocol_;
  OptionPolicy& policy_;
  std::uint8_t& next_id_;
  State state_ = State::closed;
  PppBytes request_;      ///< the last one sent, whole packet
  bool answered_ = true;  ///< the last request has had its answer
  PppBytes granted_;      ///< the peer's request that was acked last: identifier, then options
  std::optional<Instant> deadline_;
  int left_ = 0, sent_ = 0, taken_ = 0;
  std::uint64_t dropped_ = 0;
  std::string_view why_;
};

}  // namespace sekisho::fortinet
