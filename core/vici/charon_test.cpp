// The codec and the client against strongSwan's own charon: what its daemon takes and says.
#include "vici/testing/real_charon.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::vici {
namespace {

using namespace testing;
using Side = RealCharon::Side;

class CharonTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = RealCharon::unavailable(); !why.empty()) GTEST_SKIP() << why;
    bench = std::make_unique<RealCharon>();
    bench->start(Side::gate);
    gate = std::make_unique<Wire>(bench->socket(Side::gate));
    gate->connect();
  }
  Section connection() {
    Section local, remote, child, children, connection, message;
    local.put("auth", "pubkey").put("id", kGateName).put_list("certs", {bench->file("gate.crt")});
    remote.put("auth", "pubkey").put("id", kDeviceName).put_list("cacerts", {bench->file("ca.crt")});
    child.put_list("local_ts", {std::string(kEntrance) + "/32"}).put_list("remote_ts", {kSitePrefix});
    children.put_section("site", child);
    connection.put("version", "2").put_list("local_addrs", {kGateLine}).put_list("remote_addrs", {"%any"});
    connection.put("encap", "yes").put_section("local", local).put_section("remote", remote);
    connection.put_section("children", children);
    message.put_section("line-sato", connection);
    return message;
  }
  void load() {
    Section key;
    key.put("type", "any").put("data", bench->file("gate.key"));
    const Done loaded_key = gate->ask({.command = "load-key", .message = key});
    ASSERT_TRUE(loaded_key.answer) << loaded_key.answer.error().peer;
    const Done loaded = gate->ask({.command = "load-conn", .message = connection()});
    ASSERT_TRUE(loaded.answer) << loaded.answer.error().peer;
  }
  std::vector<std::string> names() {
    const Done listed = gate->ask({.command = "list-conns", .stream = "list-conn"});
    EXPECT_TRUE(listed.answer);
    std::vector<std::string> out;
    for (const Section& row : listed.rows) {
      for (const Item& item : row.items()) out.push_back(item.name);
    }
    return out;
  }
  std::size_t sas() { return gate->ask({.command = "list-sas", .stream = "list-sa"}).rows.size(); }
  bool heard(const char* event, bool up) {
    return std::ranges::any_of(gate->others, [&](const Happening& each) {
      const auto* one = std::get_if<Heard>(&each);
      return one != nullptr && one->event == event && one->message.is("up", "yes") == up;
    });
  }

  std::unique_ptr<RealCharon> bench;
  std::unique_ptr<Wire> gate;
};

TEST_F(CharonTest, AConnectionIsLoadedListedAndUnloaded) {
  const Done version = gate->ask({.command = "version"});
  ASSERT_TRUE(version.answer);
  EXPECT_EQ(version.answer->text("daemon"), "charon");
  EXPECT_TRUE(names().empty());
  load();
  EXPECT_EQ(names(), std::vector<std::string>{"line-sato"});
  Section name;
  name.put("name", "line-sato");
  EXPECT_TRUE(gate->ask({.command = "unload-conn", .message = name}).answer);
  EXPECT_TRUE(names().empty());
  const Done again = gate->ask({.command = "unload-conn", .message = name});
  ASSERT_FALSE(again.answer);
  EXPECT_EQ(again.answer.error().code, "vici.refused");
  EXPECT_FALSE(again.answer.error().peer.empty());
  EXPECT_EQ(gate->ask({.command = "no-such-command"}).answer.error().code, "vici.unknown_command");
  EXPECT_EQ(gate->ask({.command = "version", .stream = "no-such-event"}).answer.error().code, "vici.unknown_event");
}

TEST_F(CharonTest, AnAssociationComesUpCarriesAndIsTerminated) {
  static_cast<void>(gate->client.listen("ike-updown", Wire::now()));
  static_cast<void>(gate->client.listen("child-updown", Wire::now()));
  load();
  EXPECT_FALSE(bench->terminal_reaches_entrance());
  bench->start(Side::device);
  Wire device(bench->socket(Side::device));
  device.connect();
  const Done begun = device_begins(*bench, device);
  ASSERT_TRUE(begun.answer) << begun.answer.error().code << begun.answer.error().peer << bench->log(Side::gate);
  ASSERT_TRUE(
      gate->turn([&] { return heard("ike-updown", true) && heard("child-updown", true); }, std::chrono::seconds(5)));
  EXPECT_EQ(sas(), 1U);
  EXPECT_TRUE(bench->terminal_reaches_entrance());

  Section terminate;
  terminate.put("ike", "line-sato").put("force", "yes").put("timeout", "-1");
  const Instant before = Wire::now();
  EXPECT_TRUE(gate->ask({.command = "terminate", .message = terminate}).answer);
  ASSERT_TRUE(gate->turn([&] { return heard("ike-updown", false); }, std::chrono::seconds(2)));
  EXPECT_LT(Wire::now() - before, std::chrono::seconds(2));
  EXPECT_EQ(sas(), 0U);
  EXPECT_FALSE(bench->terminal_reaches_entrance());
}

TEST_F(CharonTest, ADeadCharonIsALostConnectionAndASilentOneALateAnswer) {
  bench->stop(Side::gate);
  const Done late = gate->ask({.command = "version", .within = std::chrono::milliseconds(300)});
  ASSERT_FALSE(late.answer);
  EXPECT_EQ(late.answer.error().code, "vici.timed_out");
  EXPECT_FALSE(gate->client.is_open());
  bench->go(Side::gate);
  gate->connect();
  EXPECT_TRUE(gate->ask({.command = "version"}).answer);
  bench->kill(Side::gate);
  ASSERT_TRUE(gate->turn([&] { return !gate->connected(); }, std::chrono::seconds(5)));
  EXPECT_FALSE(gate->client.is_open());
  bench->start(Side::gate);
  gate->connect();
  EXPECT_TRUE(gate->ask({.command = "version"}).answer);
}

}  // namespace
}  // namespace sekisho::vici
