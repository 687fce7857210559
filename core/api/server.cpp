#include "api/server.hpp"

#include "api/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace sekisho::api {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kMaxConnections = 32;
constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
  struct Caller : std::enable_shared_from_this<Caller> {
    Caller(stream_protocol::socket s, const Context& context, std::string who)
        : socket(std::move(s)),
          connection(context, std::move(who), [this](std::string line) { say(std::move(line)); }) {}
    stream_protocol::socket socket;
    Connection connection;
    std::array<char, 65536> buffer{};
    std::deque<std::string> out;
    std::function<void()> gone;

    void read() {
      socket.async_read_some(asio::buffer(buffer), [self = shared_from_this()](error_code error, std::size_t size) {
        if (error || !self->connection.feed({self->buffer.data(), size})) return self->close();
        self->read();
      });
    }
    void say(std::string line) {
      out.push_back(std::move(line));
      if (out.size() == 1) write();
    }
    void write() {
      asio::async_write(socket, asio::buffer(out.front()), [self = shared_from_this()](error_code error, std::size_t) {
        if (error) return self->close();
        self->out.pop_front();
        if (!self->out.empty()) self->write();
      });
    }
    void close() {
      error_code ignored;
      socket.close(ignored);
      if (auto ended = std::exchange(gone, nullptr)) ended();
    }
  };

  State(asio::io_context& l, Context c, Allowed a) : loop(l), context(std::move(c)), allowed(std::move(a)) {}
  asio::io_context& loop;
  Context context;
  Allowed allowed;
  std::optional<stream_protocol::acceptor> acceptor;
  asio::steady_timer rest{loop};
  std::set<std::shared_ptr<Caller>> callers;

  void accept() {
    acceptor->async_accept([weak = weak_from_this()](error_code error, stream_protocol::socket socket) {
      const auto self = weak.lock();
      if (!self || error == asio::error::operation_aborted) return;
      if (error) return self->accept_later();
      self->arrived(std::move(socket));
      self->accept();
    });
  }
  /// Out of descriptors or memory: staff wait a moment, and the loop does not spin.
  void accept_later() {
    rest.expires_after(kAcceptRest);
    rest.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (self && !error && self->acceptor->is_open()) self->accept();
    });
  }

  void arrived(stream_protocol::socket socket) {
    ucred who{};
    socklen_t size = sizeof who;
    if (getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return;
    const bool let_in = std::find(allowed.uids.begin(), allowed.uids.end(), who.uid) != allowed.uids.end();
    if (!let_in || callers.size() >= kMaxConnections) return;  // closed: the socket goes out of scope
    auto caller = std::make_shared<Caller>(std::move(socket), context, "uid:" + std::to_string(who.uid));
    caller->gone = [weak = weak_from_this(), raw = std::weak_ptr(caller)] {
      const auto self = weak.lock();
      if (const auto ended = raw.lock(); self && ended) self->callers.erase(ended);
    };
    callers.insert(caller);
    caller->read();
  }
};

Server::Server(asio::io_context& loop, run::Fd listener, Context context, Allowed allowed)
    : state_(std::make_shared<State>(loop, std::move(context), std::move(allowed))) {
  error_code error;
  state_->acceptor.emplace(loop);
  state_->acceptor->assign(stream_protocol(), listener.release(), error);
  SEKISHO_ASSERT(!error);
  state_->acceptor->non_blocking(true, error);
  state_->accept();
}

Server::~Server() {
  error_code ignored;
  state_->acceptor->close(ignored);
  state_->rest.cancel();
  for (const auto& caller : std::exchange(state_->callers, {})) {
    caller->gone = nullptr;
    caller->socket.close(ignored);
  }
}

}  // namespace sekisho::api
