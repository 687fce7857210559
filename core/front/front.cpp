#include "front/front.hpp"

#include "front/datagram_socket.hpp"
#include "front/events.hpp"
#include "front/read_pace.hpp"
#include "front/watch.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <list>
#include <new>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sekisho::front {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr std::size_t kReceiveBytes = 128 * 1024;  // shared by all sockets of the loop
constexpr std::size_t kFrameBytes = 12 + 65'535;
constexpr int kReceivesPerEvent = 4, kFramesPerEvent = 64, kAcceptsPerEvent = 2, kSendsPerEvent = 4;
constexpr std::chrono::milliseconds kAcceptRest{100}, kUnwatchedRest{20};
constexpr std::size_t kUsualRecord = 1400;
constexpr int kNotSentLowWater = 64 * 1024;

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

Endpoint endpoint_of(const sockaddr_storage& from) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  Endpoint out;
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    if (inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()) != nullptr) out.address = text.data();
    out.port = ntohs(v4.sin_port);
  } else if (from.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    if (inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size()) != nullptr) out.address = text.data();
    out.port = ntohs(v6.sin6_port);
  }
  return out;
}

/// What closes next goes with a reset, at once and for good on both sides.
void forget_peer(int fd) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

void set_option(int fd, int name, int value) {
  setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value));  // a socket without it works all the same
}

}  // namespace

struct Front::State : std::enable_shared_from_this<Front::State> {
  struct Socket;
  struct Listener {
    explicit Listener(asio::io_context& loop) : descriptor(loop) {}
    stream_descriptor descriptor;
    run::Timers::Id rest = 0;
  };

  State(asio::io_context& l, Engine::Parts p, std::function<void()> on_abandoned, Bars bar)
      : loop(l),
        parts(p),
        engine(std::move(p), {.write_tun = [this](std::span<const std::byte> frame) { write_tun(frame); },
                              .on_abandoned = std::move(on_abandoned),
                              .bar = std::move(bar)}),
        receive(kReceiveBytes),
        frame(kFrameBytes) {}

  asio::io_context& loop;
  const Engine::Parts parts;
  Engine engine;
  std::vector<std::byte> receive, frame;
  std::list<Listener> listeners;
  std::list<DatagramSocket> datagrams;
  std::unordered_set<std::shared_ptr<Socket>> sockets;
  std::vector<std::shared_ptr<Socket>> woken;
  std::deque<std::shared_ptr<Socket>> outside;  // something has come for them; in order of arrival
  bool drain_posted = false, turn_posted = false, closing = false;
  std::unique_ptr<stream_descriptor> tun;

  void accept(Listener& listener);
  void accept_now(Listener& listener);
  void take(run::Fd fd, const sockaddr_storage& from);
  void wake(std::shared_ptr<Socket> socket);
  void drain();
  void queue_outside(std::shared_ptr<Socket> socket);
  void take_turn();
  void read_tun();
  void write_tun(std::span<const std::byte> bytes);
  void lose_tun(int error);
};

/// One accepted socket and its driver.
struct Front::State::Socket final : Transport, std::enable_shared_from_this<Socket> {
  explicit Socket(State& the_state) : state(the_state), watch(the_state.loop) {}

  State& state;
  Watch watch;
  std::unique_ptr<ConnectionDriver> driver;
  bool woken = false, writing = false, half_closed = false;
  ReadPace pace;

  void wake() override {
    if (woken || !driver) return;
    const auto self = weak_from_this().lock();
    if (!self) return;  // it is being made or destroyed, and looks at its driver itself
    woken = true;
    state.wake(self);
  }
  void tunnel_opened() override { set_option(watch.fd(), TCP_NOTSENT_LOWAT, kNotSentLowWater); }

  void wait_readable() {
    const bool waits = watch.wait(stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      if (!error && self->driver) self->ready();
    });
    if (!waits) look_again(kUnwatchedRest);
  }
  void look_again(std::chrono::microseconds in) {
    state.parts.timers.at(state.parts.clock.now() + in, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->driver) self->ready();
    });
  }
  void ready() { inside() ? on_readable() : state.queue_outside(shared_from_this()); }
  [[nodiscard]] bool inside() const { return driver->tunnel != nullptr; }

  void on_readable() {
    const int most = inside() ? kReceivesPerEvent : 1;
    std::size_t bytes = 0;
    bool drained = false;
    for (int turn = 0; turn < most && !driver->finished() && !drained; ++turn) {
      const ssize_t size = ::recv(watch.fd(), state.receive.data(), state.receive.size(), MSG_DONTWAIT);
      if (size > 0) {
        bytes += static_cast<std::size_t>(size);
        driver->on_ciphertext(std::span(state.receive).first(static_cast<std::size_t>(size)));
        drained = static_cast<std::size_t>(size) < state.receive.size();
      } else if (size == 0) {
        driver->on_transport_gone("the peer has closed");
      } else {
        drained = true;
        if (errno != EAGAIN && errno != EINTR) driver->on_transport_gone(strerror(errno));
      }
    }
    state.engine.flush();
    service();
    if (!driver) return;
    const auto pause = inside() ? pace.after(state.parts.clock.now(), bytes / kUsualRecord) : ReadPace::kNone;
    if (pause == ReadPace::kNone || !drained) return wait_readable();
    watch.leave_alone();
    look_again(pause);
  }

  /// Sends what waits, fills up from the session's queue, and ends what has ended.
  void service() {
    bool blocked = false;
    for (int turn = 0; !driver->finished() && !writing; ++turn) {
      const auto output = driver->output();
      if (output.empty() && !driver->fill()) break;
      if (turn == kSendsPerEvent) {
        wake();  // others first
        break;
      }
      if (!send_once()) {
        blocked = true;
        break;
      }
    }
    if (blocked && !driver->finished()) wait_writable();
    if (driver->wants_half_close() && !std::exchange(half_closed, true)) {
      ::shutdown(watch.fd(), SHUT_WR);
    }
    if (driver->finished()) end();
  }

  /// False: the socket takes no more for now, or never again.
  bool send_once() {
    const auto output = driver->output();
    if (output.empty()) return true;
    const ssize_t size = ::send(watch.fd(), output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0) {
      driver->sent(static_cast<std::size_t>(size));
      return driver->output().empty();
    }
    if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) driver->on_transport_gone(strerror(errno));
    return false;
  }

  void wait_writable() {
    writing = true;
    auto go_on = [self = shared_from_this()](error_code error) {
      self->writing = false;
      if (error || !self->driver) return;
      self->service();
    };
    if (watch.wait(stream_descriptor::wait_write, go_on)) return;
    state.parts.timers.at(state.parts.clock.now() + kUnwatchedRest, [go_on = std::move(go_on)] { go_on({}); });
  }

  void end() {
    if (!driver) return;
    driver->on_transport_gone("the front stops");
    woken = true;  // no more
    if (driver->abandoned()) forget_peer(watch.fd());
    driver.reset();
    watch.close();
    state.sockets.erase(shared_from_this());
  }
};

// --- accepting
// --------------------------------------------------------------------------------------------------------------

void Front::State::accept(Listener& listener) {
  listener.descriptor.async_wait(stream_descriptor::wait_read, [weak = weak_from_this(), &listener](error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->closing) return;
    self->accept_now(listener);
  });
}

void Front::State::accept_now(Listener& listener) {
  int failed = 0;
  for (int turn = 0; turn < kAcceptsPerEvent; ++turn) {
    sockaddr_storage from{};
    socklen_t size = sizeof(from);
    run::Fd fd(::accept4(listener.descriptor.native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      try {
        take(std::move(fd), from);
      } catch (const std::bad_alloc&) {
        // The newcomer is gone again and tries once more.
      }
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM || errno == ENETDOWN ||
        errno == EHOSTUNREACH || errno == ENETUNREACH || errno == EOPNOTSUPP) {
      continue;  // a newcomer that is gone again (accept(2), "Error handling")
    }
    if (errno != EAGAIN) failed = errno;
    break;
  }
  if (failed == 0) return accept(listener);
  // Out of descriptors or memory: newcomers wait a moment, those inside go on. EINVAL: it does not listen yet.
  if (failed != EINVAL) {
    parts.log.event(kAcceptPaused, {{"path", parts.path_name}, {"error", strerror(failed)}});
  }
  listener.rest = parts.timers.at(parts.clock.now() + kAcceptRest, [weak = weak_from_this(), &listener] {
    if (const auto self = weak.lock(); self && !self->closing) self->accept(listener);
  });
}

void Front::State::take(run::Fd fd, const sockaddr_storage& from) {
  const Endpoint peer = endpoint_of(from);
  set_option(fd.get(), TCP_NODELAY, 1);
  auto socket = std::make_shared<Socket>(*this);
  socket->driver = engine.accept(peer.address, peer.port, *socket);
  if (!socket->driver) return forget_peer(fd.get());
  if (!socket->watch.open(std::move(fd))) return;  // out of memory or of the user's watches
  sockets.insert(socket);
  socket->wait_readable();
}

// --- after each event
// ---------------------------------------------------------------------------------------------------------

void Front::State::wake(std::shared_ptr<Socket> socket) {
  woken.push_back(std::move(socket));
  if (std::exchange(drain_posted, true)) return;
  asio::post(loop, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->drain();
  });
}

void Front::State::drain() {
  drain_posted = false;
  engine.flush();
  for (const auto& socket : std::exchange(woken, {})) {
    socket->woken = false;
    if (socket->driver) socket->service();
  }
}

// --- those outside
// ------------------------------------------------------------------------------------------------------------

/// A handshake step costs as much as hundreds of packets. One a turn of the loop: a tunnel that has something waits
/// for at most one of them, however many knock at once.
void Front::State::queue_outside(std::shared_ptr<Socket> socket) {
  outside.push_back(std::move(socket));
  if (std::exchange(turn_posted, true)) return;
  asio::post(loop, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->take_turn();
  });
}

void Front::State::take_turn() {
  turn_posted = false;
  if (closing || outside.empty()) return;
  const auto socket = std::move(outside.front());
  outside.pop_front();
  if (!outside.empty()) {
    turn_posted = true;
    asio::post(loop, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->take_turn();
    });
  }
  if (socket->driver) socket->on_readable();
}

// --- the TUN
// ------------------------------------------------------------------------------------------------------------------

void Front::State::read_tun() {
  tun->async_wait(stream_descriptor::wait_read, [weak = weak_from_this(), queue = tun.get()](error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->closing || self->tun.get() != queue) return;
    for (int turn = 0; turn < kFramesPerEvent; ++turn) {
      const ssize_t size = ::read(queue->native_handle(), self->frame.data(), self->frame.size());
      if (size > 0) {
        self->engine.on_frame(std::span(self->frame).first(static_cast<std::size_t>(size)));
        continue;
      }
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
      return self->lose_tun(size < 0 ? errno : EIO);
    }
    self->read_tun();
  });
}

void Front::State::write_tun(std::span<const std::byte> bytes) {
  // A queue that takes nothing loses the packet, as any full link does.
  if (tun) static_cast<void>(!::write(tun->native_handle(), bytes.data(), bytes.size()));
}

void Front::State::lose_tun(int error) {
  parts.log.event(kTunLost, {{"path", parts.path_name}, {"error", strerror(error)}});
  tun.reset();
}

Front::Front(asio::io_context& loop, Engine::Parts parts, std::function<void()> on_abandoned, Bars bar)
    : state_(std::make_shared<State>(loop, std::move(parts), std::move(on_abandoned), std::move(bar))) {}

Front::~Front() {
  state_->closing = true;
  for (State::Listener& listener : state_->listeners) {
    state_->parts.timers.cancel(listener.rest);
    error_code ignored;
    listener.descriptor.close(ignored);
  }
  state_->datagrams.clear();
  const auto open = state_->sockets;
  for (const auto& socket : open) socket->end();
  state_->woken.clear();
  state_->outside.clear();
  state_->tun.reset();
}

void Front::listen(run::Fd listener) {
  auto& added = state_->listeners.emplace_back(state_->loop);
  added.descriptor.assign(listener.release());
  state_->accept(added);
}

void Front::take_datagrams(run::Fd socket) {
  const Engine::Parts& parts = state_->parts;
  SEKISHO_ASSERT(parts.dtls != nullptr);
  state_->datagrams.emplace_back(state_->loop, std::move(socket),
                                 DatagramDoor::Parts{.clock = parts.clock,
                                                     .timers = parts.timers,
                                                     .entropy = parts.entropy,
                                                     .log = parts.log,
                                                     .dtls = *parts.dtls,
                                                     .path_name = parts.path_name,
                                                     .limits = parts.limits},
                                 state_->engine);
}

void Front::set_tun(run::Fd queue, std::string_view device) {
  state_->tun.reset();
  state_->tun = std::make_unique<stream_descriptor>(state_->loop);
  error_code failed;
  state_->tun->assign(queue.get(), failed);
  if (!failed) {
    static_cast<void>(queue.release());
    state_->tun->non_blocking(true, failed);
  }
  if (failed) return state_->lose_tun(failed.value());
  state_->parts.log.event(kTunThere, {{"path", state_->parts.path_name}, {"device", device}});
  state_->read_tun();
}

Engine& Front::engine() {
  return state_->engine;
}

}  // namespace sekisho::front
