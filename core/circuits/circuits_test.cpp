#include "circuits/circuits.hpp"

#include "circuits/events.hpp"
#include "registry/testing/cast.hpp"
#include "vici/testing/scripted_charon.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sekisho::circuits {
namespace {

using registry::Line;
using registry::testing::cast;
using registry::testing::kNow;
using std::chrono::milliseconds;
using std::chrono::seconds;
using vici::Section;
using Strings = std::vector<std::string>;

/// A charon that holds connections and tunnels as the real one does.
class CircuitsTest : public ::testing::Test {
 protected:
  CircuitsTest() {
    charon.events = {"ike-updown", "child-updown", "ike-rekey", "child-rekey", "list-conn", "list-sa"};
    charon.commands["list-conns"] = charon.commands["list-sas"] = [](const Section&) { return Section(); };
    charon.rows["list-conns"] = {"list-conn", [this] {
                                   std::vector<Section> rows;
                                   for (const auto& [name, loaded] : held) {
                                     rows.push_back(Section().put_section(name, Section()));
                                   }
                                   return rows;
                                 }};
    charon.rows["list-sas"] = {"list-sa", [this] {
                                 std::vector<Section> rows;
                                 for (const auto& [id, sa] : sas) {
                                   rows.push_back(Section().put_section(sa.first, sa.second));
                                 }
                                 return rows;
                               }};
    charon.commands["load-conn"] = [this](const Section& message) {
      if (refuse_loads) return vici::testing::no("parsing certs failed");
      const vici::Item& item = message.items().front();
      held[item.name] = std::get<Section>(item.held);
      return vici::testing::yes();
    };
    charon.commands["unload-conn"] = [this](const Section& message) {
      if (held.erase(std::string(message.text("name"))) == 0) return vici::testing::no("not found");
      return vici::testing::yes();
    };
    charon.commands["terminate"] = [this](const Section& message) {
      EXPECT_EQ(message.text("force"), "yes");
      const std::size_t before = sas.size();
      std::erase_if(sas, [&](const auto& entry) {
        return !immortal && (message.is("ike", entry.second.first) || message.is("ike-id", entry.first));
      });
      return before == sas.size() ? vici::testing::no("no matching SAs to terminate found") : vici::testing::yes();
    };
  }
  void take(Actions actions) {
    for (Note& note : actions.notes) {
      said.push_back(note.event->id);
      notes.push_back(std::move(note));
    }
    for (LineChange& change : actions.changes) changes.push_back(std::move(change));
  }
  void pass() {
    // Bytes go to and fro until both are quiet.
    struct Feeder {
      Circuits& machine;
      CircuitsTest& test;
      vici::Bytes take_output() { return machine.take_output(); }
      std::vector<vici::Happening> feed(vici::View bytes, Instant now) {
        test.take(machine.feed(bytes, now));
        return {};
      }
    } feeder{circuits, *this};
    charon.pass(feeder, now, [](const std::vector<vici::Happening>&) {});
  }
  void registry_is(const registry::Registry& r) { take(circuits.registry_is(r, now)), pass(); }
  void open() { take(circuits.connected(now)), pass(); }
  void tick() { take(circuits.tick(now)), pass(); }
  void wait(milliseconds time) { now += time, tick(); }
  void tell_at_once(const char* event, bool up) {
    Section message;
    if (up) message.put("up", "yes");
    if (const vici::Bytes bytes = charon.tell(event, message); !bytes.empty()) take(circuits.feed(bytes, now));
    pass();
  }
  /// Later than looks are apart.
  void tell(const char* event, bool up) { now += milliseconds(100), tell_at_once(event, up); }
  /// The device of `name` has a tunnel.
  Section& device_up(const std::string& name, const std::string& id = "1") {
    Section child, children;
    child.put("state", "INSTALLED").put("encr-alg", "AES_GCM_16").put("encr-keysize", "256");
    children.put_section("site-1", child);
    Section& sa = sas[id].second;
    sas[id].first = name;
    sa.put("uniqueid", id).put("version", "2").put("state", "ESTABLISHED").put("remote-host", "10.99.0.2");
    sa.put("remote-id", "line-sato.closed.test").put("encr-alg", "AES_GCM_16").put("encr-keysize", "256");
    sa.put_section("child-sas", children);
    return sa;
  }
  void standing() {
    registry_is(cast());
    open();
    ASSERT_EQ(held.size(), 1U);
    name = held.begin()->first;
    device_up(name);
    tell("child-updown", true);
    ASSERT_EQ(circuits.line("line-sato"), Line::up);
    said.clear(), notes.clear(), changes.clear();
  }
  std::size_t count(const char* id) const { return static_cast<std::size_t>(std::ranges::count(said, id)); }

  Instant now = kNow;
  Circuits circuits{{.path = "closed",
                     .address = "10.99.0.1",
                     .name = "gate.closed.test",
                     .certificate = "der",
                     .authorities = {"der"},
                     .entrances = {"10.95.0.1/32[tcp/443]"}}};
  vici::testing::ScriptedCharon charon;
  std::map<std::string, Section> held;
  std::map<std::string, std::pair<std::string, Section>> sas;  ///< by uniqueid: connection, facts
  bool refuse_loads = false, immortal = false;
  Strings said;
  std::vector<Note> notes;
  std::vector<LineChange> changes;
  std::string name;
};

TEST_F(CircuitsTest, OnlyUsableCircuitsAreLoaded) {
  registry::Registry r = cast();
  registry::Circuit other = r.circuits.at("line-sato");
  for (const auto& [id, change] : std::map<std::string, std::function<void(registry::Circuit&)>>{
           {"line-ceased", [](registry::Circuit& c) { c.ended_at = kNow; }},
           {"line-later", [](registry::Circuit& c) { c.usable_at = kNow + seconds(60); }},
           {"line-none", [](registry::Circuit& c) { c.device_name.clear(); }}}) {
    registry::Circuit c = other;
    c.id = id, change(c);
    r.circuits.emplace(id, c);
  }
  registry_is(r);
  open();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(circuit_in(held.begin()->first), "line-sato");
  EXPECT_EQ(held.begin()->second.text("version"), "2");
  EXPECT_EQ(said, (Strings{"circuits.charon_back", "circuits.opened"}));
  // Its day comes without anybody touching the registry.
  ASSERT_TRUE(circuits.next_deadline());
  EXPECT_LE(*circuits.next_deadline(), kNow + seconds(60));
  wait(seconds(60));
  EXPECT_EQ(held.size(), 2U);
}

TEST_F(CircuitsTest, ALineIsUpWhileItsTunnelIsAndAllSessionsHearOfIt) {
  registry_is(cast());
  open();
  name = held.begin()->first;
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  changes.clear();
  device_up(name);
  EXPECT_EQ(circuits.line("line-sato"), Line::down);  // nobody has said so yet
  tell("child-updown", true);
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
  EXPECT_EQ(circuits.view(now).at("line-sato").peer, "10.99.0.2");
  EXPECT_EQ(circuits.view(now).at("line-sato").cipher, "AES_GCM_16-256");
  sas.clear();
  tell("ike-updown", false);
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].line, Line::up);
  EXPECT_EQ(changes[1].line, Line::down);
  EXPECT_EQ(count("circuits.line_up"), 1U);
  EXPECT_EQ(count("circuits.line_down"), 1U);
}

TEST_F(CircuitsTest, ATunnelWithoutAnInstalledChildIsNoLine) {
  registry_is(cast());
  open();
  Section& sa = device_up(held.begin()->first);
  for (const char* state : {"CREATED", "DELETING", "DESTROYING", "ROUTED", "INSTALLING", ""}) {
    Section child, children;
    child.put("state", state).put("encr-alg", "AES_GCM_16");
    children.put_section("site-1", child);
    sa.put_section("child-sas", children);
    tell("child-updown", true);
    EXPECT_EQ(circuits.line("line-sato"), Line::down) << state;
  }
  device_up(held.begin()->first).put("state", "CONNECTING");
  tell("child-updown", true);
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  device_up(held.begin()->first);
  tell("child-rekey", true);
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
}

TEST_F(CircuitsTest, ARekeyedTunnelIsTheSameLine) {
  standing();
  sas.clear();
  device_up(name, "2").put("state", "REKEYING");
  tell("ike-rekey", true);
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
  EXPECT_TRUE(changes.empty());
  EXPECT_TRUE(said.empty());
}

TEST_F(CircuitsTest, ACircuitThatEndsIsUnloadedFirstAndThenTornDown) {
  standing();
  charon.seen.clear();
  registry::Registry r = cast();
  r.circuits.at("line-sato").ended_at = now;
  registry_is(r);
  EXPECT_TRUE(held.empty());
  EXPECT_TRUE(sas.empty());
  const Strings asked = charon.asked();
  ASSERT_GE(asked.size(), 3U);
  EXPECT_EQ(Strings(asked.begin(), asked.begin() + 3), (Strings{"unload-conn", "terminate", "list-sas"}));
  EXPECT_EQ(said, (Strings{"circuits.line_down", "circuits.closed"}));
  EXPECT_EQ(notes[0].code, "circuit.ceased");
  EXPECT_EQ(notes[1].code, "circuit.ceased");
  EXPECT_EQ(notes[1].contractor, "sato-joho");
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].line, Line::down);
  EXPECT_NE(circuits.line("line-sato"), Line::up);
  wait(seconds(30));
  EXPECT_EQ(count("circuits.close_late"), 0U);
}

TEST_F(CircuitsTest, TheLineIsDownBeforeCharonHasSaidAWord) {
  standing();
  charon.silent = true;
  registry::Registry r = cast();
  r.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  take(circuits.registry_is(r, now));
  EXPECT_NE(circuits.line("line-sato"), Line::up);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(notes[0].code, "stop.all");
}

TEST_F(CircuitsTest, WhatEndsByItselfEndsAtItsMoment) {
  registry::Registry r = cast();
  r.contracts.at("c-num").ended_at = kNow + seconds(40);
  registry_is(r);
  open();
  device_up(held.begin()->first);
  tell("child-updown", true);
  wait(seconds(39));
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
  wait(seconds(1));
  EXPECT_TRUE(sas.empty());
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(notes.back().code, "contract.not_in_force");
}

TEST_F(CircuitsTest, AnotherCertificateOfTheDeviceEndsTheTunnelOfTheOld) {
  standing();
  registry::Registry r = cast();
  r.circuits.at("line-sato").device_certificate =
      registry::testing::certificate_shape(2, kNow - std::chrono::days(1), kNow + std::chrono::days(1));
  registry_is(r);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_NE(held.begin()->first, name);
  EXPECT_TRUE(sas.empty());
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  EXPECT_EQ(notes.front().code, "circuit.changed");
  device_up(held.begin()->first);
  tell("child-updown", true);
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
}

TEST_F(CircuitsTest, ANameOfTheSiteChangesNothing) {
  standing();
  charon.seen.clear();
  registry::Registry r = cast();
  r.circuits.at("line-sato").site = "別の名前";
  registry_is(r);
  EXPECT_TRUE(charon.asked().empty());
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
}

TEST_F(CircuitsTest, ATunnelThatDoesNotGoIsToldAfterTwoSecondsAndTriedAgain) {
  standing();
  immortal = true;
  registry::Registry r = cast();
  r.circuits.erase("line-sato");
  r.terminals.at("pc-sato").circuit.clear();
  registry_is(r);
  wait(milliseconds(1999));
  EXPECT_EQ(count("circuits.close_late"), 0U);
  wait(milliseconds(1));
  EXPECT_EQ(count("circuits.close_late"), 1U);
  EXPECT_EQ(notes.back().code, "circuit.removed");
  EXPECT_EQ(count("circuits.closed"), 0U);
  charon.seen.clear();
  wait(seconds(5));
  EXPECT_EQ(count("circuits.close_late"), 1U);
  const Strings again = charon.asked();
  EXPECT_TRUE(std::ranges::find(again, "terminate") != again.end());
  immortal = false;
  wait(seconds(1));
  EXPECT_EQ(count("circuits.closed"), 1U);
  EXPECT_GE(notes.back().number, 8000);
}

TEST_F(CircuitsTest, ACharonThatIsLostMakesEveryLineUnknown) {
  standing();
  take(circuits.failed(now));
  EXPECT_EQ(circuits.line("line-sato"), Line::unknown);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].line, Line::unknown);
  EXPECT_EQ(said, Strings{"circuits.charon_lost"});
  EXPECT_FALSE(circuits.wants_connection(now));
  ASSERT_TRUE(circuits.next_deadline());
  now = *circuits.next_deadline();
  EXPECT_TRUE(circuits.wants_connection(now));
  for (int i = 0; i < 20; ++i) take(circuits.failed(now));
  EXPECT_EQ(said.size(), 1U);  // told once
  EXPECT_TRUE(circuits.wants_connection(now + seconds(5)));
}

TEST_F(CircuitsTest, ACharonThatWasStartedAnewIsGivenEverythingAgain) {
  standing();
  take(circuits.failed(now));
  charon.restarted(), held.clear(), sas.clear();
  open();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held.begin()->first, name);
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  EXPECT_EQ(count("circuits.charon_back"), 1U);
  EXPECT_EQ(charon.registered, (std::set<std::string>{"ike-updown", "child-updown", "ike-rekey", "child-rekey"}));
}

TEST_F(CircuitsTest, ACharonThatLivedOnKeepsItsTunnels) {
  standing();
  take(circuits.failed(now));
  charon.restarted();  // the connection alone is new
  open();
  EXPECT_EQ(charon.asked(), (Strings{"list-conns", "list-sas"}));
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
  ASSERT_EQ(changes.size(), 2U);  // unknown, and up again
  EXPECT_EQ(changes[1].line, Line::up);
}

TEST_F(CircuitsTest, WhatEndedWhileCharonWasAwayEndsWhenItIsBack) {
  standing();
  take(circuits.failed(now));
  registry::Registry r = cast();
  r.contracts.at("c-num").ended_at = now;
  registry_is(r);
  now += seconds(2);
  take(circuits.tick(now));
  EXPECT_EQ(count("circuits.close_late"), 1U);
  charon.restarted();
  open();
  EXPECT_TRUE(held.empty());
  EXPECT_TRUE(sas.empty());
  EXPECT_EQ(count("circuits.closed"), 1U);
}

TEST_F(CircuitsTest, AGateThatWasStartedAnewFindsWhatIsNotMeant) {
  held["circuit-line-old-0123456789abcdef"] = Section();
  held["somebody-elses"] = Section();
  device_up("circuit-line-old-0123456789abcdef", "7");
  device_up("circuit-line-older-0123456789abcdef", "8");  // its connection is gone, its tunnel is not
  device_up("somebody-elses", "9");
  registry_is(cast());
  open();
  EXPECT_EQ(sas.size(), 1U);
  EXPECT_TRUE(sas.contains("9"));
  EXPECT_EQ(held.size(), 2U);
  EXPECT_TRUE(held.contains("somebody-elses"));
  EXPECT_EQ(count("circuits.stray"), 1U);
  EXPECT_EQ(count("circuits.closed"), 2U);
}

TEST_F(CircuitsTest, ATunnelThatIsNotAsItMustBeIsEndedAndNoLine) {
  standing();
  for (const auto& [key, value, code] :
       {std::tuple{"version", "1", "circuit.ike_version"},
        std::tuple{"remote-id", "line-other.closed.test", "circuit.other_identity"},
        std::tuple{"encr-alg", "AES_CBC", "circuit.weak"}, std::tuple{"encr-alg", "", "circuit.weak"}}) {
    device_up(name).put(key, value);
    tell("child-updown", true);
    ASSERT_FALSE(notes.empty()) << code;
    EXPECT_EQ(notes.back().event->id, std::string("circuits.line_down"));
    EXPECT_TRUE(std::ranges::any_of(notes, [&](const Note& n) { return n.code == code; })) << code;
    EXPECT_TRUE(sas.empty()) << code;
    EXPECT_EQ(circuits.line("line-sato"), Line::down);
    device_up(name);
    tell("child-updown", true);
    EXPECT_EQ(circuits.line("line-sato"), Line::up);
  }
  Section weak, children;
  weak.put("state", "INSTALLED").put("encr-alg", "NULL");
  children.put_section("site-1", weak);
  device_up(name).put_section("child-sas", children);
  tell("child-updown", true);
  EXPECT_TRUE(sas.empty());
}

TEST_F(CircuitsTest, ARefusedConnectionIsToldOnceAndTriedAgain) {
  refuse_loads = true;
  registry_is(cast());
  open();
  EXPECT_EQ(count("circuits.load_failed"), 1U);
  EXPECT_EQ(notes.back().words, "parsing certs failed");
  EXPECT_FALSE(circuits.view(now).at("line-sato").loaded);
  charon.seen.clear();
  wait(seconds(1));
  EXPECT_TRUE(charon.asked().empty());
  wait(seconds(1));
  EXPECT_EQ(charon.asked(), Strings{"load-conn"});
  EXPECT_EQ(count("circuits.load_failed"), 1U);
  refuse_loads = false;
  wait(seconds(4));
  EXPECT_TRUE(circuits.view(now).at("line-sato").loaded);
}

TEST_F(CircuitsTest, ASilentCharonIsALostOne) {
  standing();
  charon.silent = true;
  wait(seconds(10));  // the look that comes by itself
  EXPECT_EQ(circuits.line("line-sato"), Line::up);
  wait(seconds(3));
  EXPECT_EQ(circuits.line("line-sato"), Line::unknown);
  EXPECT_FALSE(circuits.is_connected());
}

TEST_F(CircuitsTest, GarbageIsALostCharon) {
  standing();
  take(circuits.feed(vici::Bytes(4, std::byte(0xff)), now));
  EXPECT_EQ(circuits.line("line-sato"), Line::unknown);
  EXPECT_EQ(notes.back().code, "vici.malformed");
}

TEST_F(CircuitsTest, ATunnelThatNoEventToldOfIsSeenAllTheSame) {
  standing();
  sas.clear();
  wait(seconds(10));
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
}

TEST_F(CircuitsTest, AStormOfEventsIsAFewLooksAndTheLastOneIsNotMissed) {
  standing();
  charon.seen.clear();
  now += seconds(1);
  const Instant begun = now;
  for (int n = 0; n < 450; ++n, now += milliseconds(1)) tell_at_once("child-rekey", true);
  sas.clear();
  tell_at_once("ike-updown", false);
  EXPECT_LE(std::ranges::count(charon.asked(), "list-sas"), 5);
  ASSERT_TRUE(circuits.next_deadline());
  EXPECT_LE(*circuits.next_deadline(), now + milliseconds(100)) << "what was told since the last look is looked at";
  now = *circuits.next_deadline();
  tick();
  EXPECT_EQ(circuits.line("line-sato"), Line::down);
  EXPECT_LE(now - begun, milliseconds(700));
}

TEST_F(CircuitsTest, AClosingThatOvertakesItsLoadingLeavesNothing) {
  registry_is(cast());
  open();
  name = held.begin()->first;
  // A second circuit is being loaded, answer not here yet, when everything stops.
  registry::Registry r = cast();
  r.circuits.at("line-sato").prefixes = {"10.90.1.0/25"};
  take(circuits.registry_is(r, now));
  r.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  take(circuits.registry_is(r, now));
  pass();
  wait(seconds(1));
  EXPECT_TRUE(held.empty());
}

TEST_F(CircuitsTest, WhatIsMeantAgainIsLoadedAgain) {
  standing();
  registry::Registry stopped = cast();
  stopped.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  take(circuits.registry_is(stopped, now));
  take(circuits.registry_is(cast(), now));
  pass();
  tick();
  EXPECT_TRUE(sas.empty());
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held.begin()->first, name);
  EXPECT_TRUE(circuits.view(now).at("line-sato").loaded);
}

TEST_F(CircuitsTest, ATunnelOnItsWayOutIsNoLineForWhoIsMeantAgain) {
  standing();
  immortal = true;
  registry::Registry stopped = cast();
  stopped.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  registry_is(stopped);
  registry_is(cast());
  wait(milliseconds(100));
  EXPECT_NE(circuits.line("line-sato"), Line::up);
  EXPECT_EQ(count("circuits.line_up"), 0U);
}

TEST_F(CircuitsTest, HundredsOfCircuitsEndWithoutLosingCharon) {
  registry::Registry many = cast();
  const registry::Circuit one = many.circuits.at("line-sato");
  for (int i = 0; i < 700; ++i) {
    registry::Circuit more = one;
    more.id = "line-" + std::to_string(i);
    more.prefixes = {"10.91." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/32"};
    many.circuits.emplace(more.id, more);
  }
  registry_is(many);
  open();
  for (int i = 0; i < 40; ++i) wait(milliseconds(50));
  ASSERT_EQ(held.size(), 701U);
  many.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  registry_is(many);
  for (int i = 0; i < 40; ++i) wait(milliseconds(50));
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(count("circuits.charon_lost"), 0U);
  EXPECT_EQ(count("circuits.closed"), 701U);
}

TEST_F(CircuitsTest, ACircuitOfAnotherContractorIsToldAsHis) {
  standing();
  registry::Registry moved = cast();
  moved.circuits.at("line-sato").contractor = "tani-network";
  for (auto& [id, contract] : moved.contracts) contract.contractor = "tani-network";
  take(circuits.registry_is(moved, now)), pass();
  sas.clear();
  tell("child-updown", false);
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes.back().contractor, "tani-network");
}

TEST_F(CircuitsTest, WhyCharonWasLeftIsTold) {
  registry_is(cast());
  charon.commands.erase("list-conns");
  open();
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes.back().event->id, std::string("circuits.charon_lost"));
  EXPECT_EQ(notes.back().code, "vici.unknown_command");
}

TEST_F(CircuitsTest, WhatIsMeantAgainWhileCharonIsAwayIsLoadedAgain) {
  standing();
  take(circuits.failed(now));
  registry::Registry stopped = cast();
  stopped.stops.emplace("all:", registry::Stop{"all", "", kNow, "yama", "試験"});
  registry_is(stopped), registry_is(cast());
  charon.restarted();
  open(), tick();
  EXPECT_TRUE(sas.empty());
  EXPECT_EQ(held.size(), 1U);
}

TEST_F(CircuitsTest, WhatWasBeingLoadedWhenCharonWentIsLoadedAgain) {
  open();
  charon.silent = true;
  registry_is(cast());
  take(circuits.failed(now));
  charon.silent = false, charon.restarted();
  open();
  EXPECT_EQ(held.size(), 1U);
}

TEST_F(CircuitsTest, NothingIsKnownOfACircuitThatIsNotThere) {
  EXPECT_EQ(circuits.line("line-sato"), Line::unknown);
  standing();
  EXPECT_EQ(circuits.line("line-nothing"), Line::unknown);
  EXPECT_EQ(circuits.line(""), Line::unknown);
}

TEST_F(CircuitsTest, StaffSeeWhyACircuitIsClosed) {
  registry::Registry r = cast();
  registry::Circuit& c = r.circuits.at("line-sato");
  c.usable_at.reset();
  c.ordered_at = kNow - std::chrono::days(120);
  registry_is(r);
  const View view = circuits.view(now).at("line-sato");
  EXPECT_EQ(view.closed_because, "circuit.not_usable");
  EXPECT_FALSE(view.loaded);
}

TEST(CircuitsEvents, HaveTheFieldsThatNotesCarry) {
  for (const Event* event :
       {&kCircuitOpened, &kCircuitClosed, &kLineUp, &kLineDown, &kLoadFailed, &kCloseLate, &kStray}) {
    EXPECT_TRUE(event->has_field("circuit")) << event->id;
  }
  for (const Event* event :
       {&kCircuitOpened, &kCircuitClosed, &kLineUp, &kLineDown, &kCharonLost, &kCloseLate, &kStray}) {
    EXPECT_TRUE(event->audit) << event->id;
  }
}

}  // namespace
}  // namespace sekisho::circuits
