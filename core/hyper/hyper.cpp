#include "hyper/hyper.hpp"

#include "hyper/refusals.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::hyper {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostCalls = 256, kMostOfARelay = 64, kMostTickets = 1024, kMachinesAPacket = 256;
constexpr std::uint8_t kLongestTicketS = 30;
constexpr std::size_t kTicketDigits = 64;

/// How long a hypervisor may take (s): measured ones are 0.4 for a start, 1.9 for a revert (consoles.md §2.1).
milliseconds limit_of(CallKind kind) {
  switch (kind) {
    case CallKind::create:
    case CallKind::revert:
    case CallKind::take_snapshot:
      return milliseconds(60000);
    case CallKind::destroy:
    case CallKind::power:
      return milliseconds(30000);
    case CallKind::list:
    case CallKind::set_login:
    case CallKind::look:
      return milliseconds(10000);
    case CallKind::screen:
    case CallKind::serial:
    case CallKind::picture:
      break;
  }
  return milliseconds(5000);
}

bool changes(CallKind kind) {
  return kind == CallKind::power || kind == CallKind::take_snapshot || kind == CallKind::revert ||
         kind == CallKind::create || kind == CallKind::destroy || kind == CallKind::set_login;
}

/// Which role may hear which verb; whoever is to make and end desktops never switches servers.
bool role_may(ManagerRole role, CallKind kind) {
  switch (kind) {
    case CallKind::list:
    case CallKind::look:
    case CallKind::power:
      return true;
    case CallKind::take_snapshot:
    case CallKind::revert:
    case CallKind::create:
    case CallKind::destroy:
    case CallKind::set_login:
      return role == ManagerRole::desktops;
    case CallKind::screen:
    case CallKind::serial:
    case CallKind::picture:
      break;  // a relay's, by ticket
  }
  return false;
}

CallKind call_of(seam::ScreenKind kind) {
  switch (kind) {
    case seam::ScreenKind::screen:
      return CallKind::screen;
    case seam::ScreenKind::serial:
      return CallKind::serial;
    case seam::ScreenKind::picture:
      return CallKind::picture;
  }
  return CallKind::screen;
}

/// One verb as a driver's call; HyperAllow and HyperWithdraw are none.
struct AsCall {
  Call& call;
  bool operator()(seam::HyperList&) { return as(CallKind::list, {}); }
  bool operator()(seam::HyperLook& v) { return as(CallKind::look, v.uuid); }
  bool operator()(seam::HyperPower& v) {
    call.action = v.action;
    return as(CallKind::power, v.uuid);
  }
  bool operator()(seam::HyperTakeSnapshot& v) {
    call.name = v.name;
    return as(CallKind::take_snapshot, v.uuid);
  }
  bool operator()(seam::HyperRevert& v) {
    call.name = v.name;
    return as(CallKind::revert, v.uuid);
  }
  bool operator()(seam::HyperCreate& v) {
    call.model = v.model, call.mac = v.mac;
    return as(CallKind::create, v.uuid);
  }
  bool operator()(seam::HyperDestroy& v) { return as(CallKind::destroy, v.uuid); }
  bool operator()(seam::HyperSetLogin& v) {
    call.name = v.account, call.password = std::move(v.password);
    return as(CallKind::set_login, v.uuid);
  }
  bool operator()(seam::HyperAllow&) { return false; }
  bool operator()(seam::HyperWithdraw&) { return false; }

 private:
  bool as(CallKind kind, const std::string& uuid) {
    call.kind = kind, call.uuid = uuid;
    return true;
  }
};

/// The words of a call, before a driver hears them.
std::string wrong_words(const Call& call) {
  if (call.kind != CallKind::list && !is_machine_uuid(call.uuid)) return "console.no_such_machine";
  if ((call.kind == CallKind::take_snapshot || call.kind == CallKind::revert) && !is_machine_word(call.name, 64)) {
    return "hyper.bad_name";
  }
  if (call.kind == CallKind::set_login && (!is_machine_word(call.name, 32) || call.password.empty())) {
    return "hyper.bad_name";
  }
  if (call.kind == CallKind::create && (!is_machine_word(call.model, 32) || !is_machine_mac(call.mac))) {
    return "hyper.bad_name";
  }
  return {};
}

Actions one(Action action) {
  Actions out;
  out.push_back(std::move(action));
  return out;
}

}  // namespace

Hyper::Hyper(registry::Zone zone, std::vector<Manager> managers)
    : zone_(zone), zone_name_(registry::to_string(zone_)), managers_(std::move(managers)) {}

const Manager* Hyper::manager(std::string_view name) const {
  const auto found = std::ranges::find(managers_, name, &Manager::name);
  return found == managers_.end() ? nullptr : &*found;
}

Actions Hyper::answer(std::uint64_t number, seam::HyperResult result) const {
  return one(ToGate{seam::HyperAnswer{number, zone_name_, std::move(result)}});
}
Actions Hyper::failed(std::uint64_t number, std::string code, std::string detail) const {
  if (detail.size() > 1000) detail.resize(1000);
  return answer(number, seam::HyperFailed{std::move(code), std::move(detail)});
}

Actions Hyper::start(Call call, Waiting waiting) {
  call.id = next_++;
  call.limit = limit_of(call.kind);
  waiting.kind = call.kind;
  if (changes(call.kind)) {
    waiting.changes = call.uuid;
    changing_.insert(call.uuid);
  }
  running_.emplace(call.id, std::move(waiting));
  return one(std::move(call));
}

// --- the gatekeeper

Actions Hyper::from_gate(seam::Message message, Instant now) {
  forget_expired(now);
  if (auto* asked = std::get_if<seam::HyperAsk>(&message)) {
    if (asked->zone != zone_name_) return one(Breach{"", "zone " + asked->zone.substr(0, 32)});
    return ask(std::move(*asked), now);
  }
  if (std::holds_alternative<seam::Heartbeat>(message)) return {};
  return one(Breach{"", "a message that is no verb"});
}

Actions Hyper::ask(seam::HyperAsk ask, Instant now) {
  if (const auto* withdrawn = std::get_if<seam::HyperWithdraw>(&ask.verb)) {
    if (!ask.manager.empty()) return failed(ask.number, "hyper.bad_name", "a session is withdrawn everywhere");
    withdraw(withdrawn->session);
    return answer(ask.number, seam::HyperDone{});
  }
  const Manager* at = manager(ask.manager);
  if (at == nullptr) return failed(ask.number, "hyper.no_such_manager");
  if (auto* allowed = std::get_if<seam::HyperAllow>(&ask.verb)) return allow(ask, std::move(*allowed), now);
  Call call;
  call.manager = at->name;
  if (!std::visit(AsCall{call}, ask.verb)) return failed(ask.number, "hyper.not_allowed");
  if (!role_may(at->role, call.kind)) return failed(ask.number, "hyper.not_allowed", "not for this manager's role");
  if (auto code = wrong_words(call); !code.empty()) return failed(ask.number, std::move(code));
  if (running_.size() >= kMostCalls) return failed(ask.number, "console.busy", "too many calls");
  if (changes(call.kind) && changing_.contains(call.uuid)) {
    return failed(ask.number, "console.busy", "another change of this machine is under way");
  }
  Waiting waiting;
  waiting.number = ask.number;
  return start(std::move(call), std::move(waiting));
}

Actions Hyper::allow(const seam::HyperAsk& ask, seam::HyperAllow verb, Instant now) {
  if (verb.ticket.size() != kTicketDigits || verb.life_s == 0 || verb.life_s > kLongestTicketS ||
      !is_machine_uuid(verb.uuid) || verb.session.empty() || verb.relay.empty()) {
    return failed(ask.number, "hyper.bad_ticket");
  }
  const bool known = std::ranges::any_of(
      tickets_, [&](const Ticket& t) { return equal_in_constant_time(t.ticket.reveal(), verb.ticket.reveal()); });
  if (known) return failed(ask.number, "hyper.bad_ticket", "it is known already");
  if (tickets_.size() >= kMostTickets) return failed(ask.number, "console.busy", "too many tickets");
  tickets_.push_back({std::move(verb.ticket), ask.manager, std::move(verb.session), std::move(verb.uuid),
                      std::move(verb.relay), verb.kind, now + Seconds(verb.life_s)});
  return answer(ask.number, seam::HyperDone{});
}

void Hyper::withdraw(const std::string& session) {
  std::erase_if(tickets_, [&](const Ticket& t) { return t.session == session; });
  for (auto& [id, waiting] : running_) {
    if (!waiting.relay.empty() && waiting.session == session) waiting.dropped = true;
  }
}

void Hyper::forget_expired(Instant now) {
  std::erase_if(tickets_, [&](const Ticket& t) { return t.until <= now; });
}

void Hyper::gate_gone() {
  tickets_.clear();
  for (auto& [id, waiting] : running_) {
    if (waiting.relay.empty()) waiting.dropped = true;
  }
}

// --- a relay

Actions Hyper::from_relay(const std::string& relay, seam::Message message, Instant now) {
  forget_expired(now);
  if (auto* asked = std::get_if<seam::ScreenAsk>(&message)) {
    if (asked->zone != zone_name_) return one(Breach{relay, "zone " + asked->zone.substr(0, 32)});
    return open(relay, std::move(*asked), now);
  }
  if (std::holds_alternative<seam::Heartbeat>(message)) return {};
  return one(Breach{relay, "a message that opens no screen"});
}

Actions Hyper::refuse(const std::string& relay, const Waiting& waiting, std::string_view code) const {
  Actions out = one(ToRelay{relay, seam::ScreenAnswer{waiting.number, zone_name_, false, {}, screen_refusal(code)}, 0});
  out.push_back(Refused{relay, waiting.session, waiting.uuid, std::string(code)});
  return out;
}

Actions Hyper::open(const std::string& relay, seam::ScreenAsk ask, Instant now) {
  Waiting waiting;
  waiting.relay = relay, waiting.number = ask.number, waiting.manager = ask.manager;
  waiting.session = ask.session, waiting.uuid = ask.uuid, waiting.screen = ask.kind;
  const auto found = std::ranges::find_if(
      tickets_, [&](const Ticket& t) { return equal_in_constant_time(t.ticket.reveal(), ask.ticket.reveal()); });
  if (found == tickets_.end()) return refuse(relay, waiting, "screen.ticket");
  const Ticket ticket = std::move(*found);
  tickets_.erase(found);  // shown once is used up, whatever comes of it
  if (ticket.until <= now || ticket.relay != relay || ticket.session != ask.session || ticket.uuid != ask.uuid ||
      ticket.manager != ask.manager || ticket.kind != ask.kind) {
    return refuse(relay, waiting, "screen.ticket");
  }
  const auto of_relay = std::ranges::count_if(running_, [&](const auto& e) { return e.second.relay == relay; });
  if (running_.size() >= kMostCalls || static_cast<std::size_t>(of_relay) >= kMostOfARelay) {
    return refuse(relay, waiting, "screen.busy");
  }
  Call look;
  look.manager = ask.manager, look.kind = CallKind::look, look.uuid = ask.uuid;
  return start(std::move(look), std::move(waiting));
}

void Hyper::relay_gone(const std::string& relay) {
  for (auto& [id, waiting] : running_) {
    if (waiting.relay == relay) waiting.dropped = true;
  }
}

// --- drivers

Actions Hyper::done(std::uint64_t call, Result<Outcome> outcome, Instant now) {
  forget_expired(now);
  const auto found = running_.find(call);
  if (found == running_.end()) return {};
  Waiting waiting = std::move(found->second);
  running_.erase(found);
  changing_.erase(waiting.changes);
  if (waiting.dropped) return {};
  if (!waiting.relay.empty()) return opened(call, std::move(waiting), std::move(outcome));
  if (!outcome) return failed(waiting.number, outcome.error().code, outcome.error().detail);
  if (waiting.kind != CallKind::list && waiting.kind != CallKind::look && waiting.kind != CallKind::create) {
    return answer(waiting.number, seam::HyperDone{});
  }
  Actions out;
  seam::HyperMachines part;
  const auto flush = [&](bool more) {
    part.more = more;
    out.push_back(ToGate{seam::HyperAnswer{waiting.number, zone_name_, std::exchange(part, {})}});
  };
  for (Machine& machine : outcome->machines) {
    if (!is_machine_uuid(machine.uuid)) continue;  // what has no such name cannot be spoken of
    if (part.machines.size() == kMachinesAPacket) flush(true);
    if (machine.name.size() > 256) machine.name.resize(256);
    part.machines.push_back({std::move(machine.uuid), std::move(machine.name), machine.state, machine.answers});
  }
  flush(false);
  return out;
}

Actions Hyper::opened(std::uint64_t call, Waiting waiting, Result<Outcome> outcome) {
  const std::string relay = waiting.relay;
  if (!outcome) {
    const std::string& code = outcome.error().code;
    return refuse(relay, waiting,
                  code == "console.busy"              ? "screen.busy"
                  : code == "console.refused"         ? "screen.not_running"
                  : code == "console.no_such_machine" ? "screen.not_running"
                  : code == "console.way_out"         ? "screen.way_out"
                                                      : "screen.unreachable");
  }
  if (waiting.opening) {
    return one(ToRelay{relay, seam::ScreenAnswer{waiting.number, zone_name_, true, outcome->media_type, {}}, call});
  }
  // Its state was looked at only now: it may have been stopped, or be another one, since it was listed (T-60).
  if (outcome->machines.size() != 1 || outcome->machines[0].uuid != waiting.uuid ||
      (outcome->machines[0].state != MachineState::running && outcome->machines[0].state != MachineState::paused)) {
    return refuse(relay, waiting, "screen.not_running");
  }
  Call screen;
  screen.manager = waiting.manager, screen.uuid = waiting.uuid, screen.kind = call_of(waiting.screen);
  waiting.opening = true;
  return start(std::move(screen), std::move(waiting));
}

Actions Hyper::saw(const std::string& manager, const MachineEvent& event) {
  if (!event.uuid.empty() && !is_machine_uuid(event.uuid)) return {};
  return one(ToGate{seam::HyperSaw{zone_name_, manager, event.uuid, event.state, event.manager_lost}});
}

}  // namespace sekisho::hyper
