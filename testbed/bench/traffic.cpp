// bench-traffic: bytes through a tunnel, up, down and to and fro (README.md).
//
//   bench-traffic server ADDRESS PORT
//   bench-traffic up|down ADDRESS PORT SECONDS [MBIT]     {"bytes", "seconds", "mbit"}
//   bench-traffic echo ADDRESS PORT COUNT INTERVAL_MS     {"n", "p50_ms", "p99_ms", "max_ms"}
//   (--config FILE --path NAME: as the supervisor starts sekisho-relay; serves at the listener it is handed)
//
// A connection's first byte says what it is: 'u' (the server drops what comes and, at its end, answers with the count),
// 'd' (the server sends until the client closes), 'e' (echo).
#include "run/asio_services.hpp"
#include "run/child_control.hpp"
#include "run/clock.hpp"
#include "run/peer_link.hpp"

#include <arpa/inet.h>
#include <boost/asio/io_context.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kChunk = 256 * 1024;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}
double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}
double number(const char* text) {
  return std::strtod(text, nullptr);
}

sockaddr_in address_of(const char* address, const char* port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  if (inet_pton(AF_INET, address, &at.sin_addr) != 1) die(address);
  return at;
}

bool write_all(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// As PCs and servers send; the kernel's own default may be any other.
void send_as_usual(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  constexpr std::string_view kUsual = "cubic";
  if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kUsual.data(), kUsual.size()) != 0) die("cubic");
}

void serve(int fd) {
  send_as_usual(fd);
  std::vector<char> buffer(kChunk);
  char kind = 0;
  if (read(fd, &kind, 1) == 1) {
    std::uint64_t count = 0;
    if (kind == 'u') {
      for (ssize_t n; (n = read(fd, buffer.data(), buffer.size())) > 0;) count += static_cast<std::uint64_t>(n);
      write_all(fd, std::span(reinterpret_cast<const char*>(&count), sizeof(count)));
    } else if (kind == 'd') {
      while (write_all(fd, buffer)) {
      }
    } else if (kind == 'e') {
      for (ssize_t n; (n = read(fd, buffer.data(), buffer.size())) > 0;) {
        if (!write_all(fd, std::span(buffer).first(static_cast<std::size_t>(n)))) break;
      }
    }
  }
  close(fd);
}

[[noreturn]] void accept_for_ever(int listener) {
  while (true) {
    pollfd waiting{listener, POLLIN, 0};
    poll(&waiting, 1, -1);
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) std::thread(serve, fd).detach();
  }
}

int run_server(char** argv) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(listener, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
  const sockaddr_in at = address_of(argv[2], argv[3]);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0 || listen(listener, 64) != 0) die("bind");
  std::puts("serving");
  std::fflush(stdout);
  accept_for_ever(listener);
}

int open_client(char** argv, char kind) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = address_of(argv[2], argv[3]);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) die("connect");
  send_as_usual(fd);
  if (!write_all(fd, std::span(&kind, 1))) die("send");
  return fd;
}

void print_moved(std::uint64_t bytes, double took) {
  std::printf("{\"bytes\": %llu, \"seconds\": %.3f, \"mbit\": %.1f}\n", static_cast<unsigned long long>(bytes), took,
              static_cast<double>(bytes) * 8 / took / 1e6);
}

/// Holds a paced sender or reader to `mbit`; 0: flat out.
void pace(std::uint64_t bytes, Clock::time_point begun, double mbit) {
  if (mbit > 0) {
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                              static_cast<double>(bytes) * 8 / (mbit * 1e6))));
  }
}

int run_up(int argc, char** argv) {
  const double limit = number(argv[4]), mbit = argc > 5 ? number(argv[5]) : 0;
  const int fd = open_client(argv, 'u');
  const std::vector<char> buffer(mbit > 0 ? 32 * 1024 : kChunk);
  const auto begun = Clock::now();
  std::uint64_t sent = 0;
  while (seconds_since(begun) < limit) {
    if (!write_all(fd, buffer)) die("send");
    sent += buffer.size();
    pace(sent, begun, mbit);
  }
  shutdown(fd, SHUT_WR);
  std::uint64_t arrived = 0;  // what counts is what the other side has seen
  if (recv(fd, &arrived, sizeof(arrived), MSG_WAITALL) != sizeof(arrived)) die("the count");
  print_moved(arrived, seconds_since(begun));
  return 0;
}

int run_down(int argc, char** argv) {
  const double limit = number(argv[4]), mbit = argc > 5 ? number(argv[5]) : 0;
  const int fd = open_client(argv, 'd');
  std::vector<char> buffer(mbit > 0 ? 32 * 1024 : kChunk);
  const auto begun = Clock::now();
  std::uint64_t arrived = 0;
  while (seconds_since(begun) < limit) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n <= 0) die("read");
    arrived += static_cast<std::uint64_t>(n);
    pace(arrived, begun, mbit);
  }
  print_moved(arrived, seconds_since(begun));
  return 0;
}

int run_echo(char** argv) {
  const int count = static_cast<int>(number(argv[4]));
  const auto interval = std::chrono::duration<double, std::milli>(number(argv[5]));
  const int fd = open_client(argv, 'e');
  std::vector<double> took;
  auto next = Clock::now();
  for (int n = 0; n < count; ++n) {
    std::this_thread::sleep_until(next);
    next += std::chrono::duration_cast<Clock::duration>(interval);
    const auto begun = Clock::now();
    char byte = 'x';
    if (!write_all(fd, std::span(&byte, 1)) || recv(fd, &byte, 1, 0) != 1) die("echo");
    took.push_back(seconds_since(begun) * 1000);
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
  };
  std::printf("{\"n\": %zu, \"p50_ms\": %.4f, \"p99_ms\": %.4f, \"max_ms\": %.4f}\n", took.size(), at(0.5), at(0.99),
              took.back());
  return 0;
}

/// The supervisor's child "relay:<path>": greets sekishod like the relay and asks it nothing.
class Child final : sekisho::run::ChildControl::Handler, sekisho::seam::Link::Handler {
 public:
  explicit Child(std::string path) : path_(std::move(path)), timers_(loop_, clock_), control_(loop_, *this) {}
  int run() {
    loop_.run();
    return 0;
  }

 private:
  void on_listener(std::string, sekisho::run::Fd fd) override {
    std::thread([listener = fd.release()] { accept_for_ever(listener); }).detach();
  }
  void on_link(std::string, sekisho::run::Fd fd) override {
    sekisho::seam::Link::Handler& own = *this;  // a private base: only here is it visible
    link_ = std::make_unique<sekisho::run::PeerLink>(
        clock_, timers_, sekisho::seam::Hello{sekisho::seam::kVersion, "relay", path_, ""}, "sekishod", "", own);
    link_->start(sekisho::run::open_link(loop_, std::move(fd), link_->inner()));
  }
  void on_complete() override { control_.ready(); }
  void on_supervisor_gone(std::string_view) override { std::_Exit(0); }
  void on_message(sekisho::seam::Message, int fd) override { sekisho::run::Fd unwanted(fd); }
  void on_closed(std::string_view) override {}

  std::string path_;
  boost::asio::io_context loop_{1};
  sekisho::run::GateClock clock_;
  sekisho::run::AsioTimers timers_;
  std::unique_ptr<sekisho::run::PeerLink> link_;
  sekisho::run::ChildControl control_;
};

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (argc == 5 && mode == "--config") return Child(argv[4]).run();
  if (argc == 4 && mode == "server") return run_server(argv);
  if ((argc == 5 || argc == 6) && mode == "up") return run_up(argc, argv);
  if ((argc == 5 || argc == 6) && mode == "down") return run_down(argc, argv);
  if (argc == 6 && mode == "echo") return run_echo(argv);
  std::fputs("usage: bench-traffic server|up|down|echo ADDRESS PORT … (README.md)\n", stderr);
  return 2;
}
