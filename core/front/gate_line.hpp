// GateLine: questions of connections to the gatekeeper and the way back of its answers, by request number. Every
// question gets exactly one answer: the gatekeeper's, or a refusal (gate.unavailable) when there is no link, when it
// breaks, or after limits.answer. Answers never come inside ask().
// Threads: the loop's. Ownership: timers, clock and link are borrowed; set_link(nullptr) before the link dies.
// Ranges: limits.asked_bytes wait at most, so that a flood of large requests cannot close the link.
// Source: seam/messages.hpp; design.md "The seam".
#pragma once
#include "front/limits.hpp"
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <sekisho/sdk/path/gate_messages.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace sekisho::front {

/// A connection's number within one front; never used twice.
using ConnectionId = std::uint64_t;

/// What a person reads while the gatekeeper cannot be asked.
[[nodiscard]] Refusal gate_unavailable();

class GateLine {
 public:
  /// `from_gate`: the gatekeeper itself answered.
  using Answer = std::function<void(ConnectionId connection, std::uint64_t number, GateReply reply, bool from_gate)>;
  GateLine(const run::Clock& clock, run::Timers& timers, const FrontLimits& limits, Answer answer);
  ~GateLine();
  GateLine(const GateLine&) = delete;
  GateLine& operator=(const GateLine&) = delete;

  [[nodiscard]] std::uint64_t ask(ConnectionId connection, GateRequest request);
  void on_reply(seam::Reply reply);
  /// No link, or a new one: what waits for the old one is refused.
  void set_link(seam::Link* link);
  /// The connection is gone; its answers go nowhere.
  void forget(ConnectionId connection);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    ConnectionId connection = 0;
    Instant due;
    std::size_t bytes = 0;
  };
  void refuse_soon(ConnectionId connection, std::uint64_t number);
  void refuse_late();
  void arm();
  void take_out(std::map<std::uint64_t, Waiting>::iterator at);

  const run::Clock& clock_;
  run::Timers& timers_;
  const FrontLimits& limits_;
  Answer answer_;
  seam::Link* link_ = nullptr;
  std::map<std::uint64_t, Waiting> waiting_;  // by number, so also by due time
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
  run::Timers::Id timer_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // posted answers look whether this object still stands
};

}  // namespace sekisho::front
