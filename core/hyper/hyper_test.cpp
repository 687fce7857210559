// Verbs of the gatekeeper: what becomes a call, and what no driver ever hears of (T-62).
#include "hyper/hyper.hpp"

#include "hyper/testing/hyper_bench.hpp"
#include "seam/codec.hpp"

#include <gtest/gtest.h>

namespace sekisho::hyper {
namespace {

using namespace hyper::testing;

TEST(Hyper, EveryVerbBecomesItsOneCall) {
  Bench b;
  const auto call = [&](const char* manager, seam::HyperVerb verb) {
    auto actions = b.ask(manager, std::move(verb));
    Call* made = only<Call>(actions);
    EXPECT_NE(made, nullptr);
    if (made == nullptr) return Call{};
    EXPECT_EQ(made->manager, manager);
    Call out = std::move(*made);
    static_cast<void>(b.hyper.done(out.id, Outcome{}, b.now));
    return out;
  };
  EXPECT_EQ(call("servers", seam::HyperList{}).kind, CallKind::list);
  EXPECT_EQ(call("servers", seam::HyperLook{kServer}).uuid, kServer);
  const Call power = call("servers", seam::HyperPower{kServer, PowerAction::reset});
  EXPECT_EQ(power.kind, CallKind::power);
  EXPECT_EQ(power.action, PowerAction::reset);
  const Call create = call("desks", seam::HyperCreate{kDesktop, "win11", "52:54:00:00:00:01"});
  EXPECT_EQ(create.kind, CallKind::create);
  EXPECT_EQ(create.model + " " + create.mac + " " + create.uuid, std::string("win11 52:54:00:00:00:01 ") + kDesktop);
  EXPECT_EQ(call("desks", seam::HyperDestroy{kDesktop}).kind, CallKind::destroy);
  EXPECT_EQ(call("desks", seam::HyperTakeSnapshot{kDesktop, "clean"}).name, "clean");
  EXPECT_EQ(call("desks", seam::HyperRevert{kDesktop, "clean"}).kind, CallKind::revert);
  const Call login = call("desks", seam::HyperSetLogin{kDesktop, "maint", Secret("once")});
  EXPECT_EQ(login.name, "maint");
  EXPECT_EQ(login.password.reveal(), "once");
  EXPECT_GT(create.limit, power.limit) << "every verb knows how long it may take";
}

TEST(Hyper, AManagerOfServersMakesEndsAndChangesNoMachine) {
  Bench b;
  EXPECT_EQ(told(b.ask("servers", seam::HyperCreate{kDesktop, "win11", "52:54:00:00:00:01"})), "hyper.not_allowed");
  EXPECT_EQ(told(b.ask("servers", seam::HyperDestroy{kServer})), "hyper.not_allowed");
  EXPECT_EQ(told(b.ask("servers", seam::HyperRevert{kServer, "clean"})), "hyper.not_allowed");
  EXPECT_EQ(told(b.ask("servers", seam::HyperTakeSnapshot{kServer, "clean"})), "hyper.not_allowed");
  EXPECT_EQ(told(b.ask("servers", seam::HyperSetLogin{kServer, "root", Secret("x")})), "hyper.not_allowed");
  EXPECT_EQ(b.hyper.calls(), 0u);
}

TEST(Hyper, NamesAreUuidsAndWordsAndNothingElse) {
  Bench b;
  for (const char* name : {"", "web-01", "*", "1B7C8A52-6A1E-4B0E-9C55-3F2A7D0E9B11", "../../etc/passwd",
                           "1b7c8a52-6a1e-4b0e-9c55-3f2a7d0e9b1'"}) {
    EXPECT_EQ(told(b.ask("servers", seam::HyperLook{name})), "console.no_such_machine") << name;
    EXPECT_EQ(told(b.ask("servers", seam::HyperPower{name, PowerAction::start})), "console.no_such_machine") << name;
    EXPECT_EQ(told(b.ask("desks", seam::HyperDestroy{name})), "console.no_such_machine") << name;
  }
  EXPECT_EQ(told(b.ask("desks", seam::HyperCreate{kDesktop, "Win 11", "52:54:00:00:00:01"})), "hyper.bad_name");
  EXPECT_EQ(told(b.ask("desks", seam::HyperCreate{kDesktop, "win11", "ff:ff:ff:ff:ff:ff"})), "hyper.bad_name");
  EXPECT_EQ(told(b.ask("desks", seam::HyperRevert{kDesktop, "<x/>"})), "hyper.bad_name");
  EXPECT_EQ(told(b.ask("desks", seam::HyperSetLogin{kDesktop, "maint", Secret("")})), "hyper.bad_name");
  EXPECT_EQ(told(b.ask("desks", seam::HyperSetLogin{kDesktop, "NT\\x", Secret("x")})), "hyper.bad_name");
  EXPECT_EQ(told(b.ask("others", seam::HyperList{})), "hyper.no_such_manager");
  EXPECT_EQ(b.hyper.calls(), 0u);
}

TEST(Hyper, AMessageOfAnotherZoneOrKindEndsItsLink) {
  Bench b;
  const auto breach = [](Actions actions) {
    const Breach* found = only<Breach>(actions);
    return found == nullptr ? std::string("none") : "at " + found->relay;
  };
  EXPECT_EQ(breach(b.hyper.from_gate(seam::HyperAsk{1, "my_number", "servers", seam::HyperList{}}, b.now)), "at ");
  EXPECT_EQ(breach(b.hyper.from_gate(seam::HyperAsk{1, "", "servers", seam::HyperList{}}, b.now)), "at ");
  EXPECT_EQ(breach(b.hyper.from_gate(seam::EntranceEnd{"S"}, b.now)), "at ");
  EXPECT_EQ(breach(b.hyper.from_gate(seam::ScreenAsk(b.asked()), b.now)), "at ") << "a relay's word";
  EXPECT_EQ(breach(b.hyper.from_relay("internet", seam::HyperAsk{1, kZone, "servers", seam::HyperList{}}, b.now)),
            "at internet")
      << "a relay says no verb";
  EXPECT_EQ(breach(b.hyper.from_relay("internet", seam::Ready{}, b.now)), "at internet");
  seam::ScreenAsk foreign = b.asked();
  foreign.zone = "my_number";
  EXPECT_EQ(breach(b.hyper.from_relay("internet", std::move(foreign), b.now)), "at internet");
  EXPECT_EQ(b.hyper.calls(), 0u);
  EXPECT_TRUE(b.hyper.from_gate(seam::Heartbeat{1}, b.now).empty());
  EXPECT_TRUE(b.hyper.from_relay("internet", seam::Heartbeat{1}, b.now).empty());
}

TEST(Hyper, OneChangeOfAMachineAtATime) {
  Bench b;
  auto first = b.ask("desks", seam::HyperCreate{kDesktop, "win11", "52:54:00:00:00:01"});
  EXPECT_EQ(told(b.ask("desks", seam::HyperDestroy{kDesktop})), "console.busy");
  EXPECT_NE(only<Call>(first), nullptr);
  auto look = b.ask("desks", seam::HyperLook{kDesktop});
  EXPECT_NE(only<Call>(look), nullptr) << "looking changes nothing";
  auto other = b.ask("desks", seam::HyperDestroy{kServer});
  EXPECT_NE(only<Call>(other), nullptr);
  EXPECT_EQ(told(b.hyper.done(only<Call>(first)->id, Bench::seen(kDesktop), b.now)), "machines 1");
  auto then = b.ask("desks", seam::HyperDestroy{kDesktop});
  ASSERT_NE(only<Call>(then), nullptr);
  EXPECT_EQ(told(b.hyper.done(only<Call>(then)->id, fail("console.timed_out"), b.now)), "console.timed_out");
  auto again = b.ask("desks", seam::HyperDestroy{kDesktop});
  EXPECT_NE(only<Call>(again), nullptr) << "a failed change is over too";
}

TEST(Hyper, AnswersInPiecesThatFitAPacket) {
  Bench b;
  auto asked = b.ask("servers", seam::HyperList{});
  Outcome many;
  for (int i = 0; i < 600; ++i) {
    char uuid[37];
    std::snprintf(uuid, sizeof uuid, "1b7c8a52-6a1e-4b0e-9c55-%012d", i);
    many.machines.push_back({uuid, std::string(300, 'n'), MachineState::running, false});
  }
  many.machines.push_back({"not a uuid", "x", MachineState::running, false});
  auto answers = b.hyper.done(only<Call>(asked)->id, std::move(many), b.now);
  for (const Action& action : answers) EXPECT_TRUE(seam::encode(std::get<ToGate>(action).message));
  EXPECT_EQ(told(std::move(answers)), "machines 256, machines 256, machines 88");
}

TEST(Hyper, AFloodIsRefusedAndEndsWithItsCalls) {
  Bench b;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 256; ++i) {
    auto actions = b.ask("servers", seam::HyperLook{kServer});
    ids.push_back(only<Call>(actions)->id);
  }
  EXPECT_EQ(told(b.ask("servers", seam::HyperLook{kServer})), "console.busy");
  EXPECT_EQ(told(b.hyper.done(ids[0], Bench::seen(kServer), b.now)), "machines 1");
  auto next = b.ask("servers", seam::HyperLook{kServer});
  EXPECT_NE(only<Call>(next), nullptr);
}

TEST(Hyper, AnAnswerComesOnceAndNotAfterTheGateHasGone) {
  Bench b;
  auto asked = b.ask("servers", seam::HyperLook{kServer});
  const std::uint64_t id = only<Call>(asked)->id;
  b.hyper.gate_gone();
  EXPECT_TRUE(b.hyper.done(id, Bench::seen(kServer), b.now).empty());
  EXPECT_TRUE(b.hyper.done(id, Bench::seen(kServer), b.now).empty());
  EXPECT_TRUE(b.hyper.done(4711, Bench::seen(kServer), b.now).empty());
}

TEST(Hyper, TellsWhatADriverSaw) {
  Bench b;
  auto actions = b.hyper.saw("servers", {kServer, MachineState::stopped, false});
  const auto& saw = std::get<seam::HyperSaw>(only<ToGate>(actions)->message);
  EXPECT_EQ(saw.zone + " " + saw.manager + " " + saw.uuid, std::string(kZone) + " servers " + kServer);
  EXPECT_EQ(saw.state, MachineState::stopped);
  EXPECT_TRUE(b.hyper.saw("servers", {"web-01", MachineState::stopped, false}).empty());
  auto lost = b.hyper.saw("servers", {"", MachineState::unknown, true});
  EXPECT_TRUE(std::get<seam::HyperSaw>(only<ToGate>(lost)->message).manager_lost);
}

}  // namespace
}  // namespace sekisho::hyper
