// CharonSocket: the gate's ViciSocket over a Unix socket, for one closed path. Reconnects only when asked to.
// Threads: the loop's. Ownership: borrows the loop; callbacks under way hold the connection, never the owner.
// Ranges: 4 MiB may wait to be sent; more ends the connection, with on_failed() after the call. What arrives is handed
// on as it comes, 64 KiB at a time: the client judges a packet's length (512 KiB) before it keeps anything of it, and a
// greater one ends the connection (vici/packet.hpp). Errors: all of them are on_failed().
// Source: core/decisions/0020-ip-vpn.md; strongSwan, src/libcharon/plugins/vici/README.md.
#pragma once
#include "gate/vici_socket.hpp"
#include "run/asio_fwd.hpp"

#include <memory>
#include <string>

namespace sekisho::programs {

class CharonSocket final : public gate::ViciSocket {
 public:
  CharonSocket(boost::asio::io_context& loop, std::string path);
  ~CharonSocket() override;
  void open(Handler& handler) override;
  void send(vici::Bytes bytes) override;
  void close() override;

 private:
  struct Connection;
  boost::asio::io_context& loop_;
  const std::string path_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace sekisho::programs
