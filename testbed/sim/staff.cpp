// Staff who change what the registry says while people work, and everything that breaks.
#include "people.hpp"
#include "registry/changes.hpp"
#include "registry/fields.hpp"

#include <sekisho/sdk/result.hpp>

#include <string>
#include <utility>

namespace sekisho::sim {
namespace {

using registry::Kind;
using registry::Registry;
using std::chrono::minutes;

/// What the store says now; also when the gate never told whether a change was kept.
void look(World& world) {
  Registry now;
  const auto read = world.gatehouse().store().transact([&](store::Tx& tx) { now = tx.registry(); });
  if (read) world.judge().registry_is(now);
}

/// Through the gate, as the staff console does. Answers true when it was kept.
Answer<bool> change(World& world, const std::string& what, gate::Control::Change how) {
  Answer<bool> kept;
  gate::Gate* gate = world.gatehouse().gate();
  if (world.tracing()) world.say("staff: " + what);
  if (gate == nullptr) {
    world.heap().in(0, milliseconds(1), [kept] { kept.give(false); });
    return kept;
  }
  gate->change_registry(std::move(how), "yama", what, [&world, kept](Result<std::uint64_t> end) {
    look(world);
    world.heap().in(0, milliseconds(1), [kept, good = end.has_value()] { kept.give(good); });
  });
  // A gate that dies meanwhile answers nothing; what it kept counts all the same.
  world.heap().in(0, Seconds(5), [&world, kept] {
    if (kept.given()) return;
    look(world);
    world.judge().disturbed_until(world.heap().now() + Seconds(31));  // until the gate looks at its store itself
    kept.give(false);
  });
  return kept;
}

template <class Map>
std::string any_key(World& world, const Map& map) {
  if (map.empty()) return {};
  auto at = map.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(world.chance().under(map.size())));
  return at->first;
}

Answer<bool> end_one(World& world, Kind kind, const std::string& key) {
  const Instant now = world.gate_now();
  return change(world, "end " + key,
                [kind, key, now](Registry next) { return registry::end_object(std::move(next), kind, key, now); });
}

registry::Stop any_stop(World& world, const Contractor& who, const Registry& now) {
  registry::Stop stop;
  const std::uint64_t scope = world.chance().under(5);
  const char* const scopes[] = {"all", "path", "contractor", "person", "terminal"};
  const std::string targets[] = {"", who.path, now.people.at(who.id).contractor, who.id, who.terminal};
  stop.scope = scopes[scope];
  stop.target = targets[scope];
  stop.by = "yama";
  return stop;
}

Answer<bool> accept(World& world, const std::string& id) {
  const Instant now = world.gate_now();
  return change(world, "accept " + id, [id, now](Registry next) {
    return registry::accept_application(std::move(next), id, {.by = "yama", .note = {}, .build_up_exception = false},
                                        now);
  });
}

Answer<bool> prolong(World& world, const std::string& id) {
  return change(world, "prolong " + id, [id](Registry next) -> Result<Registry> {
    next.contracts.at(id).period.until += std::chrono::days(30);
    return next;
  });
}

}  // namespace

Story staff_change(World& world, int kind) {
  Chance& chance = world.chance();
  gate::Gate* gate = world.gatehouse().gate();
  if (gate == nullptr) co_return;
  const Registry now = *gate->registry();
  const Contractor& who = world.prefecture().people[chance.under(world.prefecture().people.size())];
  switch (kind) {
    case 0:
      co_await end_one(world, Kind::contract, any_key(world, now.contracts));
      break;
    case 1:
      co_await end_one(world, Kind::application, any_key(world, now.applications));
      break;
    case 2:  // lost on the train
      co_await end_one(world, Kind::terminal, who.terminal);
      break;
    case 3:
      co_await end_one(world, Kind::person, who.id);
      break;
    case 4:
      co_await end_one(world, Kind::certificate, who.leaf->row.fingerprint_sha256);
      break;
    case 5: {  // accepts what waits
      for (const auto& [id, application] : now.applications) {
        if (application.state != registry::ApplicationState::submitted) continue;
        co_await accept(world, id);
      }
      break;
    }
    case 6:
    case 7: {  // the stop switch, and release some minutes later
      const registry::Stop stop = any_stop(world, who, now);
      world.say("staff: stop " + stop.scope + " " + stop.target);
      gate->stop(stop, [&world](Result<std::size_t>) { look(world); });
      co_await pause(world.heap(), chance.span(Seconds(20), minutes(4)));
      look(world);
      if (gate::Gate* then = world.gatehouse().gate()) {
        world.say("staff: release " + stop.scope + " " + stop.target);
        then->release(stop.scope, stop.target, "yama", [&world](Result<void>) { look(world); });
      }
      co_await pause(world.heap(), Seconds(5));
      look(world);
      break;
    }
    case 8: {  // one session
      const auto sessions = gate->sessions();
      if (!sessions.empty()) {
        gate->end_session(sessions[chance.under(sessions.size())].number, "yama", "drill", [](Result<void>) {});
      }
      break;
    }
    default: {  // a longer contract
      const std::string id = any_key(world, now.contracts);
      co_await prolong(world, id);
      break;
    }
  }
}

void fault(World& world, int kind) {
  Chance& chance = world.chance();
  Gatehouse& house = world.gatehouse();
  world.say("fault " + std::to_string(kind));
  const char* const links[] = {"front:internet", "front:ip_vpn", "relay:internet",
                               "relay:ip_vpn",   "netd:netd",    "posture:posture"};
  const std::string link = links[chance.under(std::size(links))];
  switch (kind) {
    case 0:
      house.kill(chance.span(milliseconds(200), Seconds(10)));
      break;
    case 1:
      house.cut_power(chance.span(Seconds(5), minutes(3)));
      break;
    case 2:  // a neighbour dies and comes back
      if (link.starts_with("front")) world.front(link.substr(6)).crash();
      if (link.starts_with("relay")) world.relay(link.substr(6))->crash();
      if (link.starts_with("netd")) world.netd().crash();
      house.relink(link, chance.span(milliseconds(100), Seconds(3)));
      break;
    case 3:  // a link is lost, both sides live
      house.relink(link, chance.span(milliseconds(100), Seconds(20)));
      break;
    case 4:
      house.stall(link, chance.span(milliseconds(100), Seconds(20)));
      break;
    case 5:
      house.hang_store(chance.span(milliseconds(500), Seconds(12)));
      break;
    case 6:
      world.netd().fail_next(static_cast<int>(chance.between(1, 3)));
      break;
    case 7: {  // the disk refuses for a while
      world.journal_disk().fail_after(chance.under(3), static_cast<std::uint64_t>(chance.between(1, 6)),
                                      fail("audit.unwritable", "I/O error"));
      break;
    }
    case 8:
      house.step_wall_clock(chance.one_in(2) ? chance.span(Seconds(1), minutes(60))
                                             : -chance.span(Seconds(1), minutes(60)));
      if (chance.one_in(2)) house.kill(chance.span(milliseconds(200), Seconds(5)));
      break;
    case 9:  // the disk is full, then somebody makes room
      world.journal_disk().set_space({std::uint64_t{1} << 40, 0});
      world.heap().in(0, chance.span(Seconds(10), minutes(4)), [&world] {
        world.journal_disk().set_space({std::uint64_t{1} << 40, std::uint64_t{1} << 39});
      });
      break;
    case 10:
    case 11: {  // in the middle of something
      const char* const events[] = {"session.granted", "session.ended", "session.admitted", "desktop.opened",
                                    "login.asked",     "tunnel.up",     "registry.changed"};
      world.die_after(events[chance.under(std::size(events))]);
      break;
    }
    case 12:  // a site's device has no tunnel, or charon is away and nobody knows
      if (const auto& circuits = world.prefecture().registry.circuits; !circuits.empty()) {
        world.lines().lose(any_key(world, circuits), chance.one_in(3) ? registry::Line::unknown : registry::Line::down,
                           chance.span(milliseconds(500), minutes(5)));
      }
      break;
    default:  // twice in a row, the second while the first start is under way
      house.kill(milliseconds(50));
      world.heap().in(0, chance.span(milliseconds(50), milliseconds(80)),
                      [&house] { house.cut_power(milliseconds(500)); });
      break;
  }
}

}  // namespace sekisho::sim
