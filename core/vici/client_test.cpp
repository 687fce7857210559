#include "vici/client.hpp"

#include "vici/testing/scripted_charon.hpp"

#include <gtest/gtest.h>

namespace sekisho::vici {
namespace {

using namespace testing;
using std::chrono::milliseconds;

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    charon.commands["version"] = [](const Section&) {
      Section out;
      out.put("daemon", "charon");
      return out;
    };
    charon.commands["load-conn"] = [](const Section&) { return yes(); };
    charon.commands["unload-conn"] = [](const Section&) { return no("connection 'x' not found"); };
    charon.commands["list-sas"] = [](const Section&) { return Section(); };
    charon.rows["list-sas"] = {"list-sa", [this] { return rows; }};
    charon.events = {"list-sa", "ike-updown"};
  }
  void take(std::vector<Happening> more) {
    for (Happening& each : more) {
      if (auto* done = std::get_if<Done>(&each)) {
        answers.push_back(done->answer ? "ok" : done->answer.error().code);
        ids.push_back(done->id);
        last = std::move(*done);
      } else if (auto* heard = std::get_if<Heard>(&each)) {
        events.push_back(heard->event);
      } else {
        lost.push_back(std::get<Lost>(each).why.code);
      }
    }
  }
  std::uint64_t ask(Request request) {
    auto asked = client.ask(std::move(request), now);
    take(std::move(asked.happened));
    return asked.id;
  }
  void pass() {
    charon.pass(client, now, [this](std::vector<Happening> more) { take(std::move(more)); });
  }
  void open() { take(client.opened(now)), pass(); }

  Instant now{std::chrono::hours(500'000)};
  Client client;
  ScriptedCharon charon;
  std::vector<Section> rows;
  std::vector<std::string> answers, events, lost;
  std::vector<std::uint64_t> ids;
  Done last{0, Section()};
};

using Strings = std::vector<std::string>;

TEST_F(ClientTest, ARequestGetsItsAnswer) {
  open();
  const auto id = ask({.command = "version"});
  pass();
  ASSERT_EQ(answers, Strings{"ok"});
  EXPECT_EQ(last.id, id);
  EXPECT_EQ(last.answer->text("daemon"), "charon");
  EXPECT_EQ(client.next_deadline(), std::nullopt);
}

TEST_F(ClientTest, OneAtATimeAndUrgentOnesFirst) {
  open();
  const auto first = ask({.command = "version"});
  const auto second = ask({.command = "load-conn"});
  const auto urgent = ask({.command = "load-conn", .urgent = true});
  std::vector<Packet> sent;
  PacketReader reader;
  const Bytes output = client.take_output();
  ASSERT_TRUE(reader.feed(output, sent));
  EXPECT_EQ(sent.size(), 1U);
  Bytes answer;
  ASSERT_TRUE(encode(Packet{PacketType::response, "", {}}, answer));
  for (int i = 0; i < 3; ++i) take(client.feed(answer, now));
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{first, urgent, second}));
}

TEST_F(ClientTest, RefusalsCarryCharonsOwnWords) {
  open();
  ask({.command = "unload-conn"});
  ask({.command = "no-such-command"});
  pass();
  EXPECT_EQ(answers, (Strings{"vici.refused", "vici.unknown_command"}));
  charon.commands["load-conn"] = [](const Section&) { return no(std::string(5000, 'x')); };
  ask({.command = "load-conn"});
  pass();
  EXPECT_EQ(last.answer.error().peer.size(), 200U);
  charon.commands["load-conn"] = [](const Section&) {
    Section odd;
    odd.put_list("success", {"yes"});  // no value at all is no yes
    return odd;
  };
  ask({.command = "load-conn"});
  pass();
  EXPECT_EQ(answers.back(), "vici.refused");
}

TEST_F(ClientTest, AListBringsItsRowsAndUnregisters) {
  Section row;
  row.put("uniqueid", "1");
  rows = {row, row, row};
  open();
  ask({.command = "list-sas", .stream = "list-sa"});
  pass();
  ASSERT_EQ(answers, Strings{"ok"});
  EXPECT_EQ(last.rows.size(), 3U);
  EXPECT_TRUE(charon.registered.empty());
  EXPECT_TRUE(events.empty());
  // The next one begins afresh.
  rows.clear();
  ask({.command = "list-sas", .stream = "list-sa"});
  pass();
  EXPECT_TRUE(last.rows.empty());
}

TEST_F(ClientTest, AListHasItsCaps) {
  Section row;
  row.put("k", "v");
  rows.assign(9, row);
  for (const Client::Limits limits : {Client::Limits{.rows = 8}, Client::Limits{.row_bytes = 80}}) {
    Client small(limits);
    take(small.opened(now));
    take(small.ask({.command = "list-sas", .stream = "list-sa"}, now).happened);
    charon.pass(small, now, [this](std::vector<Happening> more) { take(std::move(more)); });
    EXPECT_EQ(answers.back(), "vici.too_many");
    EXPECT_TRUE(last.rows.empty());
    EXPECT_TRUE(small.is_open());
  }
}

TEST_F(ClientTest, AnUnknownStreamFailsTheRequestAlone) {
  open();
  ask({.command = "list-sas", .stream = "list-nothing"});
  ask({.command = "version"});
  pass();
  EXPECT_EQ(answers, (Strings{"vici.unknown_event", "ok"}));
}

TEST_F(ClientTest, EventsThatAreWantedAreHeardOnEveryConnection) {
  take(client.listen("ike-updown", now));
  EXPECT_TRUE(client.take_output().empty());
  for (int round = 0; round < 2; ++round) {
    open();
    EXPECT_TRUE(charon.registered.contains("ike-updown"));
    take(client.feed(charon.tell("ike-updown", yes()), now));
    EXPECT_EQ(events.size(), static_cast<std::size_t>(round + 1));
    take(client.closed(now));
    charon.restarted();
  }
  Bytes unwanted;
  open();
  ASSERT_TRUE(encode(Packet{PacketType::event, "log", yes()}, unwanted));
  take(client.feed(unwanted, now));
  EXPECT_EQ(events.size(), 2U);
  EXPECT_TRUE(client.is_open());
}

TEST_F(ClientTest, AnEventThatCharonDoesNotKnowLosesTheConnection) {
  take(client.listen("ike-sideways", now));
  open();
  EXPECT_EQ(lost, Strings{"vici.unknown_event"});
  EXPECT_FALSE(client.is_open());
}

TEST_F(ClientTest, RegistrationsGoBeforeWhatWaits) {
  open();
  ask({.command = "version"});
  ask({.command = "load-conn", .urgent = true});
  take(client.listen("ike-updown", now));
  pass();
  ASSERT_EQ(charon.seen.size(), 3U);
  EXPECT_EQ(charon.seen[1].type, PacketType::event_register);
}

TEST_F(ClientTest, AnAnswerThatIsLateLosesTheConnection) {
  charon.silent = true;
  open();
  ask({.command = "version", .within = milliseconds(2000)});
  ask({.command = "load-conn", .within = milliseconds(9000)});
  pass();
  EXPECT_EQ(client.next_deadline(), now + milliseconds(2000));
  take(client.tick(now + milliseconds(1999)));
  EXPECT_TRUE(answers.empty());
  take(client.tick(now + milliseconds(2000)));
  EXPECT_EQ(answers, (Strings{"vici.timed_out", "vici.timed_out"}));
  EXPECT_EQ(lost, Strings{"vici.timed_out"});
  // What comes after that is nobody's.
  Bytes late;
  ASSERT_TRUE(encode(Packet{PacketType::response, "", yes()}, late));
  take(client.feed(late, now));
  EXPECT_EQ(answers.size(), 2U);
  EXPECT_EQ(client.next_deadline(), std::nullopt);
}

TEST_F(ClientTest, ATurnThatDoesNotComeFailsOnlyThatRequest) {
  charon.silent = true;
  open();
  ask({.command = "version", .within = milliseconds(9000)});
  ask({.command = "load-conn", .within = milliseconds(1000)});
  take(client.tick(now + milliseconds(1000)));
  EXPECT_EQ(answers, Strings{"vici.timed_out"});
  EXPECT_TRUE(client.is_open());
  EXPECT_EQ(client.waiting(), 0U);
  // Nor is it sent when the tick comes later than its turn.
  ask({.command = "load-conn", .within = milliseconds(1500)});
  charon.silent = false;
  now += milliseconds(1500);
  pass();
  EXPECT_EQ(answers, (Strings{"vici.timed_out", "ok", "vici.timed_out"}));
  EXPECT_EQ(charon.asked(), Strings{"version"});
}

TEST_F(ClientTest, WhoseTurnComesLateGivesCharonAsLongAsAnyOther) {
  charon.silent = true;
  open();
  ask({.command = "version", .within = milliseconds(9000)});
  ask({.command = "load-conn", .within = milliseconds(1000)});
  now += milliseconds(900);
  charon.silent = false;
  pass();
  EXPECT_EQ(answers, (Strings{"ok", "ok"}));
  charon.silent = true;
  ask({.command = "version", .within = milliseconds(1000)});
  ask({.command = "load-conn", .within = milliseconds(2000)});
  now += milliseconds(999);
  take(client.tick(now));
  EXPECT_TRUE(client.is_open());
  now += milliseconds(1);
  take(client.tick(now));
  EXPECT_FALSE(client.is_open()) << "the one under way had its time";
}

TEST_F(ClientTest, ARegistrationWithoutAnAnswerLosesTheConnection) {
  charon.silent = true;
  take(client.listen("ike-updown", now));
  open();
  take(client.tick(now + std::chrono::seconds(5)));
  EXPECT_EQ(lost, Strings{"vici.timed_out"});
}

TEST_F(ClientTest, WithoutAConnectionEverythingFailsAtOnce) {
  ask({.command = "version"});
  EXPECT_EQ(answers, Strings{"vici.closed"});
  EXPECT_TRUE(client.take_output().empty());
  charon.silent = true;
  open();
  ask({.command = "version"});
  ask({.command = "version"});
  take(client.closed(now));
  EXPECT_EQ(answers, Strings(3, "vici.closed"));
  EXPECT_EQ(lost, Strings{"vici.closed"});
  take(client.closed(now));
  EXPECT_EQ(lost.size(), 1U);
}

TEST_F(ClientTest, NothingOfAnOldConnectionReachesANewOne) {
  charon.silent = true;
  open();
  ask({.command = "version"});
  Bytes half;
  ASSERT_TRUE(encode(Packet{PacketType::response, "", yes()}, half));
  half.resize(half.size() - 1);
  take(client.feed(half, now));
  take(client.opened(now));
  EXPECT_EQ(answers, Strings{"vici.closed"});
  EXPECT_TRUE(client.take_output().empty());
  charon.silent = false;
  charon.restarted();
  ask({.command = "version"});
  pass();
  EXPECT_EQ(answers, (Strings{"vici.closed", "ok"}));
}

TEST_F(ClientTest, AnAnswerThatNothingAskedForLosesTheConnection) {
  for (const PacketType type : {PacketType::response, PacketType::unknown_command, PacketType::event_confirm,
                                PacketType::unknown_event, PacketType::request, PacketType::event_register}) {
    lost.clear();
    open();
    Bytes out;
    ASSERT_TRUE(encode(Packet{type, is_named(type) ? "n" : "", {}}, out));
    take(client.feed(out, now));
    EXPECT_EQ(lost, Strings{"vici.malformed"}) << static_cast<int>(type);
  }
  // Also when something else was asked for.
  for (const PacketType type : {PacketType::event_confirm, PacketType::unknown_event, PacketType::request}) {
    lost.clear(), answers.clear();
    open();
    ask({.command = "version"});
    Bytes out;
    ASSERT_TRUE(encode(Packet{type, is_named(type) ? "n" : "", {}}, out));
    take(client.feed(out, now));
    EXPECT_EQ(lost, Strings{"vici.malformed"}) << static_cast<int>(type);
    EXPECT_EQ(answers, Strings{"vici.malformed"});
  }
}

TEST_F(ClientTest, MalformedBytesLoseTheConnectionAfterWhatCameBefore) {
  open();
  ask({.command = "version"});
  ask({.command = "version"});
  Bytes out;
  ASSERT_TRUE(encode(Packet{PacketType::response, "", {}}, out));
  out.insert(out.end(), 4, std::byte(0xff));
  take(client.feed(out, now));
  EXPECT_EQ(answers, (Strings{"ok", "vici.malformed"}));
  EXPECT_EQ(lost, Strings{"vici.malformed"});
}

TEST_F(ClientTest, WhatCannotBeSentIsToldAtOnce) {
  open();
  Section large;
  for (int i = 0; i < 9; ++i) large.put("k" + std::to_string(i), std::string(65'000, 'v'));
  ask({.command = "load-conn", .message = large});
  EXPECT_EQ(answers, Strings{"vici.too_long"});
  ask({.command = ""});
  EXPECT_EQ(answers.back(), "vici.too_long");
  EXPECT_TRUE(client.is_open());
}

TEST_F(ClientTest, TheLineHasItsCap) {
  Client small(Client::Limits{.waiting = 2});
  take(small.opened(now));
  for (int i = 0; i < 4; ++i) take(small.ask({.command = "version"}, now).happened);
  EXPECT_EQ(answers, Strings{"vici.too_many"});  // one under way, two in line
}

}  // namespace
}  // namespace sekisho::vici
