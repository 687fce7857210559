// Sessions while they live: the cookie shown again, tunnels that come and go, deadlines, ends.
#include "admission/enforce.hpp"
#include "base/json_object.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"
#include "gate/rdp.hpp"
#include "gate/state.hpp"

#include <algorithm>

namespace sekisho::gate {

std::string leaf_fingerprint(const Arrival& arrival) {
  return arrival.certificate_chain.empty() ? std::string() : sha256_hex(arrival.certificate_chain.front());
}

std::shared_ptr<const std::vector<std::string>> chain_of(const Arrival& arrival) {
  if (arrival.certificate_chain.empty()) return nullptr;
  return std::make_shared<const std::vector<std::string>>(arrival.certificate_chain);
}

bool of_its_address(bool closed_path, const store::SessionRow& row, const Arrival& arrival) {
  return !closed_path || admission::enforce("R04", "session.other_address", arrival.peer_address == row.address);
}

SessionView Gate::State::view(const Session& session) const {
  const GatePath* p = path(session.row.path);
  SessionView out;
  out.session = session.row.number;
  out.state = session.state;
  out.address = session.row.address;
  out.gate_address = p->gate_address;
  out.prefix = 32;
  out.mru = p->mtu;
  out.idle_limit_s = static_cast<std::uint32_t>(p->policy.idle_limit.count());
  const auto left = std::chrono::duration_cast<Seconds>(session.row.until - now()).count();
  out.remaining_s = left > 0 ? static_cast<std::uint32_t>(left) : 0;
  out.filter = filter_of(session);
  out.language = session.row.language;
  return out;
}

std::vector<FilterRule> Gate::State::filter_of(const Session& session) const {
  const GatePath* p = path(session.row.path);
  // R02: nothing to an address that no tunnel stands for, whatever was last heard of it.
  if (p->closed && !(session.tunnel_up && lines->carries(session.row))) return {};
  std::vector<FilterRule> rules{p->posture_page};
  if (session.state != SessionState::admitted) return rules;
  rules.push_back(p->entrance);
  if (!p->desktop_page.address.empty()) rules.push_back(p->desktop_page);
  return rules;
}

std::shared_ptr<Session> Gate::State::session_at(std::string_view address) const {
  const auto number = by_address.find(std::string(address));
  if (number == by_address.end()) return nullptr;
  const auto found = sessions.find(number->second);
  return found == sessions.end() ? nullptr : found->second;
}

void Gate::State::adopt_session(const std::shared_ptr<Session>& session) {
  sessions[session->row.number] = session;
  by_cookie[session->row.cookie_hash] = session->row.number;
  by_address[session->row.address] = session->row.number;
  lines->adopt(*session);
  want_desktop(session->row);
  rdp->changed(session->row.number);
  schedule_sweep();
}

void Gate::State::resume(const Caller& caller, ResumeSession request) {
  const auto refuse_resume = [&](std::string_view code, const Session* session) {
    const Refusal refusal = admission::refusal(code);
    audit::Entry entry;
    entry.event = "session.resume_refused";
    if (session != nullptr) {
      entry.session = session->row.number;
      entry.person = session->row.person;
    }
    entry.from = request.arrival.peer_address;
    entry.path = request.arrival.path;
    entry.rule = refusal.rule;
    entry.code = refusal.code;
    entry.result = "refused";
    record(std::move(entry));
    refuse(caller, refusal);
  };
  const auto number = by_cookie.find(sha256_hex(request.cookie.reveal()));
  const auto found = number == by_cookie.end() ? sessions.end() : sessions.find(number->second);
  if (found == sessions.end() && options.shared_store) return take_over(caller, std::move(request));
  if (found == sessions.end()) return refuse_resume("session.unknown_cookie", nullptr);
  const std::shared_ptr<Session> session = found->second;
  if (session->row.path != request.arrival.path) return refuse_resume("session.unknown_cookie", session.get());
  if (!admission::enforce("R04", "session.other_certificate",
                          leaf_fingerprint(request.arrival) == session->row.certificate)) {
    return refuse_resume("session.other_certificate", session.get());
  }
  // T-10: what its issuer has revoked meanwhile opens nothing again.
  if (!admission::enforce("R04", "certificate.revoked", not_revoked(request.arrival))) {
    return refuse_resume("certificate.revoked", session.get());
  }
  if (!of_its_address(path(session->row.path)->closed, session->row, request.arrival)) {
    return refuse_resume("session.other_address", session.get());
  }
  if (now() >= session->row.until) return refuse_resume("session.right_ended", session.get());
  session->chain = chain_of(request.arrival);
  if (request.open_tunnel) {
    if (session->tunnel_up) {  // T-44: both are on record; the front closes the older connection
      audit::Entry entry;
      entry.event = "session.tunnel_taken_over";
      entry.session = session->row.number;
      entry.person = session->row.person;
      entry.from = request.arrival.peer_address;
      entry.path = session->row.path;
      entry.result = "ok";
      record(std::move(entry));
    }
    session->last_activity = now();
  }
  reply(caller, Resumed{view(*session)});
}

void Gate::State::logout(const Caller& caller, LogoutSession request) {
  const auto number = by_cookie.find(sha256_hex(request.cookie.reveal()));
  if (number != by_cookie.end()) {
    const auto found = sessions.find(number->second);
    if (found != sessions.end() && leaf_fingerprint(request.arrival) == found->second->row.certificate) {
      end(found->second, admission::refusal("session.logged_out"), found->second->row.person);
    }
  }
  reply(caller, Done{});
}

void Gate::State::leave(const std::shared_ptr<Session>& session, const Refusal& reason) {
  session->state = SessionState::ended;
  const store::SessionRow& row = session->row;
  sessions.erase(row.number);
  by_cookie.erase(row.cookie_hash);
  if (const auto at = by_address.find(row.address); at != by_address.end() && at->second == row.number) {
    by_address.erase(at);
  }
  consoles->left(row.number);
  drop_desktop(row);
  rdp->changed(row.number);
  if (seam::Link* front = link_of("front", row.path)) {
    front->send(seam::Push{SessionEnded{row.number, reason.code, reason.why}});
  }
  if (seam::Link* relay = link_of("relay", row.path)) relay->send(seam::EntranceEnd{row.number});
  apply_net(row.path);
}

void Gate::State::end(std::shared_ptr<Session> session, const Refusal& reason, std::string_view by,  // NOLINT: shares
                      bool row_is_stored) {
  if (session->state == SessionState::ended) return;
  leave(session, reason);
  const store::SessionRow& row = session->row;
  pools.at(row.path).give_back(row.address);

  audit::Entry entry;
  entry.event = "session.ended";
  entry.session = row.number;
  entry.person = row.person;
  entry.path = row.path;
  entry.from = row.peer;
  entry.rule = reason.rule;
  entry.code = reason.code;
  entry.result = "ended";
  entry.detail = json_object("by", by, "why", reason.why.en, "bytes_in", session->bytes_in, "bytes_out",
                             session->bytes_out, "refused_packets", session->refused_packets);
  record(std::move(entry));
  if (row_is_stored) return;
  store::SessionRow ended = row;
  ended.state = "ended";
  ended.ended_at = now();
  ended.end_code = reason.code;
  store_row(ended);
}

bool put_if_open(store::Tx& tx, const store::SessionRow& row, const std::string& node) {
  const auto now = tx.session(row.number);
  const bool others = now && !now->node.empty() && now->node != node;
  if (!others && !(now && now->state == "ended")) tx.put_session(row);
  return true;
}

void Gate::State::store_row(const store::SessionRow& row) {
  in_store<bool>([row, node = options.node](store::Tx& tx) { return put_if_open(tx, row, node); },
                 [weak = weak_from_this(), row](Result<bool> stored) {
                   const auto self = weak.lock();
                   if (!self || stored) return;
                   // The end itself holds (memory, fronts, kernel); only its row is missing. Tried again until the
                   // store is back, so that a restart does not revive the session.
                   audit::Entry entry;
                   entry.event = "store.row_late";
                   entry.session = row.number;
                   entry.code = stored.error().code;
                   entry.result = "error";
                   self->record(std::move(entry));
                   self->services.timers.at(self->now() + Seconds{5}, [weak, row] {
                     if (const auto self = weak.lock()) self->store_row(row);
                   });
                 },
                 Commit::shared);
}

void Gate::State::push_view(const Session& session) {
  if (seam::Link* front = link_of("front", session.row.path)) front->send(seam::Push{SessionChanged{view(session)}});
}

void Gate::State::schedule_sweep() {
  std::optional<Instant> next;
  const auto consider = [&next](Instant at) {
    if (!next || at < *next) next = at;
  };
  for (const auto& [number, session] : sessions) {
    const GatePath* p = path(session->row.path);
    consider(session->row.until);
    consider(session->watch.next_deadline());
    if (session->tunnel_by) consider(*session->tunnel_by);
    if (session->tunnel_up) consider(session->last_activity + p->policy.idle_limit);
  }
  if (!next) return;
  *next = std::max(*next, now() + std::chrono::milliseconds{10});  // a deadline that does not move must not spin
  if (sweep_timer != 0 && sweep_at <= *next) return;
  if (sweep_timer != 0) services.timers.cancel(sweep_timer);
  sweep_at = *next;
  sweep_timer = services.timers.at(*next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->sweep_timer = 0;
      self->sweep();
    }
  });
}

void Gate::State::sweep() {
  const Instant at = now();
  std::vector<std::shared_ptr<Session>> all;
  all.reserve(sessions.size());
  for (const auto& [number, session] : sessions) all.push_back(session);
  for (const auto& session : all) {
    const GatePath* p = path(session->row.path);
    if (at >= session->row.until) {
      const bool absolute = session->row.until >= session->row.granted_at + p->policy.absolute_limit;
      end(session, admission::refusal(absolute ? "session.absolute_limit" : "session.right_ended"), "clock");
      continue;
    }
    if (session->tunnel_by && at >= *session->tunnel_by) {
      const bool had_one = p->closed || session->bytes_in + session->bytes_out > 0;
      end(session, admission::refusal(had_one ? "session.reconnect_expired" : "session.no_tunnel"), "clock");
      continue;
    }
    if (session->tunnel_up && at >= session->last_activity + p->policy.idle_limit) {
      end(session, admission::refusal("session.idle"), "clock");
      continue;
    }
    if (at >= session->watch.next_deadline()) act(session, session->watch.on_time(at));
  }
  schedule_sweep();
}

}  // namespace sekisho::gate
