// What hyperd answers and sees, and the times of the broker.
#include "desktops/broker.hpp"
#include "desktops/events.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sekisho::desktops {
namespace {

constexpr Seconds kListEvery(300), kListAgain(5);
// Without 0 O 1 l I: it is read from one screen and typed into another.
constexpr std::string_view kLetters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
constexpr std::size_t kPasswordLetters = 16;

}  // namespace

Actions Broker::hyperd_here(Instant now) {
  Actions out;
  hyperd_gone();
  hyperd_ = true;
  for (auto& [name, manager] : managers_) {
    manager.seen.clear();
    manager.listing = ask(Purpose::list, kNone, name, {}, seam::HyperList{}, now, out);
  }
  return out;
}

void Broker::hyperd_gone() {
  hyperd_ = false;
  for (auto& [name, manager] : managers_) manager_gone(name);
}

void Broker::manager_gone(const std::string& name) {
  ManagerState& manager = managers_.at(name);
  manager.known = false, manager.listing = 0;
  manager.seen.clear();
  std::erase_if(questions_, [&](const auto& entry) { return entry.second.manager == name; });
  for (Place& place : places_) {
    if (place.pool->manager == name) place.asked = 0;
  }
}

Actions Broker::answer(const seam::HyperAnswer& answer, Instant now) {
  Actions out;
  const auto found = questions_.find(answer.number);
  if (answer.zone != zone_ || found == questions_.end()) return out;
  const Question question = found->second;
  const auto* machines = std::get_if<seam::HyperMachines>(&answer.result);
  if (question.purpose == Purpose::list && machines != nullptr) {
    ManagerState& manager = managers_.at(question.manager);
    for (const seam::HyperMachine& machine : machines->machines) manager.seen.insert(machine.uuid);
    if (machines->more) return out;
  }
  questions_.erase(found);
  if (question.place != kNone) places_[question.place].asked = 0;
  const auto* failure = std::get_if<seam::HyperFailed>(&answer.result);
  if (failure != nullptr || (question.purpose == Purpose::list && machines == nullptr)) {
    question_failed(question, failure == nullptr ? "desktop.odd_answer" : failure->code, now, out);
    settle(now, out);
    return out;
  }
  switch (question.purpose) {
    case Purpose::list:
      listed(question.manager, now, out);
      break;
    case Purpose::create:
      places_[question.place].phase = Phase::booting;
      places_[question.place].next = now;
      break;
    case Purpose::look:
      if (machines == nullptr || machines->machines.size() != 1 || machines->machines[0].uuid != question.machine ||
          machines->machines[0].state != MachineState::running) {
        failed(question.place, "desktop.not_running", now, out);
      } else if (machines->machines[0].answers) {
        answers(question.place, now, out);
      }
      break;
    case Purpose::login:
      given(question.place, now, out);
      break;
    case Purpose::destroy:
      note(out, kDesktopDestroyed, places_[question.place]);
      emptied(question.place);
      break;
    case Purpose::stray:
      break;
  }
  settle(now, out);
  return out;
}

void Broker::question_failed(const Question& question, const std::string& code, Instant now, Actions& out) {
  switch (question.purpose) {
    case Purpose::create:
    case Purpose::login:
      return failed(question.place, code, now, out);
    case Purpose::look:
      // Not reached is not stopped: it is asked again, until its time is over.
      if (code == "console.no_such_machine") failed(question.place, code, now, out);
      return;
    case Purpose::destroy: {
      Place& place = places_[question.place];
      note(out, kDesktopFailed, place, code);
      place.next = now + pause_after(++place.failures);
      return;
    }
    case Purpose::list:
      managers_.at(question.manager).listing = 0;
      managers_.at(question.manager).next_list = now + kListAgain;
      return;
    case Purpose::stray:
      return;  // the next list shows it again
  }
}

/// The whole list of a manager has come: what is ours and gone, what is there and nobody's.
void Broker::listed(const std::string& name, Instant now, Actions& out) {
  ManagerState& manager = managers_.at(name);
  manager.known = true, manager.listing = 0;
  manager.next_list = now + kListEvery;
  const std::set<std::string> seen = std::exchange(manager.seen, {});
  std::set<std::string> ours;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Place& place = places_[i];
    if (place.pool->manager != name || place.machine.empty()) continue;
    ours.insert(place.machine);
    // A question under way is younger than the list.
    if (seen.contains(place.machine) || place.asked != 0) {
      if (place.phase == Phase::creating && place.asked == 0) place.phase = Phase::booting, place.next = now;
      continue;
    }
    if (place.phase == Phase::creating || place.phase == Phase::booting || place.phase == Phase::spare) {
      emptied(i);  // a session that waits for it goes on waiting at the same seat
    } else if (place.phase == Phase::ending) {
      note(out, kDesktopDestroyed, place);
      emptied(i);
    } else {
      stopped(i, "failed", "desktop.gone", now, out);
    }
  }
  for (const std::string& machine : seen) {
    if (ours.contains(machine)) continue;
    if (std::ranges::find(gone_, machine) == gone_.end())
      out.notes.push_back({&kDesktopStray, {}, {}, machine, {}, {}});
    ask(Purpose::stray, kNone, name, machine, seam::HyperDestroy{machine}, now, out);
  }
}

Actions Broker::saw(const seam::HyperSaw& saw, Instant now) {
  Actions out;
  if (saw.zone != zone_ || !hyperd_ || !managers_.contains(saw.manager)) return out;
  if (saw.uuid.empty()) {
    manager_gone(saw.manager);
    if (!saw.manager_lost) {
      managers_.at(saw.manager).listing = ask(Purpose::list, kNone, saw.manager, {}, seam::HyperList{}, now, out);
    } else {
      managers_.at(saw.manager).next_list = now + kListAgain;
    }
    return out;
  }
  const bool down = saw.state == MachineState::stopped || saw.state == MachineState::crashed;
  for (std::size_t i = 0; i < places_.size() && down; ++i) {
    Place& place = places_[i];
    if (place.machine != saw.uuid || place.pool->manager != saw.manager) continue;
    const bool crashed = saw.state == MachineState::crashed;
    if (place.phase == Phase::giving || place.phase == Phase::ready) {
      stopped(i, crashed ? "failed" : "ended", crashed ? "desktop.crashed" : "desktop.shut_down", now, out);
    } else if (place.phase == Phase::booting || place.phase == Phase::spare) {
      failed(i, crashed ? "desktop.crashed" : "desktop.not_running", now, out);
    }
  }
  settle(now, out);
  return out;
}

Actions Broker::tick(Instant now) {
  Actions out;
  std::vector<std::uint64_t> late;
  for (const auto& [number, question] : questions_) {
    if (question.until <= now) late.push_back(number);
  }
  for (const std::uint64_t number : late) {
    const auto found = questions_.find(number);
    if (found == questions_.end()) continue;
    const Question question = found->second;
    questions_.erase(found);
    if (question.place != kNone) places_[question.place].asked = 0;
    question_failed(question, "desktop.no_answer", now, out);
  }
  for (auto& [name, manager] : managers_) {
    if (!hyperd_ || manager.listing != 0 || manager.next_list > now) continue;
    manager.seen.clear();
    manager.listing = ask(Purpose::list, kNone, name, {}, seam::HyperList{}, now, out);
  }
  settle(now, out);
  return out;
}

std::optional<Instant> Broker::next_deadline() const {
  std::optional<Instant> out;
  const auto no_later = [&](Instant at) { out = out ? std::min(*out, at) : at; };
  for (const auto& [number, question] : questions_) no_later(question.until);
  if (!hyperd_) return out;
  for (const auto& [name, manager] : managers_) {
    if (manager.listing == 0) no_later(manager.next_list);
  }
  for (const Place& place : places_) {
    const bool moves = place.phase == Phase::booting || place.phase == Phase::ending || place.phase == Phase::giving ||
                       (place.phase == Phase::empty && place.next > Instant{});
    if (place.asked == 0 && moves && managers_.at(place.pool->manager).known) no_later(place.next);
  }
  return out;
}

// --- what is told

std::optional<View> Broker::view(const std::string& session, Instant now) const {
  const auto found = wanted_.find(session);
  if (found == wanted_.end()) return std::nullopt;
  const Wanted& wanted = found->second;
  View out;
  if (!wanted.stopped.empty()) {
    out.state = wanted.stopped;
    return out;
  }
  if (wanted.place == kNone) return out;
  const Place& place = places_[wanted.place];
  const auto measured = measured_.find(place.pool);
  const Seconds expected = measured == measured_.end() ? place.pool->start : measured->second;
  if (place.phase == Phase::ready) {
    out.state = "ready", out.progress = 100;
    out.account = place.pool->account, out.password = place.password.clone();
    out.machine = place.machine, out.manager = place.pool->manager;
    out.address = place.seat->address, out.port = place.seat->port;
    return out;
  }
  if (place.phase == Phase::empty) {
    out.expected_s = static_cast<std::uint32_t>(expected.count());
    return out;
  }
  out.state = "starting";
  const auto passed = std::chrono::duration_cast<Seconds>(now - place.begun);
  out.expected_s = static_cast<std::uint32_t>(std::max(Seconds(1), expected - passed).count());
  const auto percent = passed * 100 / std::max(Seconds(1), expected);
  out.progress = static_cast<std::uint8_t>(std::clamp<std::int64_t>(percent, 1, 95));
  if (place.phase == Phase::giving) out.progress = 98, out.expected_s = 1;
  return out;
}

Broker::Count Broker::count() const {
  Count out;
  out.seats = places_.size();
  out.waiting = queue_.size();
  for (const Place& place : places_) {
    out.spare += place.phase == Phase::spare ? 1 : 0;
    out.used += place.phase == Phase::giving || place.phase == Phase::ready ? 1 : 0;
  }
  return out;
}

void Broker::note(Actions& out, const Event& event, const Place& place, std::string code) const {
  Note note;
  note.event = &event;
  note.session = place.session.empty() ? place.made_for : place.session;
  const auto wanted = wanted_.find(note.session);
  note.desktop = wanted != wanted_.end()        ? wanted->second.desktop
                 : !place.seat->desktop.empty() ? place.seat->desktop
                                                : place.pool->name;
  note.machine = place.machine;
  note.code = std::move(code);
  note.address = place.seat->address;
  out.notes.push_back(std::move(note));
}

/// Version 4 (RFC 9562 §5.4).
std::string Broker::new_uuid() {
  std::array<std::byte, 16> bytes{};
  entropy_.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[std::to_integer<unsigned>(bytes[i] >> 4)];
    out += digits[std::to_integer<unsigned>(bytes[i] & std::byte{0x0f})];
  }
  return out;
}

/// 92 bits; with a capital, a small letter and a digit, as Windows' own rule asks.
Secret Broker::new_password() {
  for (;;) {
    std::string text;
    for (std::size_t i = 0; i < kPasswordLetters; ++i) {
      text += kLetters[entropy_.below(static_cast<std::uint32_t>(kLetters.size()))];
    }
    const auto has = [&](char from, char to) {
      return std::ranges::any_of(text, [&](char c) { return c >= from && c <= to; });
    };
    if (has('A', 'Z') && has('a', 'z') && has('2', '9')) return Secret(std::move(text));
    wipe(text.data(), text.size());
  }
}

}  // namespace sekisho::desktops
