// One TCP connection of a load generator: connect, read, write, by readiness of an Asio loop.
// Threads: the loop's. Ownership: borrows the loop; a SocketIo may be destroyed in any of its own callbacks.
// Errors: on_closed() comes once, for a failed connect and for every later end.
#pragma once
#include "run/asio_fwd.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace sekisho::load {

class SocketIo {
 public:
  struct Handler {
    std::function<void()> on_connected;
    std::function<void(std::span<const std::byte>)> on_bytes;  ///< borrowed until it returns
    std::function<void()> on_closed;
  };
  /// `source`: the own address to come from; empty: the kernel's choice.
  SocketIo(boost::asio::io_context& loop, const std::string& address, std::uint16_t port, const std::string& source,
           Handler handler);
  ~SocketIo();
  SocketIo(const SocketIo&) = delete;
  SocketIo& operator=(const SocketIo&) = delete;

  void write(std::span<const std::byte> bytes);  ///< copies; gathers what waits into one send
  void close_when_written();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::load
