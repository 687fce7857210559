#include "programs/relay/screen_source.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <unistd.h>

#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr Seconds kConnect{5};

Error unreachable(std::string why) {
  return fail("console.unreachable", std::move(why));
}

}  // namespace

struct TcpScreens::State {
  State(asio::io_context& l, const run::Clock& c, run::Timers& t) : loop(l), clock(c), timers(t) {}
  asio::io_context& loop;
  const run::Clock& clock;
  run::Timers& timers;
};

TcpScreens::TcpScreens(asio::io_context& loop, const run::Clock& clock, run::Timers& timers)
    : state_(std::make_shared<State>(loop, clock, timers)) {}
TcpScreens::~TcpScreens() = default;

void TcpScreens::open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) {
  struct Attempt {
    explicit Attempt(asio::io_context& loop) : socket(loop) {}
    tcp::socket socket;
    run::Timers::Id limit = 0;
    std::function<void(Result<run::Fd>)> done;
  };
  auto attempt = std::make_shared<Attempt>(state_->loop);
  attempt->done = std::move(done);
  error_code error;
  const auto address = asio::ip::make_address(target.address, error);
  if (!target.driver.empty() || error) {
    return state_->timers.post([attempt, driver = target.driver] {
      attempt->done(unreachable(driver.empty() ? "no address" : "no driver " + driver + " here"));
    });
  }
  attempt->limit = state_->timers.at(state_->clock.now() + kConnect, [attempt] {
    error_code ignored;
    attempt->limit = 0;
    attempt->socket.close(ignored);  // the connect ends with that
  });
  attempt->socket.async_connect(tcp::endpoint(address, target.port), [state = state_, attempt](error_code failed) {
    state->timers.cancel(attempt->limit);
    if (failed || !attempt->socket.is_open()) return attempt->done(unreachable(failed ? failed.message() : "late"));
    error_code ignored;
    attempt->socket.set_option(tcp::no_delay(true), ignored);
    const int fd = ::dup(attempt->socket.native_handle());
    if (fd < 0) return attempt->done(unreachable("no descriptor is free"));
    attempt->done(run::Fd(fd));
  });
}

void TcpScreens::thumbnail(ScreenTarget, std::function<void(Result<std::string>)> done) {
  state_->timers.post([done = std::move(done)] { done(unreachable("no pictures of a plain address")); });
}

}  // namespace sekisho::relay
