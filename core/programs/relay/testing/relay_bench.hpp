// A loop with an entrance, a gatekeeper's link that keeps what it is told, and guests over socket pairs; for tests.
// Threads: one, and the recordings'. Waits for what it is told to wait for, at most 5 s of real time.
#pragma once
#include "audit/testing/memory_disk.hpp"
#include "base/log.hpp"
#include "programs/relay/recording_thread.hpp"
#include "programs/relay/screen_desk.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::relay::testing {

namespace asio = boost::asio;
using asio::ip::tcp;

struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override {  // through the codec, as every link does
    auto packet = seam::encode(message);
    ASSERT_TRUE(packet);
    auto copy = seam::decode(packet->bytes());
    ASSERT_TRUE(copy);
    sent.push_back(std::move(*copy));
    if (on_send) on_send(sent.back());
  }
  void send_with_fd(const seam::Message&, int) override { FAIL(); }
  void close() override {}
  template <class T>
  [[nodiscard]] const T* last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const auto* found = std::get_if<T>(&*it)) return found;
    }
    return nullptr;
  }
  std::vector<seam::Message> sent;
  std::function<void(const seam::Message&)> on_send;
};

/// Guests over socket pairs: the test holds the other end.
struct FakeSource final : ScreenSource {
  explicit FakeSource(run::Timers& the_timers) : timers(the_timers) {}
  void open(ScreenTarget target, std::function<void(Result<run::Fd>)> done) override {
    targets.push_back(std::move(target));
    if (silent) return waiting.push_back(std::move(done));
    if (!refuses.empty()) return timers.post([done = std::move(done), code = refuses] { done(fail(code, "no")); });
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    guests.emplace_back(ends[0]);
    timers.post([done = std::move(done), fd = ends[1]] { done(run::Fd(fd)); });
  }
  void thumbnail(ScreenTarget target, std::function<void(Result<std::string>)> done) override {
    targets.push_back(std::move(target));
    timers.post([done = std::move(done), png = picture, code = refuses] {
      png.empty() ? done(fail(code.empty() ? "console.unreachable" : code)) : done(std::string(png));
    });
  }
  run::Timers& timers;
  std::vector<ScreenTarget> targets;
  std::vector<run::Fd> guests;
  std::vector<std::function<void(Result<run::Fd>)>> waiting;
  std::string picture, refuses;  ///< refuses: the code that it fails with
  bool silent = false;
};

inline constexpr const char* kZone = "internet_business";  ///< of the bench's path

class RelayBench : public ::testing::Test {
 protected:
  explicit RelayBench(PageLimits page_limits = {}, DeskLimits desk_limits = DeskLimits({kZone}),
                      std::shared_ptr<PageTls> tls = {})
      : log(make_log(
            {.program = "relay_pages_test", .lowest = Level::critical, .now = [this] { return clock.now(); }})) {
    static_files["index.html"] = {"text/html; charset=utf-8", "<!doctype html>", true, false};
    tcp::acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = acceptor.local_endpoint().port();
    host = "127.0.0.1:" + std::to_string(port);
    origin = (tls ? "https://" : "http://") + host;
    pages = std::make_unique<screens::Pages>(seam::Place::console, origin, static_files);
    auto memory = std::make_unique<audit::MemoryDisk>();
    disk = memory.get();
    desk = std::make_unique<ScreenDesk>(loop, clock, timers, entropy, *log, source,
                                        on_a_thread(std::move(memory), clock, timers), desk_limits);
    desk->serve(*pages);
    desk->set_link(&link);
    server = std::make_unique<PageServer>(loop, clock, timers, *pages, *desk, std::move(tls), page_limits);
    server->listen(run::Fd(::dup(acceptor.native_handle())));
  }

  void until(const std::function<bool()>& done, const char* what = "") {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited 5 s " << what;
      loop.run_one_for(std::chrono::milliseconds(10));
      loop.restart();
    }
  }
  tcp::socket browser() {
    tcp::socket socket(loop);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    socket.non_blocking(true);
    return socket;
  }
  static void say(tcp::socket& socket, std::string_view text) {
    boost::system::error_code error;
    socket.write_some(asio::buffer(text.data(), text.size()), error);
  }
  /// Reads what is there; false when the peer has closed.
  static bool hear(tcp::socket& socket, std::string& into) {
    char buffer[65536];
    boost::system::error_code error;
    const std::size_t size = socket.read_some(asio::buffer(buffer), error);
    into.append(buffer, size);
    return !error || error == asio::error::would_block;
  }
  /// One answer with its body.
  std::string answer(tcp::socket& socket) {
    std::string out;
    until(
        [&] {
          const bool open = hear(socket, out);
          const std::size_t head = out.find("\r\n\r\n");
          if (head == std::string::npos) return !open;
          const std::size_t length = out.find("Content-Length: ");
          if (length == std::string::npos || length > head) return true;
          return out.size() >= head + 4 + std::stoul(out.substr(length + 16)) || !open;
        },
        "for an answer");
    return out;
  }
  [[nodiscard]] std::string get(const std::string& path) const {
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
  }
  [[nodiscard]] std::string post(const std::string& path, const std::string& body = "") const {
    return "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  [[nodiscard]] std::string upgrade() const {
    return "GET /ws/console HTTP/1.1\r\nHost: " + host + "\r\nOrigin: " + origin +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary, sekisho.ticket." +
           std::string(43, 'q') + "\r\n\r\n";
  }
  void gate_says(seam::Message message) { desk->on_message(message); }
  /// The newest question, once it has come.
  const seam::ConsoleRequest* asked() {
    const auto count = [&] {
      return static_cast<std::size_t>(std::count_if(link.sent.begin(), link.sent.end(), [](const auto& message) {
        return std::holds_alternative<seam::ConsoleRequest>(message);
      }));
    };
    until([&] { return count() > questions; }, "for a question");
    questions = count();
    return link.last<seam::ConsoleRequest>();
  }

  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  run::KernelEntropy entropy;
  std::unique_ptr<Log> log;
  FakeLink link;
  FakeSource source{timers};
  screens::StaticFiles static_files;
  std::unique_ptr<screens::Pages> pages;
  audit::MemoryDisk* disk = nullptr;
  std::unique_ptr<ScreenDesk> desk;
  std::unique_ptr<PageServer> server;
  std::uint16_t port = 0;
  std::string host, origin;
  std::size_t questions = 0;
};

}  // namespace sekisho::relay::testing
