#include "programs/relay/farewell.hpp"

#include "net/websocket/connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/socket_base.hpp>

#include <span>
#include <utility>
#include <vector>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
constexpr Seconds kLongest{2};

struct Farewell : std::enable_shared_from_this<Farewell> {
  Farewell(run::Timers& t, BrowserSocket s) : timers(t), socket(std::move(s)) {}
  run::Timers& timers;
  BrowserSocket socket;
  std::vector<std::byte> words;
  run::Timers::Id limit = 0;
  bool closed = false;

  void close() {
    if (std::exchange(closed, true)) return;
    timers.cancel(limit);
    socket.close();
  }
  void wait(asio::socket_base::wait_type what) {
    socket.tcp().async_wait(what, [self = shared_from_this(), what](error_code error) {
      if (self->closed) return;
      if (error) return self->close();
      what == asio::socket_base::wait_write ? self->write() : self->read();
    });
  }
  void write() {
    error_code error;
    while (!words.empty()) {
      const std::size_t sent = socket.write_some(words, error);
      if (error == asio::error::would_block) return wait(asio::socket_base::wait_write);
      if (error) return close();
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(sent));
    }
    if (!socket.flush(error)) return error ? close() : wait(asio::socket_base::wait_write);
    wait(asio::socket_base::wait_read);
  }
  /// The peer's own close frame, whatever else it says, and its end.
  void read() {
    std::vector<std::byte> ignored(BrowserSocket::kRoom);
    error_code error;
    socket.read_some(ignored, ignored.size(), error);
    if (error && error != asio::error::would_block) return close();
    wait(asio::socket_base::wait_read);
  }
};

}  // namespace

void say_farewell(const run::Clock& clock, run::Timers& timers, BrowserSocket socket, std::string greeting,
                  std::string_view code) {
  auto farewell = std::make_shared<Farewell>(timers, std::move(socket));
  const auto first = std::as_bytes(std::span(greeting));
  farewell->words.assign(first.begin(), first.end());
  websocket::Connection connection({}, clock.now());
  connection.close(websocket::kGoingAway, code, clock.now(), farewell->words);
  farewell->limit = timers.at(clock.now() + kLongest, [farewell] { farewell->close(); });
  farewell->write();
}

}  // namespace sekisho::relay
