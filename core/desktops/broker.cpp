#include "desktops/broker.hpp"

#include "desktops/events.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::desktops {
namespace {

constexpr Seconds kAnswerWithin(75);  // hyperd's longest verb has 62
constexpr Seconds kLookEvery(1);
constexpr unsigned kTriesForAPerson = 5;

bool serves(const Pool& pool, const Seat& seat, const std::string& desktop) {
  if (!seat.desktop.empty()) return seat.desktop == desktop;
  return pool.name == desktop || std::ranges::find(pool.desktops, desktop) != pool.desktops.end();
}

}  // namespace

Seconds pause_after(unsigned failures) {
  return std::min(Seconds(60), Seconds(1 << std::min(failures, 6U)));
}

Broker::Broker(registry::Zone zone, std::vector<Pool> pools, Entropy& entropy)
    : zone_(registry::to_string(zone)), pools_(std::move(pools)), entropy_(entropy) {
  for (const Pool& pool : pools_) {
    managers_[pool.manager];
    for (const Seat& seat : pool.seats) {
      Place place;
      place.pool = &pool, place.seat = &seat;
      places_.push_back(std::move(place));
    }
  }
}

// --- sessions

bool Broker::knows(const std::string& desktop) const {
  return !desktop.empty() &&
         std::ranges::any_of(places_, [&](const Place& p) { return serves(*p.pool, *p.seat, desktop); });
}

bool Broker::want(const std::string& session, const std::string& desktop, Instant now, Actions& out) {
  if (!knows(desktop)) return false;
  auto [found, fresh] = wanted_.try_emplace(session);
  Wanted& wanted = found->second;
  if (!fresh && wanted.stopped.empty()) return true;
  if (!fresh && wanted.desktop != desktop) return false;
  wanted.desktop = desktop, wanted.stopped.clear(), wanted.since = now;
  queue_.push_back(session);
  settle(now, out);
  return true;
}

Actions Broker::left(const std::string& session, Instant now) {
  Actions out;
  const auto found = wanted_.find(session);
  if (found == wanted_.end()) return out;
  const std::size_t index = found->second.place;
  wanted_.erase(found);
  std::erase(queue_, session);
  if (index != kNone) {
    Place& place = places_[index];
    // Before it was given nobody could reach it: it is as clean as it was made.
    if (place.phase == Phase::giving || place.phase == Phase::ready) {
      end(index, now, out);
    } else {
      place.session.clear();
    }
  }
  settle(now, out);
  return out;
}

bool Broker::adopt(const std::string& session, const std::string& desktop, const std::string& machine,
                   const std::string& address) {
  if (wanted_.contains(session) || !is_machine_uuid(machine)) return false;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    // The card that it has is that seat's: at another one it would answer for somebody else (R12).
    if (place.seat->address != address || !serves(*place.pool, *place.seat, desktop)) continue;
    if (place.phase != Phase::empty || !place.session.empty()) continue;
    place.phase = Phase::giving;  // and so never anybody else's
    place.machine = machine, place.session = session;
    wanted_[session] = {desktop, i, {}, {}};
    return true;
  }
  return false;
}

std::size_t Broker::place_for(const std::string& desktop) const {
  std::size_t best = kNone;
  unsigned best_rank = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (!serves(*place.pool, *place.seat, desktop) || !place.session.empty()) continue;
    const unsigned rank = place.phase == Phase::spare      ? 4
                          : place.phase == Phase::booting  ? 3
                          : place.phase == Phase::creating ? 2
                          : place.phase == Phase::empty    ? 1
                                                           : 0;
    if (rank > best_rank) best = i, best_rank = rank;
  }
  return best;
}

void Broker::assign(Instant now, Actions& out) {
  std::deque<std::string> still;
  for (const std::string& session : std::exchange(queue_, {})) {
    const std::size_t index = place_for(wanted_.at(session).desktop);
    if (index == kNone) {
      still.push_back(session);
    } else {
      bind(index, session, now, out);
    }
  }
  queue_ = std::move(still);
}

void Broker::bind(std::size_t index, const std::string& session, Instant now, Actions& out) {
  Place& place = places_[index];
  place.session = session;
  wanted_.at(session).place = index;
  if (place.phase == Phase::spare) give(index, now, out);
}

// --- machines

std::uint64_t Broker::ask(Purpose purpose, std::size_t place, const std::string& manager, const std::string& machine,
                          seam::HyperVerb verb, Instant now, Actions& out) {
  const std::uint64_t number = next_++;
  questions_[number] = {purpose, place, manager, machine, now + kAnswerWithin};
  out.asks.push_back({number, zone_, manager, std::move(verb)});
  if (place != kNone) places_[place].asked = number;
  return number;
}

void Broker::settle(Instant now, Actions& out) {
  for (Place& place : places_) {
    if (place.phase == Phase::empty && place.next <= now) place.next = Instant{};  // its pause is over
  }
  assign(now, out);
  if (!hyperd_) return;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    if (place.asked != 0 || place.next > now || !managers_.at(place.pool->manager).known) continue;
    if (place.phase == Phase::booting) {
      if (now >= place.begun + place.pool->boot_limit) {
        failed(i, "desktop.silent", now, out);
        continue;
      }
      place.next = now + kLookEvery;
      ask(Purpose::look, i, place.pool->manager, place.machine, seam::HyperLook{place.machine}, now, out);
    } else if (place.phase == Phase::giving) {
      give(i, now, out);
    } else if (place.phase == Phase::ending) {
      end(i, now, out);
    }
  }
  start_some(now, out);
}

void Broker::start_some(Instant now, Actions& out) {
  for (const Pool& pool : pools_) {
    if (!managers_.at(pool.manager).known) continue;
    std::size_t starting = 0, spare = 0;
    for (const Place& place : places_) {
      if (place.pool != &pool) continue;
      const bool coming = place.phase == Phase::creating || place.phase == Phase::booting;
      starting += coming ? 1 : 0;
      spare += place.session.empty() && place.seat->desktop.empty() && (coming || place.phase == Phase::spare) ? 1 : 0;
    }
    // Who waits goes first.
    for (const bool for_a_session : {true, false}) {
      for (std::size_t i = 0; i < places_.size() && starting < pool.starts_at_once; ++i) {
        const Place& place = places_[i];
        if (place.pool != &pool || place.phase != Phase::empty || place.next > now) continue;
        if (place.session.empty() == for_a_session) continue;
        if (!for_a_session && (spare >= pool.spare || !place.seat->desktop.empty())) continue;
        create(i, now, out);
        ++starting;
        spare += for_a_session ? 0 : 1;
      }
    }
  }
}

void Broker::create(std::size_t index, Instant now, Actions& out) {
  Place& place = places_[index];
  place.phase = Phase::creating;
  place.machine = new_uuid();
  place.begun = now;
  ask(Purpose::create, index, place.pool->manager, place.machine,
      seam::HyperCreate{place.machine, place.pool->model, place.seat->mac}, now, out);
}

void Broker::answers(std::size_t index, Instant now, Actions& out) {
  Place& place = places_[index];
  const auto took = std::chrono::ceil<Seconds>(now - place.begun);
  const auto measured = measured_.find(place.pool);
  measured_[place.pool] = measured == measured_.end() ? took : (measured->second * 3 + took) / 4;
  place.failures = 0;
  place.phase = Phase::spare;
  if (!place.session.empty()) give(index, now, out);
}

void Broker::give(std::size_t index, Instant now, Actions& out) {
  Place& place = places_[index];
  place.phase = Phase::giving;
  if (place.pool->account.empty()) return given(index, now, out);
  place.password = new_password();
  ask(Purpose::login, index, place.pool->manager, place.machine,
      seam::HyperSetLogin{place.machine, place.pool->account, place.password.clone()}, now, out);
}

void Broker::given(std::size_t index, Instant, Actions& out) {
  places_[index].phase = Phase::ready;
  places_[index].failures = 0;
  note(out, kDesktopReady, places_[index]);
}

void Broker::end(std::size_t index, Instant now, Actions& out) {
  Place& place = places_[index];
  place.phase = Phase::ending;
  place.next = {};
  if (!place.session.empty()) place.made_for = std::exchange(place.session, {});
  place.password.clear();
  questions_.erase(std::exchange(place.asked, 0));                   // whatever it was, it does not matter any more
  if (!hyperd_ || !managers_.at(place.pool->manager).known) return;  // settle() comes back to it
  ask(Purpose::destroy, index, place.pool->manager, place.machine, seam::HyperDestroy{place.machine}, now, out);
}

/// What was being prepared cannot be: it is removed, and tried again after a pause. A person is not kept waiting for
/// ever.
void Broker::failed(std::size_t index, const std::string& code, Instant now, Actions& out) {
  Place& place = places_[index];
  const std::string session = place.session;
  note(out, kDesktopFailed, place, code);
  const unsigned failures = ++place.failures;
  end(index, now, out);
  place.next = now + pause_after(failures);
  if (session.empty()) return;
  Wanted& wanted = wanted_.at(session);
  wanted.place = kNone;
  if (failures >= kTriesForAPerson) {
    wanted.stopped = "failed";
  } else {
    queue_.push_back(session);
  }
}

/// A desktop in use is gone or stands still.
void Broker::stopped(std::size_t index, const char* how, const std::string& code, Instant now, Actions& out) {
  Place& place = places_[index];
  note(out, kDesktopStopped, place, code);
  if (const auto found = wanted_.find(place.session); found != wanted_.end()) {
    found->second.place = kNone;
    found->second.stopped = how;
  }
  end(index, now, out);
}

void Broker::emptied(std::size_t index) {
  Place& place = places_[index];
  gone_.push_back(place.machine);
  if (gone_.size() > 256) gone_.pop_front();
  place.phase = Phase::empty;
  place.machine.clear();
  place.made_for.clear();
  place.password.clear();
}

}  // namespace sekisho::desktops
