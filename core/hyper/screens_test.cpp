// Tickets for screens (T-60): what opens, and everything that does not.
#include "hyper/testing/hyper_bench.hpp"

#include <gtest/gtest.h>

namespace sekisho::hyper {
namespace {

using namespace hyper::testing;

/// The call that looks at the machine, after the ticket was found good.
std::uint64_t look_of(Actions actions) {
  const Call* call = only<Call>(actions);
  EXPECT_NE(call, nullptr);
  if (call == nullptr) return 0;
  EXPECT_EQ(call->kind, CallKind::look);
  return call->id;
}

TEST(Screens, ATicketOpensItsScreenOnce) {
  Bench b;
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  const auto look = look_of(b.hyper.from_relay("internet", b.asked(), b.now));
  auto next = b.hyper.done(look, Bench::seen(kServer), b.now);
  Call* screen = only<Call>(next);
  ASSERT_NE(screen, nullptr);
  EXPECT_EQ(screen->kind, CallKind::screen);
  EXPECT_EQ(screen->uuid, kServer);
  const std::uint64_t id = screen->id;
  auto opened = b.hyper.done(id, Outcome{}, b.now);
  const ToRelay* to = only<ToRelay>(opened);
  ASSERT_NE(to, nullptr);
  EXPECT_EQ(to->relay, "internet");
  EXPECT_EQ(to->descriptor_of, id);
  const auto& answer = std::get<seam::ScreenAnswer>(to->message);
  EXPECT_TRUE(answer.ok);
  EXPECT_EQ(answer.number, 9u);

  EXPECT_EQ(refused(b.hyper.from_relay("internet", b.asked(), b.now)), "screen.ticket") << "a replay";
  EXPECT_EQ(b.hyper.calls(), 0u);
}

TEST(Screens, SerialAndPictureAreOtherCallsOfTheSameKindOfTicket) {
  for (const auto& [kind, call] : {std::pair(seam::ScreenKind::serial, CallKind::serial),
                                   std::pair(seam::ScreenKind::picture, CallKind::picture)}) {
    Bench b;
    auto right = b.right();
    right.kind = kind;
    ASSERT_EQ(told(b.ask("servers", std::move(right))), "done");
    auto asked = b.asked();
    asked.kind = kind;
    auto next =
        b.hyper.done(look_of(b.hyper.from_relay("internet", std::move(asked), b.now)), Bench::seen(kServer), b.now);
    ASSERT_NE(only<Call>(next), nullptr);
    EXPECT_EQ(only<Call>(next)->kind, call);
    auto opened = b.hyper.done(only<Call>(next)->id, Outcome{{}, "image/png"}, b.now);
    EXPECT_EQ(std::get<seam::ScreenAnswer>(only<ToRelay>(opened)->message).media_type, "image/png");
  }
}

TEST(Screens, ATicketIsForItsRelaySessionMachineManagerAndKindAlone) {
  const auto attempt = [](auto change, const std::string& relay = "internet") {
    Bench b;
    EXPECT_EQ(told(b.ask("servers", b.right())), "done");
    seam::ScreenAsk asked = b.asked();
    change(asked);
    const std::string first = refused(b.hyper.from_relay(relay, std::move(asked), b.now));
    EXPECT_EQ(refused(b.hyper.from_relay("internet", b.asked(), b.now)),
              first == "screen.ticket" && b.hyper.tickets() == 0 ? "screen.ticket" : "")
        << "a ticket shown wrongly is used up";
    EXPECT_EQ(b.hyper.calls(), 0u);
    return first;
  };
  EXPECT_EQ(attempt([](seam::ScreenAsk&) {}, "closed"), "screen.ticket");
  EXPECT_EQ(attempt([](seam::ScreenAsk& a) { a.session = "S20261127-1-000043"; }), "screen.ticket");
  EXPECT_EQ(attempt([](seam::ScreenAsk& a) { a.uuid = kDesktop; }), "screen.ticket");
  EXPECT_EQ(attempt([](seam::ScreenAsk& a) { a.manager = "desks"; }), "screen.ticket");
  EXPECT_EQ(attempt([](seam::ScreenAsk& a) { a.kind = seam::ScreenKind::serial; }), "screen.ticket");
}

TEST(Screens, WhatWasNeverGivenOpensNothing) {
  Bench b;
  EXPECT_EQ(refused(b.hyper.from_relay("internet", b.asked(), b.now)), "screen.ticket");
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  for (const std::string& wrong : {std::string(), std::string("a"), std::string(63, 'a'), std::string(64, 'b')}) {
    seam::ScreenAsk asked = b.asked();
    asked.ticket = Secret(wrong);
    EXPECT_EQ(refused(b.hyper.from_relay("internet", std::move(asked), b.now)), "screen.ticket");
  }
  EXPECT_EQ(b.hyper.tickets(), 1u) << "guessing uses up nobody's ticket";
}

TEST(Screens, ATicketLivesThirtySecondsAtMost) {
  Bench b;
  for (const unsigned life : {0u, 31u, 255u}) {
    auto right = b.right();
    right.life_s = static_cast<std::uint8_t>(life);
    EXPECT_EQ(told(b.ask("servers", std::move(right))), "hyper.bad_ticket") << life;
  }
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  b.now += Seconds(30) - std::chrono::microseconds(1);
  Bench late;
  ASSERT_EQ(told(late.ask("servers", late.right())), "done");
  late.now += Seconds(30);
  EXPECT_EQ(refused(late.hyper.from_relay("internet", late.asked(), late.now)), "screen.ticket");
  EXPECT_EQ(late.hyper.tickets(), 0u);
  EXPECT_NE(look_of(b.hyper.from_relay("internet", b.asked(), b.now)), 0u) << "just in time";
}

TEST(Screens, ATicketThatIsNoneIsRefusedWhenItIsGiven) {
  Bench b;
  const auto given = [&](auto change) {
    auto right = b.right();
    change(right);
    return told(b.ask("servers", std::move(right)));
  };
  EXPECT_EQ(given([](seam::HyperAllow& r) { r.ticket = Secret("short"); }), "hyper.bad_ticket");
  EXPECT_EQ(given([](seam::HyperAllow& r) { r.uuid = "web-01"; }), "hyper.bad_ticket");
  EXPECT_EQ(given([](seam::HyperAllow& r) { r.session.clear(); }), "hyper.bad_ticket");
  EXPECT_EQ(given([](seam::HyperAllow& r) { r.relay.clear(); }), "hyper.bad_ticket");
  ASSERT_EQ(given([](seam::HyperAllow&) {}), "done");
  EXPECT_EQ(given([](seam::HyperAllow&) {}), "hyper.bad_ticket") << "the same once more";
  for (int i = 0; i < 1023; ++i) {
    char digits[65];
    std::snprintf(digits, sizeof digits, "%064d", i);
    ASSERT_EQ(given([&](seam::HyperAllow& r) { r.ticket = Secret(digits); }), "done");
  }
  EXPECT_EQ(given([](seam::HyperAllow& r) { r.ticket = Secret(std::string(64, 'f')); }), "console.busy");
}

TEST(Screens, AMachineThatHasStoppedOrIsAnotherByNowDoesNotOpen) {
  for (const auto state : {MachineState::stopped, MachineState::crashed, MachineState::unknown}) {
    Bench b;
    ASSERT_EQ(told(b.ask("servers", b.right())), "done");
    const auto look = look_of(b.hyper.from_relay("internet", b.asked(), b.now));
    EXPECT_EQ(refused(b.hyper.done(look, Bench::seen(kServer, state), b.now)), "screen.not_running");
    EXPECT_EQ(b.hyper.calls(), 0u);
  }
  Bench b;
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  EXPECT_EQ(
      refused(b.hyper.done(look_of(b.hyper.from_relay("internet", b.asked(), b.now)), Bench::seen(kDesktop), b.now)),
      "screen.not_running");
}

TEST(Screens, EveryFailureOfADriverIsARefusalAPersonCanRead) {
  for (const auto& [code, shown] :
       {std::pair("console.unreachable", "screen.unreachable"), std::pair("console.timed_out", "screen.unreachable"),
        std::pair("console.busy", "screen.busy"), std::pair("console.way_out", "screen.way_out"),
        std::pair("console.no_such_machine", "screen.not_running"), std::pair("anything.else", "screen.unreachable")}) {
    Bench b;
    ASSERT_EQ(told(b.ask("servers", b.right())), "done");
    EXPECT_EQ(refused(b.hyper.done(look_of(b.hyper.from_relay("internet", b.asked(), b.now)), fail(code), b.now)),
              shown);
  }
}

TEST(Screens, ASessionsEndStopsItsTicketsAndWhatIsOpening) {
  Bench b;
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  const auto look = look_of(b.hyper.from_relay("internet", b.asked(), b.now));
  auto second = b.right();
  second.ticket = Secret(std::string(64, 'b'));
  ASSERT_EQ(told(b.ask("servers", std::move(second))), "done");
  EXPECT_EQ(told(b.ask("", seam::HyperWithdraw{kSession})), "done");
  EXPECT_EQ(b.hyper.tickets(), 0u);
  EXPECT_TRUE(b.hyper.done(look, Bench::seen(kServer), b.now).empty()) << "its screen is not opened any more";
  EXPECT_EQ(told(b.ask("servers", seam::HyperWithdraw{kSession})), "hyper.bad_name");
}

TEST(Screens, WithoutTheGatekeeperNoTicketIsGood) {
  Bench b;
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  b.hyper.gate_gone();
  EXPECT_EQ(refused(b.hyper.from_relay("internet", b.asked(), b.now)), "screen.ticket");
}

TEST(Screens, ARelayThatHasGoneGetsNothing) {
  Bench b;
  ASSERT_EQ(told(b.ask("servers", b.right())), "done");
  auto next = b.hyper.done(look_of(b.hyper.from_relay("internet", b.asked(), b.now)), Bench::seen(kServer), b.now);
  const auto screen = only<Call>(next)->id;
  b.hyper.relay_gone("internet");
  EXPECT_TRUE(b.hyper.done(screen, Outcome{}, b.now).empty()) << "its descriptor goes to nobody";
}

}  // namespace
}  // namespace sekisho::hyper
