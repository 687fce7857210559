#include "programs/sekishod/charon_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <deque>
#include <utility>

namespace sekisho::programs {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kMostWaiting = 4UL << 20U;

}  // namespace

/// `handler` is null once nobody wants to hear of it.
struct CharonSocket::Connection : std::enable_shared_from_this<Connection> {
  Connection(asio::io_context& loop, Handler& the_handler) : socket(loop), handler(&the_handler) {}
  stream_protocol::socket socket;
  Handler* handler;
  std::array<std::byte, 65536> buffer{};
  std::deque<vici::Bytes> out;
  std::size_t waiting = 0;
  bool overdue = false;

  void connect(const std::string& path) {
    socket.async_connect(stream_protocol::endpoint(path), [self = shared_from_this()](error_code error) {
      if (self->handler == nullptr) return;
      if (error) return self->fail();
      self->read();
      self->handler->on_open();
    });
  }
  void read() {
    socket.async_read_some(asio::buffer(buffer), [self = shared_from_this()](error_code error, std::size_t size) {
      if (self->handler == nullptr) return;
      if (error) return self->fail();
      self->handler->on_bytes(std::span(self->buffer).first(size));
      if (self->handler != nullptr) self->read();
    });
  }
  void send(vici::Bytes bytes) {
    waiting += bytes.size();
    // Whoever does not read is no charon to speak to; nothing more is kept for him, and it is told after this call.
    if (waiting > kMostWaiting) {
      if (std::exchange(overdue, true)) return;
      return asio::post(socket.get_executor(), [self = shared_from_this()] {
        if (self->handler != nullptr) self->fail();
      });
    }
    out.push_back(std::move(bytes));
    if (out.size() == 1) write();
  }
  void write() {
    asio::async_write(socket, asio::buffer(out.front()), [self = shared_from_this()](error_code error, std::size_t) {
      if (self->handler == nullptr) return;
      if (error) return self->fail();
      self->waiting -= self->out.front().size();
      self->out.pop_front();
      if (!self->out.empty()) self->write();
    });
  }
  void drop() {
    handler = nullptr;
    error_code ignored;
    socket.close(ignored);
  }
  void fail() {
    Handler* told = std::exchange(handler, nullptr);
    drop();
    told->on_failed();
  }
};

CharonSocket::CharonSocket(asio::io_context& loop, std::string path) : loop_(loop), path_(std::move(path)) {}

CharonSocket::~CharonSocket() {
  close();
}

void CharonSocket::open(Handler& handler) {
  close();
  connection_ = std::make_shared<Connection>(loop_, handler);
  connection_->connect(path_);
}

void CharonSocket::send(vici::Bytes bytes) {
  if (connection_ && connection_->handler != nullptr) connection_->send(std::move(bytes));
}

void CharonSocket::close() {
  if (auto gone = std::exchange(connection_, nullptr)) gone->drop();
}

}  // namespace sekisho::programs
