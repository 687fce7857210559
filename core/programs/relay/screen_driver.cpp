#include "programs/relay/screen_driver.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/socket_base.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Stream = asio::generic::stream_protocol::socket;
constexpr Seconds kLastWords{5};

/// Family and protocol of a descriptor, as Asio wants them.
asio::generic::stream_protocol protocol_of(int fd) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  const bool known = ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  return {known ? static_cast<int>(at.ss_family) : AF_UNIX, 0};
}

}  // namespace

struct ScreenDriver::Inside : std::enable_shared_from_this<ScreenDriver::Inside> {
  Inside(std::uint64_t n, const run::Clock& c, run::Timers& t, BrowserSocket b, screens::ScreenOptions options,
         std::shared_ptr<screens::Tape> tape, Buffer shared, Observer& o)
      : console(n),
        clock(c),
        timers(t),
        browser(std::move(b)),
        guest(browser.tcp().get_executor()),
        screen(std::move(options), std::move(tape), c.now()),
        buffer(std::move(shared)),
        observer(&o) {}

  const std::uint64_t console;
  const run::Clock& clock;
  run::Timers& timers;
  BrowserSocket browser;
  Stream guest;
  screens::Screen screen;
  const Buffer buffer;
  Observer* observer;
  std::string greeting;                       // of the WebSocket, before everything else; what is left of it
  rfb::Bytes left_of_browser, left_of_guest;  // read, not yet taken
  bool browser_reads = false, browser_writes = false, guest_reads = false, guest_writes = false;  // waits in flight
  bool told_end = false, closed = false, lingers = false;
  run::Timers::Id timer = 0;
  Instant timer_at{};
  std::optional<Instant> used_at;
  std::uint64_t inputs = 0;  // that the observer was told of

  void close_all() {
    closed = true;
    error_code ignored;
    browser.close();
    guest.close(ignored);
    timers.cancel(std::exchange(timer, 0));
  }

  void go_on() {
    if (closed) return;
    hand_in();
    tell();
    write();
    if (closed) return;
    if (screen.done() && greeting.empty() && said_all()) return close_all();
    wait();
    arm();
  }

  /// The last words have left, or their time is over.
  bool said_all() {
    error_code error;
    if (browser.flush(error) || error) return true;
    if (std::exchange(lingers, true)) return false;
    timers.at(clock.now() + kLastWords, [self = shared_from_this()] {
      if (!self->closed) self->close_all();
    });
    return false;
  }

  /// What was read and found no room then.
  void hand_in() {
    const Instant now = clock.now();
    const auto take = [](rfb::Bytes& left, auto feed) {
      while (!left.empty()) {
        const std::size_t taken = feed(rfb::View(left));
        if (taken == 0) return;
        left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(taken));
      }
    };
    take(left_of_browser, [&](rfb::View in) { return screen.from_browser(in, now); });
    take(left_of_guest, [&](rfb::View in) { return screen.from_guest(in, now); });
  }

  void tell() {
    const auto notices = screen.take_notices();
    if (!notices.empty() && observer != nullptr) observer->on_notices(console, notices);
    if (screen.inputs() != inputs && observer != nullptr && (!used_at || clock.now() >= *used_at + kUsedEvery)) {
      inputs = screen.inputs();
      used_at = clock.now();
      observer->on_used(console);
    }
    if (!screen.ended()) return;
    if (guest.is_open()) {
      error_code ignored;
      guest.close(ignored);
      rfb::Bytes().swap(left_of_guest);
    }
    if (std::exchange(told_end, true) || observer == nullptr) return;
    std::exchange(observer, nullptr)
        ->on_ended(console, screen.why(), screen.bytes_from_browser(), screen.bytes_from_guest());
  }

  /// As much as the sockets take; a socket that takes nothing is waited for.
  void write() {
    const Instant now = clock.now();
    while (!browser_writes) {
      const rfb::View out = greeting.empty() ? screen.to_browser() : std::as_bytes(std::span(greeting));
      if (out.empty()) break;
      error_code error;
      const std::size_t sent = browser.write_some(out, error);
      if (error == asio::error::would_block) {
        wait_for(browser.tcp(), asio::socket_base::wait_write, browser_writes);
      } else if (error) {
        greeting.clear();
        screen.browser_gone(now);
        break;
      } else if (!greeting.empty()) {
        greeting.erase(0, sent);
      } else {
        screen.sent_to_browser(sent, now);
      }
    }
    if (error_code error; !browser_writes && !browser.flush(error)) {
      // Ciphertext of what the screen believes to have left; a socket that is gone is seen at its next read.
      if (!error) wait_for(browser.tcp(), asio::socket_base::wait_write, browser_writes);
    }
    while (!guest_writes && guest.is_open() && !screen.ended() && !screen.to_guest().empty()) {
      error_code error;
      const rfb::View out = screen.to_guest();
      const std::size_t sent = guest.write_some(asio::buffer(out.data(), out.size()), error);
      if (error == asio::error::would_block) {
        wait_for(guest, asio::socket_base::wait_write, guest_writes);
      } else if (error) {
        screen.guest_gone(now);
      } else {
        screen.sent_to_guest(sent, now);
      }
    }
    tell();
  }

  void wait() {
    if (!browser_reads && left_of_browser.empty() && screen.room_from_browser() != 0) {
      wait_for(browser.tcp(), asio::socket_base::wait_read, browser_reads);
    }
    if (!guest_reads && guest.is_open() && left_of_guest.empty() && screen.room_from_guest() != 0) {
      wait_for(guest, asio::socket_base::wait_read, guest_reads);
    }
  }
  template <class Socket>
  void wait_for(Socket& socket, asio::socket_base::wait_type what, bool& waits) {
    waits = true;
    socket.async_wait(what, [self = shared_from_this(), what, &waits](error_code error) {
      waits = false;
      if (self->closed || error == asio::error::operation_aborted) return;
      const bool of_browser = &waits == &self->browser_reads || &waits == &self->browser_writes;
      if (what == asio::socket_base::wait_read) of_browser ? self->read_browser() : self->read_guest();
      self->go_on();
    });
  }
  void read_browser() {
    const std::size_t room = std::min(screen.room_from_browser(), kBuffer);
    if (room == 0 || !left_of_browser.empty()) return;
    error_code error;
    const std::size_t size = browser.read_some(*buffer, room, error);
    if (error == asio::error::would_block) return;
    if (error) return screen.browser_gone(clock.now());
    const rfb::View in = rfb::View(*buffer).first(size);
    const std::size_t taken = screen.from_browser(in, clock.now());
    rfb::put(left_of_browser, in.subspan(taken));
  }
  void read_guest() {
    const std::size_t room = std::min(screen.room_from_guest(), kBuffer);
    if (room == 0 || !left_of_guest.empty() || !guest.is_open()) return;
    error_code error;
    const std::size_t size = guest.read_some(asio::buffer(buffer->data(), room), error);
    if (error == asio::error::would_block) return;
    if (error) return screen.guest_gone(clock.now());
    const rfb::View in = rfb::View(*buffer).first(size);
    const std::size_t taken = screen.from_guest(in, clock.now());
    rfb::put(left_of_guest, in.subspan(taken));
  }

  void arm() {
    const auto due = screen.next_deadline();
    if (!due || (timer != 0 && timer_at <= *due)) return;  // a timer that comes early looks again
    timers.cancel(timer);
    timer_at = *due;
    timer = timers.at(*due, [self = shared_from_this()] {
      self->timer = 0;
      if (self->closed) return;
      self->screen.tick(self->clock.now());
      self->go_on();
    });
  }
};

std::shared_ptr<ScreenDriver> ScreenDriver::start(std::uint64_t console, const run::Clock& clock, run::Timers& timers,
                                                  BrowserSocket browser, run::Fd guest, screens::ScreenOptions options,
                                                  std::shared_ptr<screens::Tape> tape, std::string greeting,
                                                  std::vector<std::byte> first, Buffer buffer, Observer& observer) {
  auto inside = std::make_shared<Inside>(console, clock, timers, std::move(browser), std::move(options),
                                         std::move(tape), std::move(buffer), observer);
  inside->greeting = std::move(greeting);
  error_code error;
  inside->guest.assign(protocol_of(guest.get()), guest.get(), error);
  if (!error) static_cast<void>(guest.release());
  if (!error) inside->guest.non_blocking(true, error);
  if (error) inside->screen.guest_gone(clock.now());
  inside->left_of_browser = std::move(first);
  std::shared_ptr<ScreenDriver> out(new ScreenDriver(inside));
  timers.post([inside] { inside->go_on(); });
  return out;
}

void ScreenDriver::end(std::string_view code) {
  if (inside_->closed) return;
  inside_->screen.end(code, inside_->clock.now());
  inside_->go_on();
}

void ScreenDriver::drop() {
  inside_->observer = nullptr;
  inside_->close_all();
}

void ScreenDriver::look() {
  if (inside_->closed) return;
  inside_->screen.tick(inside_->clock.now());
  inside_->go_on();
}

}  // namespace sekisho::relay
