// Session: one contractor's client (the Fortinet plugin's client role) over TLS and a socket.
// Threads: the loop's. Ownership: borrows everything in Tools and the TLS context; the callbacks come on the loop and
// may destroy the Session. Units: as named.
#pragma once
#include "fortinet_client.hpp"
#include "net/tls/tls_channel.hpp"
#include "run/services.hpp"
#include "socket_io.hpp"

#include <functional>
#include <memory>
#include <string>

namespace sekisho::load {

struct Tools {
  boost::asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
  Entropy& entropy;
  tls::BufferPool& buffers;
};
struct Target {
  std::string address, host;
  std::uint16_t port = 443;
  std::string source = {};  ///< address of this machine to come from; empty: the kernel's choice
};
struct Login {
  std::string user;
  Secret password;
  [[nodiscard]] Login copy() const { return {user, password.clone()}; }
};

class Session final : private fortinet::ClientWorld {
 public:
  struct Handler {
    std::function<void()> on_granted;  ///< the cookie has come; once
    std::function<void(const fortinet::ClientTunnel&)> on_up;
    std::function<void(std::string_view why)> on_down;
    std::function<void(const fortinet::ClientEnd&)> on_ended;
  };
  Session(Tools tools, Target target, const tls::TlsClientContext& context, Login login, Handler handler);
  ~Session() override;
  void start();
  void stop();
  [[nodiscard]] bool up() const { return client_.up(); }

 private:
  struct Line;
  void connect() override;
  void write(std::span<const std::byte> plaintext) override;
  void close() override;
  void on_question(std::string_view prompt) override;
  void on_password_wanted() override;
  void on_up(const fortinet::ClientTunnel& tunnel) override;
  void on_packet(std::span<const std::byte> packet) override;
  void on_down(std::string_view why) override;
  void on_ended(const fortinet::ClientEnd& end) override;
  void received(std::span<const std::byte> bytes);
  void flush();
  void after();
  void gone();

  Tools tools_;
  Target target_;
  const tls::TlsClientContext& context_;
  Handler handler_;
  bool granted_ = false, told_connected_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Line> line_;
  run::Timers::Id timer_ = 0;
  fortinet::FortinetClient client_;
};

}  // namespace sekisho::load
