// What the client makes of a gate's settings: numbers that are none end it, they are not cut to fit.
#include "fortinet_client.hpp"
#include "testing/entropy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::fortinet {
namespace {

struct World final : ClientWorld {
  void connect() override {}
  void write(std::span<const std::byte> plaintext) override {
    said.append(reinterpret_cast<const char*>(plaintext.data()), plaintext.size());
  }
  void close() override {}
  void on_question(std::string_view /*prompt*/) override {}
  void on_password_wanted() override {}
  void on_up(const ClientTunnel& /*tunnel*/) override {}
  void on_packet(std::span<const std::byte> /*packet*/) override {}
  void on_down(std::string_view /*why*/) override {}
  void on_ended(const ClientEnd& end) override { ends.push_back(end); }
  std::string said;
  std::vector<ClientEnd> ends;
};

/// The client with a cookie, behind the gate's settings; whether it went on to the tunnel.
bool takes(const std::string& heartbeat) {
  World world;
  testing::SeededEntropy entropy;
  ClientOptions options;
  options.cookie = Secret("cookie");
  FortinetClient client(world, std::move(options), entropy);
  const Instant now{Seconds{1'795'305'600}};
  client.start(now);
  client.on_connected(now);
  EXPECT_NE(world.said.find("fortisslvpn_xml"), std::string::npos) << world.said;
  world.said.clear();
  const std::string body = R"(<?xml version="1.0"?><sslvpn-tunnel><dtls-config heartbeat-interval=")" + heartbeat +
                           R"("/><ipv4><assigned-addr ipv4="10.202.0.10"/></ipv4></sslvpn-tunnel>)";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  client.on_bytes(std::as_bytes(std::span(answer)), now);
  return world.said.find("sslvpn-tunnel") != std::string::npos;
}

TEST(ClientSettings, AHeartbeatIsAWholeNumberOfSecondsOrNone) {
  for (const char* good : {"", "0", "10", "3600"}) EXPECT_TRUE(takes(good)) << good;
  for (const char* bad : {"-1", "+5", "1.5", "10s", " 10", "3601", "4294967306", "99999999999999999999", "ten"}) {
    EXPECT_FALSE(takes(bad)) << bad;
  }
}

}  // namespace
}  // namespace sekisho::fortinet
