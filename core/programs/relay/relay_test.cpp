#include "programs/relay/relay.hpp"

#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

struct FakeLink final : seam::Link {
  void send(const seam::Message& message) override {  // through the codec, as every link does
    auto packet = seam::encode(message);
    ASSERT_TRUE(packet);
    auto copy = seam::decode(packet->bytes());
    ASSERT_TRUE(copy);
    sent.push_back(std::move(*copy));
  }
  void send_with_fd(const seam::Message&, int) override { FAIL(); }
  void close() override {}
  template <class T>
  std::vector<T> of() const {
    std::vector<T> out;
    for (const auto& message : sent) {
      if (const auto* found = std::get_if<T>(&message)) out.push_back(*found);
    }
    return out;
  }
  std::vector<seam::Message> sent;
};

class RelayTest : public ::testing::Test {
 protected:
  RelayTest() {
    tcp::acceptor entrance(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = entrance.local_endpoint().port();
    relay.listen(run::Fd(::dup(entrance.native_handle())));
    relay.set_link(&link);
  }

  /// Runs the loop until `done`, at most 5 s of real time.
  void until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited 5 s";
      loop.run_one_for(std::chrono::milliseconds(20));
      loop.restart();
    }
  }

  tcp::socket viewer() {
    tcp::socket socket(loop);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    socket.non_blocking(true);
    return socket;
  }

  std::string read(tcp::socket& socket, std::size_t size) {
    std::string out(size, '\0');
    std::size_t have = 0;
    until([&] {
      boost::system::error_code error;
      have += socket.read_some(asio::buffer(out.data() + have, size - have), error);
      return have == size || (error && error != asio::error::would_block);
    });
    out.resize(have);
    return out;
  }

  bool closed(tcp::socket& socket) {
    std::array<char, 16> buffer{};
    boost::system::error_code error;
    socket.read_some(asio::buffer(buffer), error);
    return error && error != asio::error::would_block;
  }

  seam::EntranceGrant grant(std::uint64_t number, std::uint16_t desktop_port, std::string session = "S1") {
    seam::EntranceGrant out;
    out.number = number;
    out.ok = true;
    out.session = std::move(session);
    out.desktop = "vdi-01";
    out.address = "127.0.0.1";
    out.port = desktop_port;
    return out;
  }

  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  FakeLink link;
  Relay relay{loop, clock, timers};
  std::uint16_t port = 0;
};

TEST_F(RelayTest, AsksWhoseThePeerIsBeforeAByteGoesAnywhere) {
  tcp::acceptor desktop(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  desktop.non_blocking(true);
  tcp::socket pc = viewer();
  until([&] { return link.of<seam::EntranceAsk>().size() == 1; });
  EXPECT_EQ(link.of<seam::EntranceAsk>()[0].peer_address, "127.0.0.1");
  tcp::socket screen(loop);
  boost::system::error_code error;
  desktop.accept(screen, error);
  EXPECT_EQ(error, asio::error::would_block) << "connected without a grant";
}

TEST_F(RelayTest, PassesBothWaysOnceGrantedAndCountsTheBytes) {
  tcp::acceptor desktop(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket pc = viewer();
  until([&] { return link.of<seam::EntranceAsk>().size() == 1; });
  tcp::socket screen(loop);
  bool accepted = false;
  desktop.async_accept(screen, [&](boost::system::error_code error) { accepted = !error; });
  relay.on_message(grant(link.of<seam::EntranceAsk>()[0].number, desktop.local_endpoint().port()));
  until([&] { return accepted; });
  screen.non_blocking(true);
  asio::write(screen, asio::buffer(std::string("RFB 003.008\n")));
  EXPECT_EQ(read(pc, 12), "RFB 003.008\n");
  asio::write(pc, asio::buffer(std::string("hello")));
  EXPECT_EQ(read(screen, 5), "hello");
  pc.close();
  until([&] { return link.of<seam::EntranceClosed>().size() == 1; });
  EXPECT_EQ(link.of<seam::EntranceClosed>()[0].bytes_in, 5u);
  EXPECT_EQ(link.of<seam::EntranceClosed>()[0].bytes_out, 12u);
  EXPECT_EQ(relay.streams(), 0u);
}

TEST_F(RelayTest, TellsARefusedViewerWhyInItsOwnWords) {
  tcp::socket pc = viewer();
  until([&] { return link.of<seam::EntranceAsk>().size() == 1; });
  seam::EntranceGrant refused;
  refused.number = link.of<seam::EntranceAsk>()[0].number;
  refused.refusal = {
      "R10", "posture.quarantine", {"待機中です。", "In quarantine."}, {}, {"点検を受けてください。", "Report first."}};
  relay.on_message(refused);
  EXPECT_EQ(read(pc, 12), "RFB 003.008\n");
  asio::write(pc, asio::buffer(std::string("RFB 003.008\n")));
  const std::string head = read(pc, 5);
  ASSERT_EQ(head.size(), 5u);
  EXPECT_EQ(head[0], '\0');
  const auto size = static_cast<unsigned char>(head[4]);
  const std::string reason = read(pc, size);
  EXPECT_NE(reason.find("posture.quarantine"), std::string::npos);
  EXPECT_NE(reason.find("点検"), std::string::npos);
  EXPECT_NE(reason.find("Report first."), std::string::npos);
  until([&] { return relay.streams() == 0; });
}

TEST_F(RelayTest, ASessionsEndClosesItsStreamsAndNoOthers) {
  tcp::acceptor desktop(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket one = viewer(), two = viewer();
  until([&] { return link.of<seam::EntranceAsk>().size() == 2; });
  tcp::socket screen_one(loop), screen_two(loop);
  int accepted = 0;
  desktop.async_accept(screen_one, [&](boost::system::error_code error) {
    accepted += !error;
    desktop.async_accept(screen_two, [&](boost::system::error_code again) { accepted += !again; });
  });
  relay.on_message(grant(link.of<seam::EntranceAsk>()[0].number, desktop.local_endpoint().port(), "S1"));
  relay.on_message(grant(link.of<seam::EntranceAsk>()[1].number, desktop.local_endpoint().port(), "S2"));
  until([&] { return accepted == 2; });
  relay.on_message(seam::EntranceEnd{"S1"});
  until([&] { return closed(one); });
  EXPECT_FALSE(closed(two));
  EXPECT_EQ(relay.streams(), 1u);
}

TEST_F(RelayTest, AGrantForAnUnknownPeerOpensNothing) {
  relay.on_message(grant(4711, 1));
  EXPECT_EQ(relay.streams(), 0u);
}

TEST_F(RelayTest, NinthUndecidedPeerIsTurnedAway) {
  std::vector<tcp::socket> crowd;
  for (int i = 0; i < 9; ++i) crowd.push_back(viewer());
  until([&] { return closed(crowd.back()); });
  EXPECT_EQ(link.of<seam::EntranceAsk>().size(), 8u);
}

}  // namespace
}  // namespace sekisho::relay
