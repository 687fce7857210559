#include "console_modes.hpp"
#include "console_picture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

namespace sekisho::bench {
namespace {

constexpr std::string_view kVersion = "RFB 003.008\n";

/// One viewer's screen.
struct Connection {
  explicit Connection(int the_fd) : fd(the_fd) { rfb::put(out, kVersion); }
  ~Connection() { close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd;
  Bytes heard;   // of the handshake
  int step = 0;  // version, security type, shared, messages
  Bytes out;     // waiting, from `sent` on
  std::size_t sent = 0;
  View bulk;  // waiting behind it, not copied
  RequestReader reader;
  RequestReader::Asked asked;
  Painter painter;
  std::uint64_t due = 0;  // ns; 0: nothing was shown yet
};

class Guest {
 public:
  explicit Guest(const GuestOptions& options)
      : period_(options.rate > 0 ? static_cast<std::uint64_t>(1e9 / options.rate) : 0) {}

  int run(std::uint16_t port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&at), size) != 0 || listen(listener_, 256) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      std::perror("bench-console guest");
      return 1;
    }
    std::printf("{\"port\": %u}\n", ntohs(at.sin_port));
    std::fflush(stdout);
    while (look()) {
    }
    std::printf("{\"connections\": %zu, \"updates\": %llu, \"late\": %llu}\n", connections_,
                static_cast<unsigned long long>(updates_), static_cast<unsigned long long>(late_));
    close(listener_);
    return 0;
  }

 private:
  /// One wait; false at the end of stdin.
  bool look() {
    std::vector<pollfd> wanted{{0, POLLIN, 0}, {listener_, POLLIN, 0}};
    std::uint64_t next = ~std::uint64_t{0};
    for (const auto& one : all_) {
      const bool waiting = one->sent < one->out.size() || !one->bulk.empty();
      wanted.push_back({one->fd, static_cast<short>(waiting ? POLLIN | POLLOUT : POLLIN), 0});
      if (one->due != 0) next = std::min(next, one->due);
    }
    const std::uint64_t now = monotonic_ns();
    timespec wait{1, 0};
    if (next <= now) {
      wait = {};
    } else if (next - now < 1'000'000'000U) {
      wait = {0, static_cast<long>(next - now)};
    }
    if (ppoll(wanted.data(), wanted.size(), &wait, nullptr) < 0 && errno != EINTR) return false;
    if (wanted[0].revents != 0) {
      char byte = 0;
      if (read(0, &byte, 1) <= 0) return false;
    }
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const bool keep = (wanted[i + 2].revents == 0 || hear(*all_[i])) && draw(*all_[i]) && write(*all_[i]);
      if (!keep) all_[i].reset();
    }
    std::erase_if(all_, [](const auto& one) { return !one; });
    if (wanted[1].revents != 0) arrive();
    return true;
  }

  void arrive() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    all_.push_back(std::make_unique<Connection>(fd));
    ++connections_;
    write(*all_.back());
  }

  bool hear(Connection& one) {
    std::array<std::byte, 16384> buffer;
    const ssize_t size = recv(one.fd, buffer.data(), buffer.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    View in = View(buffer).first(static_cast<std::size_t>(size));
    while (one.step < 3 && !in.empty()) {
      const std::size_t wanted = one.step == 0 ? kVersion.size() : 1;
      one.heard.push_back(in.front());
      in = in.subspan(1);
      if (one.heard.size() < wanted) continue;
      one.heard.clear();
      answer(one);
    }
    return one.reader.feed(in, one.asked);
  }
  static void answer(Connection& one) {
    if (one.step == 0) {
      rfb::put16(one.out, 0x0101);  // one security type: none
    } else if (one.step == 1) {
      rfb::put32(one.out, 0);  // well
    } else {
      rfb::put16(one.out, kScreen.width);
      rfb::put16(one.out, kScreen.height);
      const auto format = rfb::pixel_format(rfb::PixelOrder::bgrx);
      rfb::put(one.out, std::as_bytes(std::span(format)));
      rfb::put32(one.out, 5);
      rfb::put(one.out, std::string_view("bench"));
    }
    ++one.step;
  }

  /// What is due and was asked for.
  bool draw(Connection& one) {
    if (one.step < 3) return true;
    if (period_ == 0) {
      if (one.asked.whole + one.asked.changes != 0 && one.bulk.empty()) {
        one.asked = {};
        one.bulk = Painter::bulk();
        ++updates_;
      }
      return true;
    }
    const std::uint64_t now = monotonic_ns();
    if (one.asked.whole != 0) {
      one.asked = {};
      one.painter.whole(one.out, now);
      ++updates_;
      // Not all at once: the first change of each connection comes at a moment of its own.
      if (one.due == 0) one.due = now + period_ / 2 + period_ * (connections_ * 7 % 16) / 16;
    }
    if (one.due == 0 || now < one.due) return true;
    if (one.asked.changes == 0) {
      if (one.painter.drawn() > 1) ++late_;  // before the first one nobody has begun
    } else {
      one.asked = {};
      one.painter.part(one.out, now);
      ++updates_;
    }
    one.due = std::max(one.due + period_, now);
    return true;
  }

  static bool write(Connection& one) {
    while (one.sent < one.out.size() || !one.bulk.empty()) {
      const bool own = one.sent < one.out.size();
      const View piece = own ? View(one.out).subspan(one.sent) : one.bulk;
      const ssize_t size = send(one.fd, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      if (own) {
        one.sent += static_cast<std::size_t>(size);
      } else {
        one.bulk = one.bulk.subspan(static_cast<std::size_t>(size));
      }
    }
    one.out.clear();
    one.sent = 0;
    return true;
  }

  const std::uint64_t period_;
  int listener_ = -1;
  std::vector<std::unique_ptr<Connection>> all_;
  std::size_t connections_ = 0;
  std::uint64_t updates_ = 0, late_ = 0;
};

}  // namespace

int run_guest(const GuestOptions& options) {
  return Guest(options).run(options.port);
}

}  // namespace sekisho::bench
