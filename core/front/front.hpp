// Front: the engine on sockets. Accepts, receives, sends and reads the TUN by direct system calls that never block;
// Asio tells readiness alone. No descriptor is opened here but by accept. Threads: the loop's. Ownership: engine parts
// and loop are borrowed; listeners, sockets and the TUN queue are its own. Errors: a socket's errors end that
// connection; a listener that cannot accept rests 100 ms; a TUN that cannot be read is closed until a new queue comes.
// Source: performance.md findings 1 to 4; threats.md R-02.
#pragma once
#include "front/engine.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"

#include <memory>
#include <string>

namespace sekisho::front {

class Front {
 public:
  using Bars = std::function<void(std::span<const Bar>)>;
  /// `bar`: Engine::Callbacks::bar.
  Front(boost::asio::io_context& loop, Engine::Parts parts, std::function<void()> on_abandoned, Bars bar = {});
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// A TCP socket that listens or is about to.
  void listen(run::Fd listener);
  /// A bound UDP socket for DTLS; needs Engine::Parts::dtls.
  void take_datagrams(run::Fd socket);
  /// One queue of the path's TUN (vnet header of 12 bytes); the older one is closed.
  void set_tun(run::Fd queue, std::string_view device);
  [[nodiscard]] Engine& engine();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::front
