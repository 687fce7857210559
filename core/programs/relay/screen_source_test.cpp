#include "programs/relay/screen_source.hpp"

#include "run/asio_services.hpp"
#include "run/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

namespace sekisho::relay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class TcpScreensTest : public ::testing::Test {
 protected:
  void until(auto done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      loop.run_one_for(std::chrono::milliseconds(10));
      loop.restart();
    }
  }
  Result<run::Fd> open(ScreenTarget target) {
    std::optional<Result<run::Fd>> end;
    screens.open(std::move(target), [&](Result<run::Fd> got) { end.emplace(std::move(got)); });
    EXPECT_FALSE(end) << "never inside the call";
    until([&] { return end.has_value(); });
    return end ? std::move(*end) : Result<run::Fd>(fail("late"));
  }
  asio::io_context loop{1};
  run::GateClock clock;
  run::AsioTimers timers{loop, clock};
  TcpScreens screens{loop, clock, timers};
};

TEST_F(TcpScreensTest, GivesAConnectedSocket) {
  tcp::acceptor guest(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto fd = open({{}, {}, "127.0.0.1", guest.local_endpoint().port()});
  ASSERT_TRUE(fd) << fd.error().detail;
  tcp::socket other = guest.accept();
  ASSERT_EQ(::write(fd->get(), "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(other.native_handle(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST_F(TcpScreensTest, SaysThatNobodyAnswers) {
  std::uint16_t port = 0;
  {
    const tcp::acceptor gone(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = gone.local_endpoint().port();
  }
  const auto fd = open({{}, {}, "127.0.0.1", port});
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code, "console.unreachable");
}

TEST_F(TcpScreensTest, KnowsNoMachinesBehindADriver) {
  EXPECT_FALSE(open({"uuid", "libvirt", "127.0.0.1", 1}));
  EXPECT_FALSE(open({{}, {}, "web-01", 5900})) << "no names are looked up";
  bool refused = false;
  screens.thumbnail({"uuid", "libvirt", {}, 0}, [&](const Result<std::string>& png) { refused = !png; });
  until([&] { return refused; });
}

}  // namespace
}  // namespace sekisho::relay
