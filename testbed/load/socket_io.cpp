#include "socket_io.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <vector>

namespace sekisho::load {
namespace {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
}  // namespace

struct SocketIo::State : std::enable_shared_from_this<SocketIo::State> {
  State(asio::io_context& loop, Handler h) : socket(loop), handler(std::move(h)) {}
  tcp::socket socket;
  Handler handler;
  bool connected = false, writing = false, closing = false, dead = false;
  std::vector<std::byte> waiting, leaving;
  std::array<std::byte, 32768> in{};

  void start(const std::string& address, std::uint16_t port, const std::string& source) {
    if (!source.empty()) {
      error_code failed;
      const tcp::endpoint from(asio::ip::make_address(source), 0);
      socket.open(from.protocol(), failed);
      if (!failed) socket.bind(from, failed);
      if (failed) {
        return asio::post(socket.get_executor(), [self = shared_from_this()] { self->end(); });
      }
    }
    socket.async_connect(tcp::endpoint(asio::ip::make_address(address), port),
                         [self = shared_from_this()](error_code error) {
                           if (self->dead) return;
                           if (error) return self->end();
                           error_code ignored;
                           self->socket.set_option(tcp::no_delay(true), ignored);
                           self->connected = true;
                           self->read();
                           self->handler.on_connected();
                           self->flush();
                         });
  }
  void read() {
    socket.async_read_some(asio::buffer(in), [self = shared_from_this()](error_code error, std::size_t size) {
      if (self->dead) return;
      if (error) return self->end();
      self->handler.on_bytes(std::span(self->in).first(size));
      if (!self->dead) self->read();
    });
  }
  void flush() {
    if (dead || !connected || writing) return;
    if (waiting.empty()) {
      if (closing) end();
      return;
    }
    leaving.swap(waiting);
    writing = true;
    asio::async_write(socket, asio::buffer(leaving), [self = shared_from_this()](error_code error, std::size_t) {
      self->writing = false;
      self->leaving.clear();
      if (self->dead) return;
      if (error) return self->end();
      self->flush();
    });
  }
  void end() {
    if (dead) return;
    kill();
    const auto told = handler.on_closed;  // the owner may go in it
    told();
  }
  void kill() {
    dead = true;
    error_code ignored;
    socket.close(ignored);
  }
};

SocketIo::SocketIo(asio::io_context& loop, const std::string& address, std::uint16_t port, const std::string& source,
                   Handler handler)
    : state_(std::make_shared<State>(loop, std::move(handler))) {
  state_->start(address, port, source);
}
SocketIo::~SocketIo() {
  state_->kill();
}
void SocketIo::write(std::span<const std::byte> bytes) {
  state_->waiting.insert(state_->waiting.end(), bytes.begin(), bytes.end());
  state_->flush();
}
void SocketIo::close_when_written() {
  state_->closing = true;
  state_->flush();
}

}  // namespace sekisho::load
