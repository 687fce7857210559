// The field lists of hyper_messages.hpp (see fields.hpp). Private to the seam's codec. Threads: pure functions.
#pragma once
#include "seam/fields.hpp"

namespace sekisho::seam {

inline constexpr std::size_t kUuidBytes = 36;
inline constexpr std::size_t kTicketBytes = 64;
inline constexpr std::size_t kMachines = 256;  ///< in one packet; longer lists come in several

template <class A, Like<HyperList> S>
void fields(A&, S&) {}
template <class A, Like<HyperLook> S>
void fields(A& a, S& s) {
  auto& [uuid] = s;
  a.text(uuid, kUuidBytes);
}
template <class A, Like<HyperPower> S>
void fields(A& a, S& s) {
  auto& [uuid, action] = s;
  a.text(uuid, kUuidBytes), a.choice(action, PowerAction::reset);
}
template <class A, Like<HyperTakeSnapshot> S>
void fields(A& a, S& s) {
  auto& [uuid, name] = s;
  a.text(uuid, kUuidBytes), a.text(name, kNameBytes);
}
template <class A, Like<HyperRevert> S>
void fields(A& a, S& s) {
  auto& [uuid, name] = s;
  a.text(uuid, kUuidBytes), a.text(name, kNameBytes);
}
template <class A, Like<HyperCreate> S>
void fields(A& a, S& s) {
  auto& [uuid, model, mac] = s;
  a.text(uuid, kUuidBytes), a.text(model, kNameBytes), a.text(mac, kNameBytes);
}
template <class A, Like<HyperDestroy> S>
void fields(A& a, S& s) {
  auto& [uuid] = s;
  a.text(uuid, kUuidBytes);
}
template <class A, Like<HyperSetLogin> S>
void fields(A& a, S& s) {
  auto& [uuid, account, password] = s;
  a.text(uuid, kUuidBytes), a.text(account, kNameBytes), a.secret(password, kNameBytes);
}
template <class A, Like<HyperAllow> S>
void fields(A& a, S& s) {
  auto& [ticket, session, uuid, relay, kind, life_s] = s;
  a.secret(ticket, kTicketBytes), a.text(session, kNameBytes), a.text(uuid, kUuidBytes), a.text(relay, kNameBytes);
  a.choice(kind, ScreenKind::picture), a.number(life_s);
}
template <class A, Like<HyperWithdraw> S>
void fields(A& a, S& s) {
  auto& [session] = s;
  a.text(session, kNameBytes);
}
template <class A, Like<HyperAsk> S>
void fields(A& a, S& s) {
  auto& [number, zone, manager, verb] = s;
  a.number(number), a.text(zone, kNameBytes), a.text(manager, kNameBytes), a.variant(verb);
}
template <class A, Like<HyperMachine> S>
void fields(A& a, S& s) {
  auto& [uuid, name, state, answers] = s;
  a.text(uuid, kUuidBytes), a.text(name, kNameBytes), a.choice(state, MachineState::crashed), a.flag(answers);
}
template <class A, Like<HyperDone> S>
void fields(A&, S&) {}
template <class A, Like<HyperMachines> S>
void fields(A& a, S& s) {
  auto& [machines, more] = s;
  a.records(machines, kMachines), a.flag(more);
}
template <class A, Like<HyperFailed> S>
void fields(A& a, S& s) {
  auto& [code, detail] = s;
  a.text(code, kNameBytes), a.text(detail, kTextBytes);
}
template <class A, Like<HyperAnswer> S>
void fields(A& a, S& s) {
  auto& [number, zone, result] = s;
  a.number(number), a.text(zone, kNameBytes), a.variant(result);
}
template <class A, Like<HyperSaw> S>
void fields(A& a, S& s) {
  auto& [zone, manager, uuid, state, manager_lost] = s;
  a.text(zone, kNameBytes), a.text(manager, kNameBytes), a.text(uuid, kUuidBytes);
  a.choice(state, MachineState::crashed), a.flag(manager_lost);
}
template <class A, Like<ScreenAsk> S>
void fields(A& a, S& s) {
  auto& [number, zone, manager, session, uuid, kind, ticket] = s;
  a.number(number), a.text(zone, kNameBytes), a.text(manager, kNameBytes), a.text(session, kNameBytes);
  a.text(uuid, kUuidBytes), a.choice(kind, ScreenKind::picture), a.secret(ticket, kTicketBytes);
}
template <class A, Like<ScreenAnswer> S>
void fields(A& a, S& s) {
  auto& [number, zone, ok, media_type, refusal] = s;
  a.number(number), a.text(zone, kNameBytes), a.flag(ok), a.text(media_type, kNameBytes), a.record(refusal);
}

}  // namespace sekisho::seam
