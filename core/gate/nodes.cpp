// Several gates over one store (core/decisions/0008). A session is served by one node, its row says which. The others
// learn of changes by looking at a counter (poll_generation), and take a session over when its cookie is shown to them.
//
//   row.node == we   in memory: ours            not in memory: a grant that was given up, ended
//   row.node != we   in memory: it has moved    not in memory: elsewhere, its address is taken
//   no open row      in memory: another node ended it
#include "admission/enforce.hpp"
#include "gate/state.hpp"
#include "registry/rules.hpp"

#include <algorithm>

namespace sekisho::gate {
namespace {

/// A node that has not been heard of for so much longer than a reconnect may take is dead.
constexpr Seconds kBeyondGrace{10};

struct Claim {
  std::optional<Refusal> refusal;
  store::SessionRow row, before;
  std::shared_ptr<const registry::Registry> fresh;  // when the store's registry was newer than ours
};

/// Why the session of another node is not to be had here.
std::optional<Refusal> fault_of_claim(const std::optional<store::SessionRow>& row, const Arrival& arrival,
                                      const admission::PathPolicy& policy, bool closed,
                                      const std::map<std::string, Instant>& beats, const std::string& node,
                                      Instant now) {
  const bool known = row && row->state != "ended" && row->path == arrival.path && row->node != node;
  if (!known) return admission::refusal("session.unknown_cookie");
  if (!admission::enforce("R04", "session.other_certificate", leaf_fingerprint(arrival) == row->certificate)) {
    return admission::refusal("session.other_certificate");
  }
  if (!of_its_address(closed, *row, arrival)) return admission::refusal("session.other_address");
  if (now >= row->until) return admission::refusal("session.right_ended");
  // While its node lives, that node judges the grace; once it is dead, the grace runs from its last sign of life.
  const auto beat = beats.find(row->node);
  const bool in_grace = beat != beats.end() && now < beat->second + policy.reconnect_grace;
  if (!admission::enforce("R04", "session.reconnect_expired", in_grace)) {
    return admission::refusal("session.reconnect_expired");
  }
  return std::nullopt;
}

}  // namespace

admission::PostureWatch watch_of(const store::SessionRow& row, const admission::PathPolicy& policy, Instant now) {
  const bool admitted = row.state == "admitted";
  admission::PostureWatch out(policy, admitted ? now : row.granted_at);
  if (admitted) out.begin_admitted(now);
  return out;
}

void Gate::State::take_over(const Caller& caller, ResumeSession request) {
  const auto refuse_it = [caller, arrival = request.arrival](State& self, const Refusal& refusal,
                                                             const store::SessionRow& row) {
    audit::Entry entry;
    entry.event = "session.resume_refused";
    entry.session = row.number;
    entry.person = row.person;
    entry.from = arrival.peer_address;
    entry.path = arrival.path;
    entry.rule = refusal.rule;
    entry.code = refusal.code;
    entry.result = "refused";
    self.record(std::move(entry));
    self.refuse(caller, refusal);
  };
  const GatePath* p = path(request.arrival.path);
  if (p == nullptr) return refuse_it(*this, admission::refusal("session.unknown_cookie"), {});
  if (const auto stop = stopped(request.arrival.path)) return refuse_it(*this, *stop, {});
  if (!admission::enforce("R04", "certificate.revoked", not_revoked(request.arrival))) {
    return refuse_it(*this, admission::refusal("certificate.revoked"), {});
  }
  in_store<Claim>(
      [hash = sha256_hex(request.cookie.reveal()), arrival = request.arrival, policy = p->policy, closed = p->closed,
       node = options.node, at = now(), known = registry->generation](store::Tx& tx) {
        Claim out;
        const auto row = tx.session_by_cookie(hash);
        if (row) out.row = out.before = *row;
        out.refusal = fault_of_claim(row, arrival, policy, closed, tx.beats(), node, at);
        if (out.refusal) return out;
        if (tx.generation() != known) out.fresh = std::make_shared<const registry::Registry>(tx.registry());
        out.row.node = node;
        tx.put_session(out.row);
        return out;
      },
      [weak = weak_from_this(), refuse_it, caller, arrival = request.arrival](Result<Claim> claimed) {
        const auto self = weak.lock();
        if (!self) return;
        if (!claimed) return refuse_it(*self, admission::refusal("gate.unavailable"), {});
        if (claimed->fresh) self->adopt_registry(claimed->fresh);
        if (claimed->refusal) return refuse_it(*self, *claimed->refusal, claimed->row);
        auto row = std::make_shared<store::SessionRow>(claimed->row);
        self->arriving.insert(row->number);
        audit::Entry entry;
        entry.event = "session.taken_over";
        entry.session = row->number;
        entry.person = row->person;
        entry.from = arrival.peer_address;
        entry.path = row->path;
        entry.rule = "R04";
        entry.result = "ok";
        entry.detail = {{"node", self->options.node}, {"before", claimed->before.node}};
        // On disk before the tunnel opens (T-71), as every grant.
        self->record(std::move(entry), [weak, refuse_it, caller, row, before = claimed->before,
                                        chain = chain_of(arrival)](Result<std::uint64_t> durable) {
          const auto self = weak.lock();
          if (!self) return;
          self->arriving.erase(row->number);
          if (!durable) {
            self->in_store<bool>(
                [before](store::Tx& tx) {
                  tx.put_session(before);
                  return true;
                },
                [](Result<bool>) {});
            return refuse_it(*self, admission::refusal("gate.unavailable"), *row);
          }
          self->elsewhere.erase(row->number);
          self->foreign_addresses.erase({row->path, row->address});
          static_cast<void>(self->pools.at(row->path).take(row->address));  // or it was taken for the other node
          const GatePath* p = self->path(row->path);
          auto session = std::make_shared<Session>(*row, watch_of(*row, p->policy, self->now()));
          session->chain = chain;
          session->state = row->state == "admitted" ? SessionState::admitted : SessionState::quarantine;
          session->last_activity = self->now();
          session->tunnel_by = self->now() + p->policy.reconnect_grace;
          self->adopt_session(session);
          if (const auto fault = self->fault_of(*row, nullptr)) {
            self->end(session, *fault, "registry");
            return self->refuse(caller, *fault);
          }
          self->apply_net(row->path, [weak, caller, session](bool applied) {
            const auto self = weak.lock();
            if (!self) return;
            if (session->state == SessionState::ended) {
              return self->refuse(caller, admission::refusal("session.right_ended"));
            }
            // Without the kernel's right the client may try again; the session stays.
            if (!applied) return self->refuse(caller, admission::refusal("gate.unavailable"));
            self->reply(caller, Resumed{self->view(*session)});
          });
        });
      });
}

void Gate::State::adopt_rows(std::vector<store::SessionRow> open) {
  std::map<std::string, store::SessionRow> others;
  std::set<std::string> ours;
  for (store::SessionRow& row : open) {
    const auto mine = sessions.find(row.number);
    if (row.node.empty() || row.node == options.node) {
      ours.insert(row.number);
      // The row was written, and whoever asked for it had been refused by then.
      if (mine == sessions.end() && !arriving.contains(row.number)) end_row(row, "session.not_given", "store");
      continue;
    }
    if (mine != sessions.end()) {
      const std::shared_ptr<Session> session = mine->second;
      leave(session, admission::refusal("session.moved"));
      foreign_addresses.emplace(row.path, row.address);
      audit::Entry entry;
      entry.event = "session.moved";
      entry.session = row.number;
      entry.person = row.person;
      entry.path = row.path;
      entry.result = "ok";
      entry.detail = {{"node", row.node}};
      record(std::move(entry));
    } else if (const auto pool = pools.find(row.path); pool != pools.end() && pool->second.take(row.address)) {
      foreign_addresses.emplace(row.path, row.address);
    }
    others.emplace(row.number, std::move(row));
  }
  elsewhere = std::move(others);
  std::set<std::pair<std::string, std::string>> held;
  for (const auto& [number, row] : elsewhere) held.emplace(row.path, row.address);
  std::erase_if(foreign_addresses, [&](const auto& taken) {
    if (held.contains(taken)) return false;
    pools.at(taken.first).give_back(taken.second);
    return true;
  });
  std::vector<std::string> gone;
  for (const auto& [number, session] : sessions) {
    if (!ours.contains(number)) gone.push_back(number);
  }
  if (!gone.empty()) end_what_others_ended(std::move(gone));
}

void Gate::State::end_what_others_ended(std::vector<std::string> numbers) {
  in_store<std::vector<store::SessionRow>>(
      [numbers = std::move(numbers)](store::Tx& tx) {
        std::vector<store::SessionRow> out;
        for (const std::string& number : numbers) {
          if (auto row = tx.session(number); row && row->state == "ended") out.push_back(std::move(*row));
        }
        return out;
      },
      [weak = weak_from_this()](Result<std::vector<store::SessionRow>> ended) {
        const auto self = weak.lock();
        if (!self || !ended) return;
        for (const store::SessionRow& row : *ended) {
          const auto found = self->sessions.find(row.number);
          if (found == self->sessions.end()) continue;
          const auto reason = admission::find_refusal(row.end_code);
          self->end(found->second, reason ? *reason : admission::refusal("session.right_ended"), "another node");
        }
      });
}

void Gate::State::end_row(const store::SessionRow& expected, std::string_view code, std::string_view by,
                          std::function<void(Result<bool>)> done) {
  in_store<bool>(
      [expected, code = std::string(code), at = now()](store::Tx& tx) {
        auto row = tx.session(expected.number);
        if (!row || row->state == "ended" || row->node != expected.node) return false;
        row->state = "ended";
        row->ended_at = at;
        row->end_code = code;
        tx.put_session(*row);
        return true;
      },
      [weak = weak_from_this(), row = expected, code = std::string(code), by = std::string(by),
       done = std::move(done)](Result<bool> ended) {
        const auto self = weak.lock();
        if (!self) return;
        if (ended && *ended) {
          const Refusal reason = admission::refusal(code);
          audit::Entry entry;
          entry.event = "session.ended";
          entry.session = row.number;
          entry.person = row.person;
          entry.path = row.path;
          entry.from = row.peer;
          entry.rule = reason.rule;
          entry.code = code;
          entry.result = "ended";
          entry.detail = {{"by", by}, {"node", row.node}};
          self->record(std::move(entry));
          self->elsewhere.erase(row.number);
        }
        if (done) done(ended);
      });
}

void Gate::State::end_sessions_of_dead_nodes(const std::map<std::string, Instant>& beats) {
  std::vector<store::SessionRow> dead;
  for (const auto& [number, row] : elsewhere) {
    const GatePath* p = path(row.path);
    const Seconds limit = (p != nullptr ? p->policy.reconnect_grace : Seconds{120}) + kBeyondGrace;
    const auto beat = beats.find(row.node);
    // A store that was lost for all comes back to all: each node gets its time to say that it lives.
    const Instant heard = std::max(beat == beats.end() ? Instant{} : beat->second, *in_touch_since);
    if (now() >= heard + limit || now() >= row.until + limit) dead.push_back(row);
  }
  for (const store::SessionRow& row : dead) end_row(row, "session.reconnect_expired", "another node");
}

}  // namespace sekisho::gate
