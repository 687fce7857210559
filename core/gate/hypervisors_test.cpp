// The gatekeeper's side of hyperd, with the other side as it is (hyper::Hyper) over a hypervisor in memory.
#include "gate/hypervisors.hpp"

#include "hyper/hyper.hpp"
#include "hyper/testing/fake_driver.hpp"
#include "hyper/testing/hyper_bench.hpp"
#include "run/testing/fake_services.hpp"
#include "run/testing/memory_link.hpp"

#include <gtest/gtest.h>

namespace sekisho::gate {
namespace {

using namespace hyper::testing;
using registry::Zone;

/// hyperd of one zone at the other end of a link; its driver answers at once.
struct FakeHyperd final : seam::Link::Handler {
  hyper::Hyper machine{Zone::internet_business,
                       {{"servers", hyper::ManagerRole::consoles}, {"desks", hyper::ManagerRole::desktops}}};
  FakeDriver servers, desks;
  run::testing::FakeTimers* timers = nullptr;
  seam::Link* link = nullptr;
  bool silent = false, breached = false;
  std::vector<std::string> opened;  ///< what a relay got

  void on_message(seam::Message message, int) override {
    if (!silent) act(machine.from_gate(std::move(message), timers->now()));
  }
  void on_closed(std::string_view) override {}
  void show(const std::string& relay, const Secret& ticket, const std::string& session = kSession) {
    act(machine.from_relay(
        relay, seam::ScreenAsk{9, kZone, "servers", session, kServer, seam::ScreenKind::screen, ticket.clone()},
        timers->now()));
  }
  void act(hyper::Actions actions) {
    for (hyper::Action& action : actions) {
      if (auto* call = std::get_if<hyper::Call>(&action)) {
        act(machine.done(call->id, perform(*call), timers->now()));
      } else if (auto* to = std::get_if<hyper::ToGate>(&action)) {
        link->send(to->message);
      } else if (auto* relay = std::get_if<hyper::ToRelay>(&action)) {
        const auto& answer = std::get<seam::ScreenAnswer>(relay->message);
        opened.push_back(answer.ok ? "open" : answer.refusal.code);
      } else if (std::holds_alternative<hyper::Breach>(action)) {
        breached = true;
      }
    }
  }

 private:
  Result<hyper::Outcome> perform(const hyper::Call& call) {
    FakeDriver& driver = call.manager == "desks" ? desks : servers;
    const auto one = [](Result<Machine> machine) -> Result<hyper::Outcome> {
      if (!machine) return machine.error();
      return hyper::Outcome{{*machine}, {}};
    };
    const auto done = [](const Result<void>& end) -> Result<hyper::Outcome> {
      if (!end) return end.error();
      return hyper::Outcome{};
    };
    switch (call.kind) {
      case hyper::CallKind::list: {
        auto all = driver.machines(call.limit);
        if (!all) return all.error();
        return hyper::Outcome{*all, {}};
      }
      case hyper::CallKind::create:
        return one(driver.create({call.uuid, call.model, call.mac}, call.limit));
      case hyper::CallKind::look:
        return one(driver.machine(call.uuid, call.limit));
      case hyper::CallKind::destroy:
        return done(driver.destroy(call.uuid, call.limit));
      case hyper::CallKind::power:
        return done(driver.power(call.uuid, call.action, call.limit));
      case hyper::CallKind::set_login:
        return done(driver.set_login(call.uuid, call.name, call.password, call.limit));
      default:
        return hyper::Outcome{};
    }
  }
};

struct GateEnd final : seam::Link::Handler {
  Hypervisors* gate = nullptr;
  void on_message(seam::Message message, int) override { gate->on_message(kZone, message); }
  void on_closed(std::string_view) override {}
};

struct HypervisorsTest : ::testing::Test {
  HypervisorsTest() : services(7, Instant{std::chrono::hours(500000)}) {
    hyperd.servers.add(kServer, "web-01");
    hyperd.timers = &services.timers;
    links = run::testing::make_memory_links(services.timers, end, hyperd);
    hyperd.link = links.second.get();
    end.gate = &gate;
  }
  static desktops::Pool pool() {
    desktops::Pool out;
    out.name = "vdi", out.manager = "desks", out.model = "win11", out.account = "maint";
    out.seats = {{"", "52:54:00:00:00:01", "10.60.0.10", 5900}, {"vdi-mori", "52:54:00:00:00:02", "10.60.0.11", 5900}};
    return out;
  }
  void here() {
    gate.attached(kZone, *links.first);
    services.timers.settle();
  }
  void settle() { services.timers.settle(); }
  [[nodiscard]] bool noted(std::string_view id) const {
    return std::ranges::any_of(notes, [&](const desktops::Note& note) { return note.event->id == id; });
  }
  Hypervisors::Right right() { return {kSession, "servers", kServer, "internet", seam::ScreenKind::screen}; }

  run::testing::FakeServices services;
  std::vector<desktops::Note> notes;
  FakeHyperd hyperd;
  GateEnd end;
  run::testing::MemoryLinks links;
  Hypervisors gate{{{Zone::internet_business, {pool()}}, {Zone::my_number, {}}},
                   services.services(),
                   [this](const desktops::Note& note) { notes.push_back(note); }};
};

TEST_F(HypervisorsTest, ASessionGetsADesktopAndItsEndTakesItAway) {
  here();
  ASSERT_TRUE(gate.want(kSession, Zone::internet_business, "vdi"));
  settle();
  const auto view = gate.view(kSession);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->state, "ready");
  EXPECT_EQ(hyperd.desks.logins[view->machine], "maint:" + std::string(view->password.reveal()));
  EXPECT_TRUE(noted("desktop.ready"));
  const std::string machine = view->machine;
  gate.left(kSession);
  settle();
  EXPECT_FALSE(gate.view(kSession));
  EXPECT_EQ(hyperd.desks.machine(machine, {}).error().code, "console.no_such_machine");
  EXPECT_TRUE(noted("desktop.destroyed"));
  EXPECT_FALSE(hyperd.breached);
}

TEST_F(HypervisorsTest, APersonalDesktopIsKnownByItsIdInItsZoneAlone) {
  here();
  EXPECT_FALSE(gate.want(kSession, Zone::my_number, "vdi-mori"));
  EXPECT_FALSE(gate.want(kSession, Zone::internet_dmz, "vdi-mori"));
  EXPECT_FALSE(gate.want(kSession, Zone::internet_business, "vdi-tani"));
  ASSERT_TRUE(gate.want(kSession, Zone::internet_business, "vdi-mori"));
  settle();
  EXPECT_EQ(gate.view(kSession)->address, "10.60.0.11");
}

TEST_F(HypervisorsTest, ATicketOpensWhatItWasGivenFor) {
  here();
  std::optional<Result<Secret>> given;
  gate.allow(Zone::internet_business, right(), [&](Result<Secret> ticket) { given.emplace(std::move(ticket)); });
  EXPECT_FALSE(given) << "not before hyperd knows it";
  settle();
  ASSERT_TRUE(given && *given);
  EXPECT_EQ((*given)->size(), 64u);
  hyperd.show("internet", **given);
  hyperd.show("internet", **given);
  EXPECT_EQ(hyperd.opened, (std::vector<std::string>{"open", "screen.ticket"}));
}

TEST_F(HypervisorsTest, ATicketOfASessionThatHasEndedOpensNothing) {
  here();
  std::optional<Secret> ticket;
  gate.allow(Zone::internet_business, right(), [&](Result<Secret> given) { ticket = *std::move(given); });
  settle();
  ASSERT_TRUE(ticket);
  gate.left(kSession);
  settle();
  hyperd.show("internet", *ticket);
  EXPECT_EQ(hyperd.opened, std::vector<std::string>{"screen.ticket"});
}

TEST_F(HypervisorsTest, WithoutHyperdNothingIsAllowedAndWhoWaitsIsTold) {
  std::vector<std::string> told;
  const auto tell = [&](const Result<Secret>& ticket) { told.push_back(ticket ? "given" : ticket.error().code); };
  gate.allow(Zone::internet_business, right(), tell);
  EXPECT_EQ(told, std::vector<std::string>{"hyper.gone"});
  here();
  gate.allow(Zone::my_number, right(), tell);
  hyperd.silent = true;
  gate.allow(Zone::internet_business, right(), tell);
  settle();
  gate.detached(kZone);
  EXPECT_EQ(told, (std::vector<std::string>{"hyper.gone", "hyper.gone", "hyper.gone"}));
  gate.attached(kZone, *links.first);
  gate.allow(Zone::internet_business, right(), tell);
  services.timers.advance(Seconds(5));
  EXPECT_EQ(told.back(), "hyper.no_answer") << "before the page's relay gives up";
}

TEST_F(HypervisorsTest, AZoneHasOneVoiceAndMissesIt) {
  EXPECT_TRUE(gate.expects(kZone));
  EXPECT_FALSE(gate.expects("internet_dmz")) << "it is not configured";
  EXPECT_FALSE(gate.expects("nowhere"));
  EXPECT_EQ(gate.missing(), (std::vector<std::string>{"internet_business", "my_number"}));
  here();
  EXPECT_FALSE(gate.expects(kZone)) << "one is here";
  EXPECT_TRUE(gate.here(Zone::internet_business));
  EXPECT_FALSE(gate.here(Zone::my_number));
  EXPECT_EQ(gate.missing(), std::vector<std::string>{"my_number"});
  gate.detached(kZone);
  EXPECT_TRUE(gate.expects(kZone));
}

TEST_F(HypervisorsTest, TicketsMayGoWhileTheDesktopStays) {
  here();
  ASSERT_TRUE(gate.want(kSession, Zone::internet_business, "vdi"));
  std::optional<Secret> ticket;
  gate.allow(Zone::internet_business, right(), [&](Result<Secret> given) { ticket = *std::move(given); });
  settle();
  ASSERT_TRUE(ticket);
  gate.withdraw(kSession);
  settle();
  hyperd.show("internet", *ticket);
  EXPECT_EQ(hyperd.opened, std::vector<std::string>{"screen.ticket"});
  EXPECT_EQ(gate.view(kSession)->state, "ready");
}

TEST_F(HypervisorsTest, ASessionThatOutlivedTheGateFindsItsDesktop) {
  here();
  ASSERT_TRUE(gate.want(kSession, Zone::internet_business, "vdi-mori"));
  settle();
  const std::string machine = gate.view(kSession)->machine;
  Hypervisors next({{Zone::internet_business, {pool()}}}, services.services(), [](const desktops::Note&) {});
  gate.detached(kZone);
  end.gate = &next;
  const std::string seat = "10.60.0.11";
  EXPECT_FALSE(next.adopt(kSession, Zone::internet_business, "vdi-tani", machine, seat));
  EXPECT_FALSE(next.adopt(kSession, Zone::my_number, "vdi-mori", machine, seat));
  EXPECT_FALSE(next.adopt(kSession, Zone::internet_business, "vdi-mori", machine, "10.60.0.10")) << "another's seat";
  ASSERT_TRUE(next.adopt(kSession, Zone::internet_business, "vdi-mori", machine, seat));
  next.attached(kZone, *links.first);
  settle();
  ASSERT_TRUE(next.view(kSession));
  EXPECT_EQ(next.view(kSession)->state, "ready");
  EXPECT_EQ(next.view(kSession)->machine, machine);
}

TEST_F(HypervisorsTest, ListsAndSwitchesServers) {
  here();
  std::vector<seam::HyperMachine> seen;
  gate.list(Zone::internet_business, "servers", [&](Result<std::vector<seam::HyperMachine>> all) { seen = *all; });
  settle();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].uuid, kServer);
  std::string end_code;
  const auto tell = [&](const Result<void>& end) { end_code = end ? "done" : end.error().code; };
  gate.power(Zone::internet_business, "servers", kServer, PowerAction::power_off, tell);
  settle();
  EXPECT_EQ(end_code, "done");
  EXPECT_EQ(hyperd.servers.machine(kServer, {})->state, MachineState::stopped);
  gate.power(Zone::internet_business, "servers", "web-01", PowerAction::start, tell);
  settle();
  EXPECT_EQ(end_code, "console.no_such_machine");
}

TEST_F(HypervisorsTest, AnswersOfAnotherZoneAreNobodys) {
  here();
  hyperd.silent = true;
  std::string told;
  gate.allow(Zone::internet_business, right(), [&](const Result<Secret>& t) { told = t ? "given" : t.error().code; });
  settle();
  gate.on_message("my_number", seam::HyperAnswer{std::uint64_t{1} << 63, "my_number", seam::HyperDone{}});
  gate.on_message(kZone, seam::HyperAnswer{std::uint64_t{1} << 63, "my_number", seam::HyperDone{}});
  EXPECT_EQ(told, "");
  gate.on_message(kZone, seam::HyperAnswer{std::uint64_t{1} << 63, kZone, seam::HyperDone{}});
  EXPECT_EQ(told, "given");
}

}  // namespace
}  // namespace sekisho::gate
