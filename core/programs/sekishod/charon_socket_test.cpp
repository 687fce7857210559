// charon's socket as the gate sees it, over a real Unix socket.
#include "programs/sekishod/charon_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace sekisho::programs {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;

struct Heard final : gate::ViciSocket::Handler {
  void on_open() override { ++opened; }
  void on_failed() override { ++failed; }
  void on_bytes(vici::View bytes) override { got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }
  int opened = 0, failed = 0;
  std::string got;
};

class CharonSocketTest : public ::testing::Test {
 protected:
  ~CharonSocketTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  void listen() { acceptor.emplace(loop, stream_protocol::endpoint(folder + "/vici")); }
  template <class Done>
  void until(Done done) {
    for (int i = 0; i < 500 && !done(); ++i) {
      loop.restart();
      loop.run_for(std::chrono::milliseconds(10));
    }
    ASSERT_TRUE(done());
  }
  static vici::Bytes bytes(std::string_view text) {
    const auto span = std::as_bytes(std::span(text.data(), text.size()));
    return {span.begin(), span.end()};
  }
  /// Open, with charon's end in `peer`.
  void meet() {
    listen();
    socket.open(heard);
    peer.emplace(acceptor->accept());
    until([&] { return heard.opened == 1; });
  }

  static std::string new_folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "sekisho-vici-XXXXXX";
    return ::mkdtemp(pattern.data());
  }

  const std::string folder = new_folder();
  asio::io_context loop;
  std::optional<stream_protocol::acceptor> acceptor;
  std::optional<stream_protocol::socket> peer;
  Heard heard;
  CharonSocket socket{loop, folder + "/vici"};
};

TEST_F(CharonSocketTest, CarriesBytesBothWays) {
  meet();
  socket.send(bytes("a question"));
  socket.send(bytes(" and another"));
  std::string said;
  until([&] {
    std::array<char, 64> buffer{};
    if (peer->available() != 0) said.append(buffer.data(), peer->read_some(asio::buffer(buffer)));
    return said == "a question and another";
  });
  asio::write(*peer, asio::buffer(std::string("an answer")));
  until([&] { return heard.got == "an answer"; });
}

TEST_F(CharonSocketTest, ThatNobodyListensOrIsGoneIsToldOnceAndNeverInsideACall) {
  socket.open(heard);
  EXPECT_EQ(heard.failed, 0);
  until([&] { return heard.failed == 1; });
  meet();
  peer.reset();
  until([&] { return heard.failed == 2; });
  loop.restart();
  loop.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(heard.failed, 2);
}

TEST_F(CharonSocketTest, AClosedOneIsSilent) {
  meet();
  asio::write(*peer, asio::buffer(std::string("late")));
  socket.close();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(heard.got, "");
  EXPECT_EQ(heard.failed, 0);
  socket.send(bytes("nobody hears it"));
  socket.open(heard);
  peer.emplace(acceptor->accept());
  until([&] { return heard.opened == 2; });
}

}  // namespace
}  // namespace sekisho::programs
