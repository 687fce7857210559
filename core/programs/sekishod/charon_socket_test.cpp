// charon's socket as the gate sees it, over a real Unix socket.
#include "programs/sekishod/charon_socket.hpp"

#include "circuits/circuits.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
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
#include <utility>
#include <vector>

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

TEST_F(CharonSocketTest, WhoeverDoesNotReadIsGivenUpOnce) {
  meet();
  // What the kernel holds for him is the kernel's; what waits here has an end.
  for (int i = 0; i < 64 && heard.failed == 0; ++i) {
    socket.send(vici::Bytes(1UL << 20U, std::byte(7)));
    EXPECT_EQ(heard.failed, 0) << "never inside a call";
  }
  until([&] { return heard.failed == 1; });
  socket.send(bytes("nobody hears it"));
  loop.restart();
  loop.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(heard.failed, 1);
  peer.reset();
  socket.open(heard);
  peer.emplace(acceptor->accept());
  until([&] { return heard.opened == 2; });
}

/// What charon says goes through the client, which judges a packet's length before it keeps anything of it.
TEST_F(CharonSocketTest, APacketOfTooGreatALengthEndsTheConnectionAndIsTold) {
  struct Talk final : gate::ViciSocket::Handler {
    explicit Talk(CharonSocket& the_socket) : socket(the_socket) {}
    void on_open() override { take(circuits.connected(now)); }
    void on_failed() override { take(circuits.failed(now)); }
    void on_bytes(vici::View bytes) override { take(circuits.feed(bytes, now)); }
    void take(circuits::Actions actions) {
      for (const circuits::Note& note : actions.notes) told.push_back(std::string(note.event->id) + " " + note.code);
      if (auto out = circuits.take_output(); !out.empty()) socket.send(std::move(out));
      if (circuits.is_connected()) return void(opened = true);
      if (opened) socket.close();
    }
    CharonSocket& socket;
    circuits::Circuits circuits{circuits::Settings{}};
    Instant now{std::chrono::hours(500000)};
    std::vector<std::string> told;
    bool opened = false;
  } talk(socket);
  listen();
  socket.open(talk);
  peer.emplace(acceptor->accept());
  until([&] { return talk.opened; });
  asio::write(*peer, asio::buffer(std::string("\x00\x40\x00\x01", 4)));  // 4 MiB and a byte, of which none is sent
  until([&] { return !talk.told.empty(); });
  EXPECT_EQ(talk.told, std::vector<std::string>{"circuits.charon_lost vici.malformed"});
  boost::system::error_code error;
  std::array<char, 4096> rest{};
  peer->non_blocking(false);
  while (!error) peer->read_some(asio::buffer(rest), error);
  EXPECT_TRUE(error == asio::error::eof || error == asio::error::connection_reset) << "the connection is gone";
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
