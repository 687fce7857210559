// What changes from inside: registry changes, other nodes' generation, emergency stop, staff's ends.
#include "admission/circuit_rule.hpp"
#include "admission/device_key.hpp"
#include "admission/enforce.hpp"
#include "base/json.hpp"
#include "gate/consoles.hpp"
#include "gate/lines.hpp"
#include "gate/rdp.hpp"
#include "gate/state.hpp"
#include "registry/application_rights.hpp"
#include "registry/findings.hpp"
#include "registry/stops.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace sekisho::gate {
namespace {

std::string stop_key(const registry::Stop& stop) {
  return stop.scope + ":" + stop.target;
}

/// What one look at the store brings; `open` only when a session changed since the last one.
struct Polled {
  std::shared_ptr<const registry::Registry> registry;
  std::map<std::string, Instant> beats;
  std::uint64_t session_changes = 0;
  std::optional<std::vector<store::SessionRow>> open;
};

struct Changed {
  std::shared_ptr<const registry::Registry> registry;
  std::optional<Error> error;
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  return admission::sha256_hex(bytes);
}

std::string random_token(Entropy& entropy) {
  std::string raw(32, '\0');
  entropy.fill(std::as_writable_bytes(std::span(raw)));
  std::string out = admission::base64url(raw);
  wipe(raw.data(), raw.size());
  return out;
}

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::asking:
      return "asking";
    case SessionState::quarantine:
      return "quarantine";
    case SessionState::admitted:
      return "admitted";
    case SessionState::ended:
      return "ended";
  }
  return "ended";
}

std::optional<Refusal> Gate::State::stopped(std::string_view path_name) const {
  if (!admission::enforce("R19", "stop.all", !registry::is_stopped(*registry, "all", ""))) {
    return admission::refusal("stop.all");
  }
  if (!admission::enforce("R19", "stop.path", !registry::is_stopped(*registry, "path", path_name))) {
    return admission::refusal("stop.path");
  }
  return std::nullopt;
}

void Gate::State::adopt_registry(std::shared_ptr<const registry::Registry> next) {
  const bool missing = std::any_of(live_stops.begin(), live_stops.end(),
                                   [&](const registry::Stop& stop) { return !next->stops.contains(stop_key(stop)); });
  if (missing) {
    auto with_stops = std::make_shared<registry::Registry>(*next);
    for (const registry::Stop& stop : live_stops) with_stops->stops.emplace(stop_key(stop), stop);
    next = std::move(with_stops);
  }
  registry = std::move(next);
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [number, session] : sessions) all.push_back(session);
  for (const auto& session : all) judge_session(session);
  lines->registry_is_new();
  consoles->judge();
  rdp->changed_all();
  schedule_sweep();
}

/// Does the session's own right still hold, by its own application, certificate and path (T-34)? Why not, if it does
/// not.
std::optional<Refusal> Gate::State::fault_of(const store::SessionRow& row, registry::Rights* now_right) const {
  const GatePath* p = path(row.path);
  const auto certificate = registry->certificates.find(row.certificate);
  const bool certified =
      row.certificate.empty() || (certificate != registry->certificates.end() && !certificate->second.revoked_at &&
                                  now() < certificate->second.not_after);
  if (!admission::enforce("R04", "certificate.revoked", certified)) return admission::refusal("certificate.revoked");
  auto answer = registry::rights_by(*registry, row.person, row.terminal, row.path, p->policy.zones, p->policy.lent_only,
                                    now(), row.application);
  if (!answer.rights) return answer.refusal;
  if (p->closed) {
    // R03: the session stays on its terminal's circuit, at an address of it; whether its line is up is lines.hpp's.
    Arrival arrival;
    arrival.path = row.path, arrival.peer_address = row.address, arrival.circuit = lines->circuit_of(row);
    const auto against =
        admission::refuse_circuit(p->policy, *registry, row.terminal, arrival, registry::Line::up, now());
    if (against) return against;
  }
  if (now_right != nullptr) *now_right = std::move(*answer.rights);
  return std::nullopt;
}

Instant until_of(const registry::Registry& registry, const store::SessionRow& row, Instant right,
                 const admission::PathPolicy& policy) {
  const Instant until = std::min(right, row.granted_at + policy.absolute_limit);
  const auto certificate = registry.certificates.find(row.certificate);
  return certificate == registry.certificates.end() ? until : std::min(until, certificate->second.not_after);
}

void Gate::State::judge_session(const std::shared_ptr<Session>& session) {
  if (session->state == SessionState::ended) return;
  store::SessionRow& row = session->row;
  registry::Rights right;
  if (const auto fault = fault_of(row, &right)) return end(session, *fault, "registry");
  row.until = until_of(*registry, row, right.until, path(row.path)->policy);
  if (right.desktop != row.desktop) {
    drop_desktop(row);
    row.desktop = right.desktop;
    want_desktop(row);
    if (seam::Link* relay = link_of("relay", row.path)) relay->send(seam::EntranceEnd{row.number});
    store_row(row);
  }
}

void Gate::State::poll_generation() {
  poll_timer = services.timers.at(now() + options.generation_poll, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->closing) return;
    if (self->polling) return self->poll_generation();
    self->polling = true;
    self->in_store<Polled>(
        [known = self->registry->generation, shared = self->options.shared_store, node = self->options.node,
         at = self->now(), seen = self->seen_session_changes](store::Tx& tx) {
          Polled out;
          if (tx.generation() != known) out.registry = std::make_shared<const registry::Registry>(tx.registry());
          if (!shared) return out;
          tx.put_beat(node, at);
          out.beats = tx.beats();
          out.session_changes = tx.session_changes();
          if (out.session_changes != seen) out.open = tx.open_sessions();
          return out;
        },
        [weak](Result<Polled> polled) {
          const auto self = weak.lock();
          if (!self) return;
          self->polling = false;
          if (!polled) {
            self->in_touch_since.reset();
          } else {
            if (!self->in_touch_since) self->in_touch_since = self->now();
            if (polled->registry) self->adopt_registry(polled->registry);
            if (polled->open) {
              self->seen_session_changes = polled->session_changes;
              self->adopt_rows(std::move(*polled->open));
            }
            if (self->options.shared_store) self->end_sessions_of_dead_nodes(polled->beats);
          }
          self->poll_generation();
        });
  });
}

std::shared_ptr<const registry::Registry> Gate::registry() const {
  return state_->registry;
}

void Gate::change_registry(Change change, std::string by, std::string what,
                           std::function<void(Result<std::uint64_t>)> done) {
  State& s = *state_;
  s.in_store<Changed>(
      [change = std::move(change), networks = s.lines->networks()](store::Tx& tx) {
        Changed out;
        const registry::Registry before = tx.registry();
        Result<registry::Registry> next = change(before);
        if (!next) {
          out.error = next.error();
          return out;
        }
        const auto added = [&](auto&& judge) {
          std::vector<registry::Finding> found = judge(*next);
          if (found.empty()) return found;
          return registry::findings_of_change(std::move(found), *next, judge(before), before);
        };
        auto findings = added([](const registry::Registry& r) { return registry::validate(r); });
        if (findings.empty()) findings = added([&](const registry::Registry& r) { return outside(networks, r); });
        if (!findings.empty()) {
          out.error = registry::invalid(findings);
          return out;
        }
        tx.replace_registry(*next);
        out.registry = std::make_shared<const registry::Registry>(tx.registry());
        return out;
      },
      [weak = s.weak_from_this(), by = std::move(by), what = std::move(what),
       done = std::move(done)](Result<Changed> changed) {
        const auto self = weak.lock();
        if (!self) return;
        if (!changed) return done(changed.error());
        audit::Entry entry;
        entry.event = changed->error ? "registry.change_refused" : "registry.changed";
        entry.result = changed->error ? "refused" : "ok";
        entry.rule = "R17";
        entry.detail = {{"by", by}, {"what", what}};
        if (changed->error) {
          entry.code = changed->error->code;
          self->record(std::move(entry));
          return done(*changed->error);
        }
        const std::uint64_t generation = changed->registry->generation;
        entry.detail["generation"] = generation;
        self->record(std::move(entry));
        self->adopt_registry(changed->registry);
        done(generation);
      });
}

std::vector<SessionInfo> Gate::sessions() const {
  const auto of_row = [](const store::SessionRow& row, SessionState state, const std::string& node) {
    SessionInfo info;
    info.number = row.number;
    info.person = row.person;
    info.terminal = row.terminal;
    info.contractor = row.contractor;
    info.contract = row.contract;
    info.application = row.application;
    info.path = row.path;
    info.zone = row.zone;
    info.desktop = row.desktop;
    info.address = row.address;
    info.peer = row.peer;
    info.state = state;
    info.granted_at = row.granted_at;
    info.until = row.until;
    info.node = node;
    return info;
  };
  std::vector<SessionInfo> out;
  for (const auto& [number, session] : state_->sessions) {
    SessionInfo info = of_row(session->row, session->state, state_->options.node);
    info.tunnel_up = session->tunnel_up;
    info.bytes_in = session->bytes_in;
    info.bytes_out = session->bytes_out;
    info.refused_packets = session->refused_packets;
    out.push_back(std::move(info));
  }
  for (const auto& [number, row] : state_->elsewhere) {
    const bool admitted = row.state == "admitted";
    out.push_back(of_row(row, admitted ? SessionState::admitted : SessionState::quarantine, row.node));
  }
  return out;
}

void Gate::end_session(std::string number, std::string by, std::string reason, std::function<void(Result<void>)> done) {
  State& s = *state_;
  const auto found = s.sessions.find(number);
  if (const auto far = s.elsewhere.find(number); found == s.sessions.end() && far != s.elsewhere.end()) {
    return s.end_row(far->second, "session.ended_by_staff", by, [number, done = std::move(done)](Result<bool> ended) {
      if (!ended) return done(ended.error());
      if (!*ended) return done(fail("gate.no_such_session", number));
      done({});
    });
  }
  if (found == s.sessions.end()) return done(fail("gate.no_such_session", number));
  Refusal refusal = admission::refusal("session.ended_by_staff");
  if (!reason.empty()) {
    refusal.why.ja += "（" + reason + "）";
    refusal.why.en += " (" + reason + ")";
  }
  s.end(found->second, refusal, by);
  done({});
}

void Gate::stop(registry::Stop stop, std::function<void(Result<std::size_t>)> done) {
  static constexpr std::array<std::string_view, 6> kScopes{"all",    "path",     "contractor",
                                                           "person", "terminal", "desktop"};
  State& s = *state_;
  if (std::find(kScopes.begin(), kScopes.end(), stop.scope) == kScopes.end() ||
      (stop.scope == "all") != stop.target.empty()) {
    return done(fail("gate.bad_stop", stop.scope + ":" + stop.target));
  }
  stop.at = s.now();
  if (stop.reason.empty()) stop.reason = "emergency stop";  // whoever pulls it need not write first
  // In memory first: the stop bites even while the store hangs.
  std::erase_if(s.live_stops, [&](const registry::Stop& other) { return stop_key(other) == stop_key(stop); });
  s.live_stops.push_back(stop);
  const std::size_t before = s.sessions.size();
  s.adopt_registry(s.registry);
  const std::size_t ended = before - s.sessions.size();
  audit::Entry entry;
  entry.event = "stop.set";
  entry.rule = "R19";
  entry.result = "ok";
  entry.detail = {
      {"scope", stop.scope}, {"target", stop.target}, {"by", stop.by}, {"reason", stop.reason}, {"ended", ended}};
  s.record(std::move(entry));
  change_registry(
      [stop](registry::Registry next) -> Result<registry::Registry> {
        next.stops[stop_key(stop)] = stop;
        return next;
      },
      stop.by, "stop " + stop_key(stop),
      [ended, done = std::move(done)](Result<std::uint64_t> kept) {
        // The stop holds on this node either way; the operator must know when others cannot see it.
        if (!kept) return done(kept.error());
        done(ended);
      });
}

void Gate::release(std::string scope, std::string target, std::string by, std::function<void(Result<void>)> done) {
  State& s = *state_;
  const std::string key = scope + ":" + target;
  if (!s.registry->stops.contains(key)) return done(fail("gate.no_such_stop", key));
  change_registry(
      [key](registry::Registry next) -> Result<registry::Registry> {
        next.stops.erase(key);
        return next;
      },
      std::move(by), "release " + key,
      [weak = s.weak_from_this(), key, done = std::move(done)](Result<std::uint64_t> kept) {
        const auto self = weak.lock();
        if (!self) return;
        if (!kept) return done(kept.error());  // still stopped: fail closed
        std::erase_if(self->live_stops, [&](const registry::Stop& stop) { return stop_key(stop) == key; });
        auto next = std::make_shared<registry::Registry>(*self->registry);
        next->stops.erase(key);
        self->adopt_registry(std::move(next));
        audit::Entry entry;
        entry.event = "stop.released";
        entry.rule = "R19";
        entry.result = "ok";
        entry.detail = {{"stop", key}};
        self->record(std::move(entry));
        done({});
      });
}

nlohmann::json Gate::circuits() const {
  return state_->lines->view();
}

nlohmann::json Gate::health() const {
  const State& s = *state_;
  nlohmann::json links = nlohmann::json::array();
  for (const auto& [id, link] : s.links) links.push_back({{"role", link.role}, {"name", link.name}});
  nlohmann::json conditions = nlohmann::json::array();
  if (!s.journal.healthy()) conditions.push_back("journal.unwritable");
  const bool asked = s.options.generation_poll.count() > 0 && s.now() > s.started_at + 3 * s.options.generation_poll;
  if (asked && !s.in_touch_since) conditions.push_back("store.unavailable");
  if (s.link_of("netd", "netd") == nullptr) conditions.push_back("link.netd_missing");
  for (const GatePath& path : s.options.paths) {
    if (s.link_of("front", path.policy.path) == nullptr) conditions.push_back("link.front_missing:" + path.policy.path);
    if (s.link_of("relay", path.policy.path) == nullptr) conditions.push_back("link.relay_missing:" + path.policy.path);
  }
  s.desktop_conditions(conditions);
  s.lines->conditions(conditions);
  if (s.rdp->alarm()) conditions.push_back("rdp.refused");
  for (const auto& [key, stop] : s.registry->stops) conditions.push_back("stop:" + key);
  return {{"node", s.options.node},
          {"started_at", to_rfc3339(s.started_at)},
          {"generation", s.registry->generation},
          {"sessions", s.sessions.size()},
          {"screens", s.consoles->open()},
          {"rdp", s.rdp->view()},
          {"journal", s.journal.healthy() ? "ok" : "unwritable"},
          {"links", links},
          {"conditions", conditions}};
}

}  // namespace sekisho::gate
