// DatagramSocket: a DatagramDoor on its UDP socket. Direct system calls that never block; Asio tells readiness alone.
// Sends runs of equal datagrams in one call (UDP_SEGMENT) and takes glued ones apart (UDP_GRO) where the kernel can:
// both are probed when it opens. Threads: the loop's. Ownership: loop, engine and parts are borrowed; the socket is its
// own. Errors: a socket that cannot be read rests 100 ms. Source: udp(7); performance.md finding 8.
#pragma once
#include "front/datagram_door.hpp"
#include "run/asio_fwd.hpp"
#include "run/link.hpp"

#include <memory>

namespace sekisho::front {

class DatagramSocket {
 public:
  /// `socket`: bound, not connected.
  DatagramSocket(boost::asio::io_context& loop, run::Fd socket, DatagramDoor::Parts parts, Engine& engine);
  ~DatagramSocket();
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;

  [[nodiscard]] const DatagramDoor& door() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::front
