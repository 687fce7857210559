// ViciSocket: charon's control socket as the gate asks for it; the program stands behind it with a real one, tests with
// a script. Threads: the gate's loop; the handler is never called inside a call to the socket, and not at all once the
// socket was closed or is gone. Ownership: the gate borrows the socket and outlives none of it.
#pragma once
#include "vici/packet.hpp"

namespace sekisho::gate {

class ViciSocket {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_open() = 0;
    /// Could not be opened, or is gone; open() may be called again.
    virtual void on_failed() = 0;
    virtual void on_bytes(vici::View bytes) = 0;
  };
  virtual ~ViciSocket() = default;
  virtual void open(Handler& handler) = 0;
  virtual void send(vici::Bytes bytes) = 0;
  virtual void close() = 0;
};

}  // namespace sekisho::gate
