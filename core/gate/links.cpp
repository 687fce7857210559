// Messages of the other processes: requests and notices of fronts, answers of netd, and whose of the others are heard.
#include "admission/enforce.hpp"
#include "base/json_object.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"
#include "gate/rdp.hpp"
#include "gate/state.hpp"

namespace sekisho::gate {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

const GatePath* Gate::State::path(std::string_view name) const {
  for (const GatePath& p : options.paths) {
    if (p.policy.path == name) return &p;
  }
  return nullptr;
}

seam::Link* Gate::State::link_of(std::string_view role, std::string_view name) const {
  for (const auto& [id, entry] : links) {
    if (entry.role == role && entry.name == name) return entry.link;
  }
  return nullptr;
}

void Gate::State::reply(const Caller& caller, GateReply body) {
  const auto found = links.find(caller.link);
  if (found != links.end()) found->second.link->send(seam::Reply{caller.number, std::move(body)});
}

void Gate::State::refuse(const Caller& caller, const Refusal& refusal, bool may_retry) {
  reply(caller, Refused{refusal, may_retry});
}

void Gate::State::record(audit::Entry entry, audit::Durable durable) {
  entry.at = now();
  if (!durable) return journal.append(std::move(entry));
  // The journal calls back on its own thread; the gate lives on the loop.
  journal.append(std::move(entry), [timers = &services.timers, weak = weak_from_this(),
                                    durable = std::move(durable)](Result<std::uint64_t> end) mutable {
    timers->post([weak, durable = std::move(durable), end = std::move(end)] {
      if (!weak.expired()) durable(end);
    });
  });
}

Gate::LinkId Gate::attach(std::string role, std::string name, seam::Link& link) {
  State& s = *state_;
  // R01: a hyperd speaks for one zone, and nobody takes its place while it is here.
  if (role == "hyperd" && !admission::enforce("R01", "hyper.not_expected", s.hypervisors->expects(name))) {
    const Refusal refusal = admission::refusal("hyper.not_expected");
    audit::Entry entry;
    entry.event = "link.refused";
    entry.rule = refusal.rule;
    entry.code = refusal.code;
    entry.result = "refused";
    entry.detail = json_object("role", role, "name", name);
    s.record(std::move(entry));
    return 0;
  }
  for (auto it = s.links.begin(); it != s.links.end();) {
    if (it->second.role == role && it->second.name == name) {
      s.consoles->link_gone(it->first);
      it = s.links.erase(it);
    } else {
      ++it;
    }
  }
  const LinkId id = s.next_link++;
  s.links.emplace(id, LinkEntry{id, std::move(role), std::move(name), &link});
  const LinkEntry& entry = s.links.at(id);
  if (entry.role == "netd") s.netd_is_new();
  if (entry.role == "hyperd") s.hypervisors->attached(entry.name, link);
  // A front that comes back has no tunnel: their sessions wait for the client's cookie.
  const GatePath* its = s.path(entry.name);
  if (entry.role == "front" && (its == nullptr || !its->closed)) {  // a closed path's tunnels are charon's
    for (const auto& [number, session] : s.sessions) {
      if (session->row.path != entry.name || !session->tunnel_up) continue;
      session->tunnel_up = false;
      session->tunnel_by = s.now() + s.path(entry.name)->policy.reconnect_grace;
    }
    s.schedule_sweep();
  }
  return id;
}

void Gate::detach(LinkId id) {
  State& s = *state_;
  s.consoles->link_gone(id);
  const auto found = s.links.find(id);
  if (found == s.links.end()) return;
  const LinkEntry gone = found->second;
  s.links.erase(found);
  if (gone.role == "hyperd") s.hypervisors->detached(gone.name);
}

void Gate::line_changed(const std::string& path, const std::string& circuit) {
  state_->lines->changed(path, circuit);
}

void Gate::on_message(LinkId id, seam::Message message) {
  State& s = *state_;
  const auto found = s.links.find(id);
  if (found == s.links.end()) return;  // a link that was replaced has nothing to say any more
  const LinkEntry link = found->second;
  const bool front = link.role == "front" || link.role == "posture";
  std::visit(Overloaded{
                 [&](seam::Request& request) {
                   if (!front) return;
                   const Caller caller{id, request.number};
                   std::visit(Overloaded{
                                  [&](BeginLogin& r) {
                                    // A front speaks for its own path alone, whatever it writes.
                                    r.arrival.path = link.name;
                                    if (link.role == "front") s.begin(caller, std::move(r));
                                  },
                                  [&](AnswerLogin& r) {
                                    r.arrival.path = link.name;
                                    if (link.role == "front") s.answer(caller, std::move(r));
                                  },
                                  [&](ResumeSession& r) {
                                    r.arrival.path = link.name;
                                    if (link.role == "front") s.resume(caller, std::move(r));
                                  },
                                  [&](LogoutSession& r) {
                                    r.arrival.path = link.name;
                                    if (link.role == "front") s.logout(caller, std::move(r));
                                  },
                                  [&](PostureRequest& r) {
                                    r.arrival.path = link.name;
                                    // The claim comes on the tunnel's front, everything else on the posture front; a
                                    // closed path's front is both, since no process faces both networks.
                                    const GatePath* path = s.path(link.name);
                                    const bool own = link.role == "front" && path != nullptr && path->closed;
                                    const bool claim = r.kind == "hostcheck";
                                    if (own ? claim : claim != (link.role == "front")) return;
                                    s.posture(caller, std::move(r));
                                  },
                              },
                              request.body);
                 },
                 [&](seam::Notice& n) {
                   if (link.role == "front") s.notice(link, n.body);
                 },
                 [&](seam::NetApplied& applied) {
                   if (link.role != "netd") return;
                   s.net_applied(applied.number, applied.ok);
                   s.rdp->applied(applied);
                 },
                 [&](seam::KernelRefused& refused) {
                   if (link.role != "netd") return;
                   audit::Entry entry;
                   entry.event = "kernel.packets_refused";
                   entry.rule = "R11";
                   entry.result = "refused";
                   entry.detail = {{"tun", refused.tun}, {"packets", refused.packets}};
                   s.record(std::move(entry));
                 },
                 [&](seam::RdpRefused& refused) {
                   if (link.role == "netd") s.rdp->refused(refused);
                 },
                 [&](seam::EntranceAsk& ask) {
                   if (link.role == "relay") s.consoles->enter(link, ask);
                 },
                 [&](seam::EntranceClosed& closed) {
                   if (link.role == "relay") s.consoles->entrance_closed(link, closed);
                 },
                 [&](seam::ConsoleRequest& asked) {
                   if (link.role == "relay") s.consoles->request(link, std::move(asked));
                 },
                 [&](seam::ConsoleNotice& told) {
                   if (link.role == "relay") s.consoles->notice(link, told);
                 },
                 [&](seam::RecordingNote& told) {
                   if (link.role == "relay") s.consoles->note(link, told);
                 },
                 [&](seam::HyperAnswer&) {
                   if (link.role == "hyperd") s.hypervisors->on_message(link.name, message);
                 },
                 [&](seam::HyperSaw&) {
                   if (link.role == "hyperd") s.hypervisors->on_message(link.name, message);
                 },
                 [](auto&) {},  // Hello, Heartbeat and what only other processes understand
             },
             message);
}

void Gate::State::notice(const LinkEntry& link, const FrontNotice& body) {
  const auto session_of = [&](const std::string& number) -> std::shared_ptr<Session> {
    const auto found = sessions.find(number);
    return found != sessions.end() && found->second->row.path == link.name ? found->second : nullptr;
  };
  // A closed path's tunnels are charon's: its front has none to speak of, and opens nothing by saying so.
  const GatePath* its = path(link.name);
  if (its != nullptr && its->closed) return;
  std::visit(Overloaded{
                 [&](const TunnelUp& up) {
                   const auto session = session_of(up.session);
                   if (!session) {  // ended while the front was cut off from us
                     const Refusal gone = admission::refusal("session.right_ended");
                     if (link.link != nullptr)
                       link.link->send(seam::Push{SessionEnded{up.session, gone.code, gone.why}});
                     return;
                   }
                   session->tunnel_up = true;
                   session->tunnel_by.reset();
                   session->last_activity = now();
                   audit::Entry entry;
                   entry.event = "tunnel.up";
                   entry.session = up.session;
                   entry.person = session->row.person;
                   entry.path = link.name;
                   entry.result = "ok";
                   entry.rule = "R02";
                   entry.detail = json_object("transport", up.transport);
                   record(std::move(entry));
                   push_view(*session);  // what changed while the tunnel was being opened
                   schedule_sweep();
                 },
                 [&](const TunnelDown& down) {
                   const auto session = session_of(down.session);
                   audit::Entry entry;
                   entry.event = "tunnel.down";
                   entry.session = down.session;
                   entry.path = link.name;
                   entry.result = "ok";
                   entry.detail = json_object("why", down.why.substr(0, 200), "bytes_in", down.bytes_in, "bytes_out",
                                              down.bytes_out, "dropped", down.dropped);
                   if (session) entry.person = session->row.person;
                   record(std::move(entry));
                   if (!session) return;
                   session->bytes_in += down.bytes_in;
                   session->bytes_out += down.bytes_out;
                   session->tunnel_up = false;
                   if (down.ended_by_person) {
                     return end(session, admission::refusal("session.logged_out"), session->row.person);
                   }
                   session->tunnel_by = now() + path(link.name)->policy.reconnect_grace;
                   schedule_sweep();
                 },
                 [&](const PacketsRefused& refused) {
                   const auto session = session_of(refused.session);
                   if (!session) return;
                   session->refused_packets += refused.count;
                   session->refused_unjournalled += refused.count;
                   if (session->refused_journalled_at + Seconds{10} > now()) return;
                   audit::Entry entry;
                   entry.event = "session.packets_refused";
                   entry.session = refused.session;
                   entry.person = session->row.person;
                   entry.path = link.name;
                   entry.rule = "R11";
                   entry.code = "packet.not_allowed";
                   entry.result = "refused";
                   entry.detail = {{"count", session->refused_unjournalled},
                                   {"last",
                                    {{"address", refused.last.address.substr(0, 64)},
                                     {"port", refused.last.port},
                                     {"protocol", refused.last.protocol}}}};
                   session->refused_unjournalled = 0;
                   session->refused_journalled_at = now();
                   record(std::move(entry));
                 },
                 [&](const TunnelActivity& activity) {
                   const auto session = session_of(activity.session);
                   if (session && traffic_counts(*session, now())) session->last_activity = now();
                 },
             },
             body);
}

}  // namespace sekisho::gate
