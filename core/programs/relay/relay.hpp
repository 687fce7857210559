// Relay: accepts at the desktop's entrance, asks sekishod, passes bytes both ways (R11).
//
//   accepted ─EntranceAsk─▶ asked ─granted─▶ connecting ─▶ passing ─▶ closed
//                             └─refused─▶ telling (RFB reason) ─▶ closed
//
// Threads: the loop's. Ownership: loop and timers are borrowed; sockets are its own; the link is lent by set_link().
// Limits: 4 streams per session, 8 undecided per peer, 256 in all, 64 KiB buffered per direction; 5 s for sekishod's
// answer and for the desktop's connection; 120 s without sekishod, then every stream is closed.
// Errors: a peer's faults end its own stream, counted. Source: RFC 6143 §7.1.2; decisions.md; threats.md law 9.
#pragma once
#include "run/asio_fwd.hpp"
#include "run/link.hpp"
#include "run/services.hpp"
#include "seam/codec.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace sekisho::relay {

struct Limits {
  std::size_t streams_per_session = 4;
  std::size_t undecided_per_peer = 8;
  std::size_t streams = 256;
  Seconds answer{5}, connect{5}, without_gate{120};
};

/// What a viewer is told instead of a desktop: security-types count 0 and the reason, as RFC 6143 §7.1.2 orders them.
[[nodiscard]] std::string refusal_bytes(std::string_view reason);

class Relay {
 public:
  Relay(boost::asio::io_context& loop, const run::Clock& clock, run::Timers& timers, Limits limits = {});
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Accepts from `listener` (listening TCP socket, owned from here on).
  void listen(run::Fd listener);
  /// The link to sekishod, or nullptr while there is none. Undecided peers ask again over a new link.
  void set_link(seam::Link* link);
  void on_message(const seam::Message& message);
  [[nodiscard]] std::size_t streams() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::relay
