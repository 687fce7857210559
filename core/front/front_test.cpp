// The front on real sockets of the loopback; a pair of packet sockets stands for the TUN queue.
#include "front/front.hpp"

#include "front/testing/engine_lab.hpp"
#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <optional>
#include <stdexcept>

namespace sekisho::front::testing {
namespace {

using datapath::make_packet;

/// A TLS client on a socket that never blocks.
struct Person {
  Person(std::uint16_t port, Keys::Who who) : context(Keys::get().client_context(who)), channel(context, pool) {
    socket = run::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) throw std::runtime_error("connect");
    fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    channel.start();
  }
  void poll(std::size_t most = 65536) {
    if (gone) return;
    std::array<std::byte, 65536> buffer{};
    std::array<std::byte, 16384> plain{};
    const ssize_t got = ::recv(socket.get(), buffer.data(), std::min(most, buffer.size()), 0);
    gone = got == 0 || (got < 0 && errno != EAGAIN);
    if (got > 0) {
      channel.feed(std::span(buffer).first(static_cast<std::size_t>(got)));
      for (auto size = channel.read_plain(plain); size && *size > 0; size = channel.read_plain(plain)) {
        heard += text_of(std::span(plain).first(*size));
      }
    }
    if (channel.state() == tls::ChannelState::open) {
      for (const Bytes& record : std::exchange(unsent, {})) static_cast<void>(channel.write_record(record));
    }
    while (!channel.output().empty()) {
      const auto out = channel.output();
      const ssize_t sent = ::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      channel.consume_output(static_cast<std::size_t>(sent));
    }
    gone = gone || channel.state() == tls::ChannelState::closed;
    if (gone) socket.reset();
  }
  void say(std::span<const std::byte> bytes) { unsent.emplace_back(bytes.begin(), bytes.end()); }
  void say(std::string_view text) { say(bytes_of(text)); }

  tls::BufferPool pool;
  tls::TlsClientContext context;
  tls::TlsChannel channel;
  run::Fd socket;
  std::vector<Bytes> unsent;
  std::string heard;
  bool gone = false;
};

/// A DTLS client on a socket that never blocks.
struct DatagramPerson {
  explicit DatagramPerson(std::uint16_t port)
      : context(Keys::get().datagram_client_context(Keys::Who::mori)), channel(context, pool) {
    socket = run::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) throw std::runtime_error("connect");
    channel.start();
  }
  void poll() {
    std::array<std::byte, 65536> buffer{};
    std::array<std::byte, 16384> plain{};
    for (ssize_t got; (got = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      sizes.push_back(static_cast<std::size_t>(got));
      channel.feed(std::span(buffer).first(static_cast<std::size_t>(got)));
      for (auto size = channel.read_plain(plain); size && *size > 0; size = channel.read_plain(plain)) {
        heard += text_of(std::span(plain).first(*size));
      }
    }
    if (channel.state() == tls::ChannelState::open) {
      for (const Bytes& record : std::exchange(unsent, {})) static_cast<void>(channel.write_record(record));
    }
    auto out = channel.output();
    for (const std::uint16_t size : channel.datagram_sizes()) {
      static_cast<void>(::send(socket.get(), out.data(), size, 0));
      out = out.subspan(size);
    }
    channel.consume_output(channel.output().size());
  }
  void say(std::span<const std::byte> bytes) { unsent.emplace_back(bytes.begin(), bytes.end()); }

  tls::BufferPool pool;
  tls::DtlsClientContext context;
  tls::DtlsChannel channel;
  run::Fd socket;
  std::vector<Bytes> unsent;
  std::vector<std::size_t> sizes;  ///< of datagrams that came
  std::string heard;
};

class FrontOnSockets : public ::testing::Test, private seam::Link::Handler {
 protected:
  FrontOnSockets() {
    listener = run::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size);
    getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    gate.answer = [](GateRequest& request) -> std::optional<GateReply> {
      if (std::holds_alternative<ResumeSession>(request)) return Resumed{view_of()};
      return Granted{Secret("c"), view_of().session, SessionState::admitted};
    };
    links = run::testing::make_memory_links(timers, *this, gate);
    gate.link = links.second.get();
    front->engine().set_gate(links.first.get());
  }
  ~FrontOnSockets() override {
    if (front) front->engine().set_gate(nullptr);
    front.reset();
  }
  void open() {
    ASSERT_EQ(::listen(listener.get(), 64), 0);
    front->listen(run::Fd(::dup(listener.get())));
  }
  void until(const std::function<bool()>& done, const char* what) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > limit) throw std::runtime_error(what);
      turn();
    }
  }
  void turn() {
    loop.restart();
    loop.run_for(std::chrono::milliseconds(1));
    for (Person* person : people) person->poll();
  }
  /// Opens a UDP socket of the front; its port.
  std::uint16_t open_datagrams() {
    run::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(at);
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    front->take_datagrams(std::move(socket));
    return ntohs(at.sin_port);
  }
  /// Hands over one end of a packet pair as the TUN; returns the inside's end.
  run::Fd give_tun() {
    std::array<int, 2> pair{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()), 0);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    front->set_tun(run::Fd(pair[1]), "sekisho0");
    return run::Fd(pair[0]);
  }
  static Bytes framed_down() {
    const Bytes packet = make_packet({.source = "10.202.0.1",
                                      .destination = "10.202.0.10",
                                      .source_port = 5900,
                                      .destination_port = 40'000,
                                      .payload = datapath::text_payload(700)});
    Bytes frame(datapath::kVnetHeaderBytes);
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
  }

  boost::asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  run::KernelEntropy entropy;
  MemoryLog log;
  tls::TlsServerContext server_context = Keys::get().server_context();
  tls::DtlsServerContext datagram_context = Keys::get().datagram_context();
  LinePath path;
  StrictPacketFilter filter;
  ScriptedGate gate;
  run::testing::MemoryLinks links;
  std::unique_ptr<Front> front = std::make_unique<Front>(loop,
                                                         Engine::Parts{.clock = clock,
                                                                       .timers = timers,
                                                                       .entropy = entropy,
                                                                       .log = log,
                                                                       .tls = server_context,
                                                                       .path = path,
                                                                       .filter = filter,
                                                                       .path_name = "internet",
                                                                       .dtls = &datagram_context},
                                                         [] {});
  run::Fd listener;
  std::uint16_t port = 0;
  std::vector<Person*> people;

 private:
  void on_message(seam::Message message, int) override { front->engine().on_gate_message(std::move(message)); }
  void on_closed(std::string_view) override {}
};

TEST_F(FrontOnSockets, ALongAnswerReachesASlowReaderWhole) {
  const int small = 4096;  // accepted sockets inherit it: the answer does not fit
  setsockopt(listener.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  open();
  Person slow(port, Keys::Who::mori);
  people = {&slow};
  slow.say("say 120000\n");
  until([&] { return slow.channel.state() == tls::ChannelState::open && slow.unsent.empty(); }, "asked");
  people.clear();
  for (int i = 0; i < 20; ++i) turn();  // nobody reads
  until(
      [&] {
        slow.poll(1000);
        return slow.heard.size() == 120'000;
      },
      "120,000 bytes");
  EXPECT_EQ(slow.heard, std::string(120'000, 's'));
}

TEST_F(FrontOnSockets, GoodbyeComesWithEverythingThatWasSaidBefore) {
  open();
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("say 50000\nbye\n");
  until([&] { return client.gone; }, "the end");
  EXPECT_EQ(client.heard, std::string(50'000, 's') + "bye\n");
  until([&] { return front->engine().connections() == 0; }, "nothing left");
}

TEST_F(FrontOnSockets, AListenerThatListensLaterIsServedThen) {
  front->listen(run::Fd(::dup(listener.get())));
  for (int i = 0; i < 20; ++i) turn();
  EXPECT_FALSE(log.has("front.accept_paused")) << "waiting for the network is no fault";
  ASSERT_EQ(::listen(listener.get(), 64), 0);
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("hello\n");
  until([&] { return client.heard == "hi\n"; }, "an answer");
}

TEST_F(FrontOnSockets, WithoutDescriptorsNewcomersWaitAndThoseInsideGoOn) {
  open();
  Person inside(port, Keys::Who::mori);
  people = {&inside};
  inside.say("hello\n");
  until([&] { return inside.heard == "hi\n"; }, "the first");
  auto newcomer = std::make_unique<Person>(port, Keys::Who::mori);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int next = ::dup(0);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  people.push_back(newcomer.get());
  newcomer->say("hello\n");
  const auto served = [&] { return newcomer->heard == "hi\n"; };
  until([&] { return log.has("front.accept_paused") || served(); }, "the pause");
  EXPECT_FALSE(served());
  inside.say("hello\n");
  until([&] { return inside.heard == "hi\nhi\n"; }, "those inside");
  setrlimit(RLIMIT_NOFILE, &before);
  until(served, "the newcomer, later");
}

TEST_F(FrontOnSockets, AnOpeningThatLedToNothingIsResetAndWhoSaidGoodbyeIsNot) {
  const auto knock = [&] {
    run::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    return fd;
  };
  /// 0: closed in order; otherwise errno of the end.
  const auto end_of = [&](const run::Fd& fd) {
    std::optional<int> out;
    until(
        [&] {
          char byte = 0;
          const ssize_t got = ::recv(fd.get(), &byte, 1, 0);
          if (got == 0) out = 0;
          if (got < 0 && errno != EAGAIN) out = errno;
          return out.has_value();
        },
        "its end");
    return *out;
  };
  open();
  std::vector<run::Fd> slow;
  for (std::size_t i = 0; i < FrontLimits{}.unknown_per_ipv4; ++i) slow.push_back(knock());
  until([&] { return front->engine().unknown() == slow.size(); }, "all of them");
  EXPECT_EQ(end_of(knock()), ECONNRESET) << "one more than an address may have";
  slow.clear();
  until([&] { return front->engine().unknown() == 0; }, "none of them");
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("bye\n");
  until([&] { return client.gone; }, "the end");
  EXPECT_EQ(client.heard, "bye\n");
}

TEST_F(FrontOnSockets, PacketsPassThroughTheNewestQueue) {
  open();
  const run::Fd first = give_tun();
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("tunnel\n");
  until([&] { return client.heard == "up\n"; }, "the tunnel");
  client.heard.clear();
  const Bytes down = framed_down();
  ASSERT_GT(::send(first.get(), down.data(), down.size(), 0), 0);
  std::vector<Bytes> heard;
  until([&] { return !(heard = unframe(client.heard)).empty(); }, "a packet outside");
  EXPECT_EQ(heard[0], Bytes(down.begin() + datapath::kVnetHeaderBytes, down.end()));

  const run::Fd second = give_tun();
  std::array<std::byte, 70'000> frame{};
  EXPECT_EQ(::recv(first.get(), frame.data(), frame.size(), 0), 0) << "the older queue is closed";
  client.say(framed(make_packet({})));
  ssize_t size = 0;
  until([&] { return (size = ::recv(second.get(), frame.data(), frame.size(), 0)) > 0; }, "a packet inside");
  EXPECT_EQ(Bytes(frame.begin() + datapath::kVnetHeaderBytes, frame.begin() + size), make_packet({}));
}

TEST_F(FrontOnSockets, APacketForSomebodyInsideWaitsForOneOfManyWhoKnockAtMost) {
  open();
  const run::Fd tun = give_tun();
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("tunnel\n");
  until([&] { return client.heard == "up\n"; }, "the tunnel");
  constexpr std::size_t kCrowd = 18;
  std::list<Person> crowd;
  for (std::size_t i = 0; i < kCrowd; ++i) crowd.emplace_back(port, Keys::Who::nobody);
  until([&] { return front->engine().connections() == kCrowd + 1; }, "the crowd is there");
  for (Person& person : crowd) person.poll();  // sends the ClientHello
  const Bytes down = framed_down();
  ASSERT_GT(::send(tun.get(), down.data(), down.size(), 0), 0);
  client.heard.clear();
  std::size_t answered = 0;
  for (std::string heard; unframe(heard).empty(); heard = client.heard) {
    loop.restart();
    ASSERT_GT(loop.run_one_for(std::chrono::seconds(10)), 0u);
    client.poll();
    std::byte one{};
    answered = static_cast<std::size_t>(std::count_if(crowd.begin(), crowd.end(), [&](const Person& person) {
      return ::recv(person.socket.get(), &one, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    }));
  }
  EXPECT_LE(answered, 1u);
  people.clear();
  until(
      [&] {
        for (Person& person : crowd) person.poll();
        return std::all_of(crowd.begin(), crowd.end(), [](const Person& person) {
          return person.channel.state() == tls::ChannelState::open || person.gone;
        });
      },
      "everybody is answered in the end");
}

TEST_F(FrontOnSockets, ATunThatBreaksIsLeftAndANewOneTaken) {
  open();
  { const run::Fd broken = give_tun(); }
  until([&] { return log.has("front.tun_lost"); }, "the loss");
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("tunnel\n");
  until([&] { return client.heard == "up\n"; }, "the tunnel");
  client.say(framed(make_packet({})));  // into nothing
  until([&] { return client.unsent.empty(); }, "sent");
  const run::Fd queue = give_tun();
  client.say(framed(make_packet({})));
  std::array<std::byte, 70'000> frame{};
  until([&] { return ::recv(queue.get(), frame.data(), frame.size(), 0) > 0; }, "a packet inside");
}

TEST_F(FrontOnSockets, AQueueThatTheLoopCannotWatchIsLeftAndANewOneTaken) {
  open();
  run::Fd closed(::dup(listener.get()));
  ::close(closed.get());
  front->set_tun(std::move(closed), "sekisho0");
  EXPECT_TRUE(log.has("front.tun_lost"));
  const run::Fd queue = give_tun();
  Person client(port, Keys::Who::mori);
  people = {&client};
  client.say("tunnel\n");
  until([&] { return client.heard == "up\n"; }, "the tunnel");
  client.say(framed(make_packet({})));
  std::array<std::byte, 70'000> frame{};
  until([&] { return ::recv(queue.get(), frame.data(), frame.size(), 0) > 0; }, "a packet inside");
}

TEST_F(FrontOnSockets, DatagramsCarryPacketsBothWaysInBursts) {
  const std::uint16_t at = open_datagrams();
  EXPECT_TRUE(log.has("front.datagrams_serving"));
  const run::Fd queue = give_tun();
  DatagramPerson client(at);
  client.say(bytes_of("tunnel\n"));
  until(
      [&] {
        client.poll();
        return client.heard == "up\n";
      },
      "the tunnel");
  client.heard.clear();
  client.sizes.clear();
  const Bytes down = framed_down();
  std::string heard;
  int sent = 0;  // the pair takes about ten at once
  until(
      [&] {
        while (sent < 100 && ::send(queue.get(), down.data(), down.size(), 0) > 0) ++sent;
        client.poll();
        heard = client.heard;
        return unframe(heard).size() == 100;
      },
      "a hundred packets outside");
  EXPECT_LE(*std::max_element(client.sizes.begin(), client.sizes.end()), tls::kLargestDatagram)
      << "whole datagrams, however many left in one call";

  for (int i = 0; i < 100; ++i) client.say(framed(make_packet({})));
  std::size_t bytes = 0;
  std::array<std::byte, 70'000> frame{};
  until(
      [&] {
        client.poll();
        for (ssize_t size; (size = ::recv(queue.get(), frame.data(), frame.size(), 0)) > 0;) {
          bytes += static_cast<std::size_t>(size) - datapath::kVnetHeaderBytes;
        }
        return bytes >= 100 * make_packet({}).size() / 2;
      },
      "packets inside");
}

TEST_F(FrontOnSockets, ADatagramOfAnySizeFromAnybodyIsSurvived) {
  const std::uint16_t at = open_datagrams();
  DatagramPerson stranger(at), client(at);
  for (const std::size_t size : {0, 1, 1500, 20'000, 65'507}) {
    const Bytes bytes(size, std::byte{22});
    static_cast<void>(::send(stranger.socket.get(), bytes.data(), bytes.size(), 0));
  }
  client.say(bytes_of("hello\n"));
  until(
      [&] {
        client.poll();
        return client.heard == "hi\n";
      },
      "an answer");
}

TEST_F(FrontOnSockets, StopsWithPeopleOverDatagramsInside) {
  const std::uint16_t at = open_datagrams();
  DatagramPerson client(at);
  client.say(bytes_of("hello\n"));
  until(
      [&] {
        client.poll();
        return client.heard == "hi\n";
      },
      "an answer");
  links.first.reset();
  front->engine().set_gate(nullptr);
  front.reset();
  EXPECT_EQ(path.notes.gone, 1);
  client.poll();
  turn();
}

TEST_F(FrontOnSockets, StopsWithPeopleInside) {
  open();
  std::vector<std::unique_ptr<Person>> crowd;
  for (int i = 0; i < 10; ++i) {
    crowd.push_back(std::make_unique<Person>(port, Keys::Who::mori));
    crowd.back()->say(i % 2 == 0 ? "hello\n" : "tunnel\n");
    people.push_back(crowd.back().get());
  }
  until([&] { return path.notes.open == 10; }, "ten inside");
  links.first.reset();
  front->engine().set_gate(nullptr);
  front.reset();
  EXPECT_EQ(path.notes.gone, 10);
  until([&] { return std::all_of(crowd.begin(), crowd.end(), [](const auto& one) { return one->gone; }); }, "all gone");
}

}  // namespace
}  // namespace sekisho::front::testing
