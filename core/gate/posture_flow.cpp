// Posture requests: who asks (a session by its inner address, a terminal before login, a claim with a cookie), and what
// a verdict does to the session. Challenges are given on the loop, everything else the desk judges on the store thread.
#include "admission/enforce.hpp"
#include "base/json.hpp"
#include "base/json_object.hpp"
#include "base/json_text.hpp"
#include "base/own_json.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"
#include "gate/login_step.hpp"
#include "gate/rdp.hpp"
#include "registry/circuits.hpp"

#include <algorithm>

namespace sekisho::gate {
namespace {

struct DeskAnswer {
  std::uint16_t status = 200;
  std::string body;
  std::optional<admission::ReportVerdict> verdict;
  std::optional<registry::Terminal> enrolled;
  std::shared_ptr<const registry::Registry> changed;
};

std::string_view word(CheckVerdict verdict) {
  switch (verdict) {
    case CheckVerdict::pass:
      return "pass";
    case CheckVerdict::warn:
      return "warn";
    case CheckVerdict::fail:
      return "fail";
    case CheckVerdict::unknown:
      return "unknown";
    case CheckVerdict::not_applicable:
      return "not_applicable";
  }
  return "unknown";
}

std::string rows_of(const std::vector<CheckResult>& results) {
  std::string rows = "[";
  rows.reserve(2048);
  for (const CheckResult& r : results) {
    if (&r != &results.front()) rows += ',';
    const std::string_view observed = r.observed, required = r.required;
    JsonMembers row(rows);
    row.add("check", r.check).add("code", r.code).add("observed", observed.substr(0, 128));
    row.add("remedy_en", r.remedy.en).add("remedy_ja", r.remedy.ja).add("required", required.substr(0, 128));
    row.add("rule", r.rule).add("verdict", word(r.verdict)).close();
  }
  return rows += ']';
}

/// The journal keeps which checks failed; the store keeps the whole rows.
nlohmann::json brief(const std::vector<CheckResult>& results) {
  nlohmann::json out = nlohmann::json::object();
  for (const CheckResult& r : results) {
    if (r.verdict != CheckVerdict::pass) out[r.check] = std::string(word(r.verdict)) + ":" + r.code;
  }
  return out;
}

admission::TerminalPosture load_posture(store::Tx& tx, const std::string& terminal) {
  admission::TerminalPosture out;
  if (const auto row = tx.posture(terminal)) {
    out.last_seq = row->last_seq;
    auto memory = parse_own_json(row->memory);
    if (memory.is_object()) out.memory = std::move(memory);
  }
  return out;
}

void store_posture(store::Tx& tx, const admission::ReportVerdict& verdict, Instant now) {
  store::PostureRow row;
  row.terminal = verdict.terminal;
  row.last_seq = verdict.posture.last_seq;
  row.reported_at = now;
  row.verdict = verdict.passed ? "pass" : "fail";
  row.results = rows_of(verdict.results);
  row.memory = json_text(verdict.posture.memory);
  tx.put_posture(row);
}

/// Before login nobody has said which path, but who speaks to a closed one's front: the profile of the first path for
/// the contractor's own terminals.
const admission::PathPolicy* policy_before_login(const GateOptions& options, std::string_view path) {
  for (const GatePath& p : options.paths) {
    if (p.closed && p.policy.path == path) return &p.policy;
  }
  for (const GatePath& p : options.paths) {
    if (!registry::is_closed_path(p.policy.zones, p.policy.lent_only)) return &p.policy;
  }
  return options.paths.empty() ? nullptr : &options.paths.front().policy;
}

/// The same shape as the desk's refusals, so that an agent reads one.
std::string refusal_body(const Refusal& r) {
  std::string out;
  const auto text = [](std::string& to, const Text& t) { JsonMembers(to).add("en", t.en).add("ja", t.ja).close(); };
  JsonMembers answer(out);
  JsonMembers refusal(answer.add("decision", "deny").add("error", r.code).place("refusal"));
  text(refusal.add("code", r.code).place("remedy"), r.remedy);
  text(refusal.add("rule", r.rule).place("what"), r.what);
  text(refusal.place("why"), r.why);
  refusal.close();
  answer.close();
  return out;
}

}  // namespace

void Gate::State::posture(const Caller& caller, PostureRequest request) {
  const auto answer_refusal = [&](std::uint16_t status, std::string_view code) {
    reply(caller, PostureAnswer{status, refusal_body(admission::refusal(code))});
  };
  // Which session? By inner address, except the host check claim, which comes on the tunnel's front with its cookie.
  std::shared_ptr<Session> session;
  if (request.kind == "hostcheck") {
    const auto number = by_cookie.find(sha256_hex(request.cookie.reveal()));
    const auto found = number == by_cookie.end() ? sessions.end() : sessions.find(number->second);
    if (found == sessions.end() || found->second->row.path != request.arrival.path) {
      return answer_refusal(403, "session.unknown_cookie");
    }
    // A cookie counts with its own certificate alone, here as for a tunnel (T-44).
    if (!admission::enforce("R04", "session.other_certificate",
                            leaf_fingerprint(request.arrival) == found->second->row.certificate)) {
      return answer_refusal(403, "session.other_certificate");
    }
    session = found->second;
  } else {
    session = session_at(request.arrival.peer_address);
    const GatePath* own = path(request.arrival.path);  // of a closed path's front; the posture front has none
    const bool over_closed = own != nullptr && own->closed;
    const bool inner = std::any_of(pools.begin(), pools.end(), [&](const auto& pool) {
      return pool.second.contains(request.arrival.peer_address) && !(over_closed && pool.first == own->policy.path);
    });
    if (inner && !session) return answer_refusal(403, "session.unknown_cookie");
    // R01: whoever speaks to one network's front is no session of the other's.
    const bool same = !session || path(session->row.path)->closed == over_closed;
    if (!admission::enforce("R01", "zone.other_path", same)) return answer_refusal(403, "zone.other_path");
    if (over_closed) {
      lines->place(request.arrival);
      if (const auto refusal = lines->refuse(request.arrival, {})) {
        return reply(caller, PostureAnswer{403, refusal_body(*refusal)});
      }
    }
  }
  const GatePath* session_path = session ? path(session->row.path) : nullptr;
  const admission::PathPolicy* policy =
      session_path != nullptr ? &session_path->policy : policy_before_login(options, request.arrival.path);
  if (policy == nullptr) return answer_refusal(503, "gate.unavailable");
  std::optional<admission::SessionRef> ref;
  if (session) ref = {session->row.number, session->row.address, session->row.terminal, session->row.path};
  if (request.kind == "challenge") {  // every terminal's heartbeat: it needs nothing of the store
    if (session) session->watch.on_sign_of_life(now());
    return reply(caller, PostureAnswer{200, desk->challenge(ref, now())});
  }

  // Not in the call: its second argument takes the arrival away, perhaps before the first is made.
  std::string user_agent = request.arrival.user_agent;
  in_store<DeskAnswer>(
      [desk = desk, kind = request.kind, body = std::move(request.body), ref, policy = *policy, known = registry,
       user_agent = std::move(user_agent), at = now()](store::Tx& tx) {
        DeskAnswer out;
        const RegistryPtr current = newest(tx, known);
        const registry::Registry& registry = *current;
        if (kind == "enrol") {
          admission::EnrolVerdict verdict = desk->enrol(body, registry, at);
          out.status = verdict.http_status;
          out.body = std::move(verdict.answer);
          if (verdict.terminal) {
            registry::Registry next = registry;
            next.terminals[verdict.terminal->id] = *verdict.terminal;
            tx.replace_registry(next);
            out.changed = std::make_shared<const registry::Registry>(tx.registry());
            out.enrolled = std::move(verdict.terminal);
          }
          return out;
        }
        if (kind == "report") {
          const auto load = [&tx](const std::string& terminal) { return load_posture(tx, terminal); };
          out.verdict = desk->report(body, ref, registry, policy, user_agent, load, at);
        } else if (kind == "hostcheck" && ref) {
          out.verdict = desk->hostcheck(body, *ref, registry, policy, at);
        } else {
          out.status = 404;
          return out;
        }
        out.status = out.verdict->http_status;
        out.body = out.verdict->answer;
        if (out.verdict->counted && kind == "report") store_posture(tx, *out.verdict, at);
        return out;
      },
      [weak = weak_from_this(), caller, arrival = std::move(request.arrival), kind = request.kind, ref,
       session](Result<DeskAnswer> end) {
        const auto self = weak.lock();
        if (!self) return;
        if (!end) {
          // The gate could not judge: that is no silence of the terminal's.
          const bool lost = end.error().code == "store.unavailable" || end.error().code == "run.late";
          if (lost && kind == "report" && session) session->watch.on_unjudged_report(self->now());
          return self->reply(caller, PostureAnswer{503, refusal_body(admission::refusal("gate.unavailable"))});
        }
        audit::Entry entry;
        entry.from = arrival.peer_address;
        if (ref) {
          entry.session = ref->number;
          entry.path = ref->path;
        }
        if (end->enrolled) {
          entry.event = "terminal.enrolled";
          entry.result = "ok";
          entry.rule = "R05";
          entry.detail = {{"terminal", end->enrolled->id}, {"key", end->enrolled->key_thumbprint}};
          self->record(entry);
          self->adopt_registry(end->changed);
        } else if (kind == "enrol") {
          entry.event = "terminal.enrolment_refused";
          entry.result = "refused";
          self->record(entry);
        }
        if (!end->verdict) return self->reply(caller, PostureAnswer{end->status, std::move(end->body)});

        const admission::ReportVerdict& verdict = *end->verdict;
        entry.event = kind == "hostcheck" ? "posture.claimed" : "posture.reported";
        entry.result = verdict.passed ? "ok" : "refused";
        if (session) entry.person = session->row.person;
        if (verdict.refusal) {
          entry.rule = verdict.refusal->rule;
          entry.code = verdict.refusal->code;
        }
        entry.detail =
            json_object("terminal", verdict.terminal, "reason", verdict.reason, "checks", brief(verdict.results));
        self->record(std::move(entry));
        auto respond = [weak, caller, status = end->status, body = std::move(end->body)] {
          if (const auto self = weak.lock()) self->reply(caller, PostureAnswer{status, body});
        };
        if (verdict.clone_suspected) {
          std::vector<std::shared_ptr<Session>> of_terminal;
          for (const auto& [number, other] : self->sessions) {
            if (other->row.terminal == verdict.terminal) of_terminal.push_back(other);
          }
          for (const auto& other : of_terminal)
            self->end(other, admission::refusal("device.clone_suspected"), "posture");
          return respond();
        }
        // What did not count says nothing about the terminal, and the watch lets the session go on; but a key that is
        // not the terminal's, spoken inside its tunnel, is the loss of the key.
        if (!session || session->state == SessionState::ended) return respond();
        self->act(session, session->watch.on_report(verdict, self->now()), std::move(respond));
        self->schedule_sweep();
      });
}

void Gate::State::act(const std::shared_ptr<Session>& session, const admission::PostureWatch::Step& step,
                      std::function<void()> done) {
  using Action = admission::PostureWatch::Action;
  const auto finish = [&done] {
    if (done) done();
  };
  if (session->state == SessionState::ended) return finish();
  audit::Entry entry;
  entry.session = session->row.number;
  entry.person = session->row.person;
  entry.path = session->row.path;
  entry.from = session->row.peer;
  if (step.refusal) {
    entry.rule = step.refusal->rule;
    entry.code = step.refusal->code;
  }
  switch (step.action) {
    case Action::none:
      return finish();
    case Action::close:
      end(session, step.refusal ? *step.refusal : admission::refusal("report.missed"), "posture");
      return finish();
    case Action::quarantine: {  // rights shrink at once, the entry follows
      session->state = SessionState::quarantine;
      session->row.state = "quarantine";
      push_view(*session);
      consoles->left(session->row.number);
      hypervisors->withdraw(session->row.number);
      rdp->changed(session->row.number);
      if (seam::Link* relay = link_of("relay", session->row.path)) relay->send(seam::EntranceEnd{session->row.number});
      apply_net(session->row.path);
      entry.event = "session.quarantined";
      entry.result = "refused";
      record(std::move(entry));
      store_row(session->row);
      return finish();
    }
    case Action::admit:
      break;
  }
  // Rights grow only when the entry is on disk (T-71).
  if (session->promoting || session->state == SessionState::admitted) return finish();
  session->promoting = true;
  entry.event = "session.admitted";
  entry.rule = "R10";
  entry.result = "ok";
  record(std::move(entry), [weak = weak_from_this(), session, done = std::move(done)](Result<std::uint64_t> durable) {
    const auto self = weak.lock();
    if (!self) return;
    session->promoting = false;
    if (durable && session->state == SessionState::quarantine && session->watch.admitted()) {
      session->state = SessionState::admitted;
      session->row.state = "admitted";
      self->rdp->changed(session->row.number);
      self->store_row(session->row);
      self->apply_net(session->row.path, [weak, session, done](bool) {
        if (const auto self = weak.lock(); self && session->state != SessionState::ended) self->push_view(*session);
        if (done) done();
      });
      return;
    }
    if (!durable && session->state != SessionState::ended) {
      self->end(session, admission::refusal("gate.unavailable"), "journal");
    }
    if (done) done();
  });
}

}  // namespace sekisho::gate
