// What a passed login leads to: rights and posture decided in the login's transaction, the session's number, and the
// grant, on disk before the cookie leaves (T-71).
#include "admission/circuit_rule.hpp"
#include "admission/enforce.hpp"
#include "admission/posture_refusals.hpp"
#include "base/json_object.hpp"
#include "gate/lines.hpp"
#include "gate/login_step.hpp"
#include "registry/rules.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace sekisho::gate {
namespace {

/// Why a report that the store keeps did not pass: its first failure, else what nobody could say. A code that no
/// catalogue has is its check's own, with the check's remedy.
Refusal refused_before_login(const nlohmann::json& results) {
  for (const char* wanted : {"fail", "unknown"}) {
    for (const auto& row : results) {
      if (row.value("verdict", "") != wanted) continue;
      CheckResult result;
      result.rule = row.value("rule", "R10");
      result.code = row.value("code", std::string());
      result.remedy = {row.value("remedy_ja", std::string()), row.value("remedy_en", std::string())};
      if (result.code.empty()) break;
      return admission::find_refusal(result.code).value_or(admission::refusal_of(result));
    }
  }
  return admission::refusal("posture.refused_before_login");
}

/// Session numbers are taken from the store by the handful: a count of the store's stands for so many of them, none of
/// which is ever taken again. What a stopped process had left is never given.
constexpr std::uint64_t kNumbersAtOnce = 16;

std::string session_number(const std::string& day, const std::string& node, std::uint64_t number) {
  std::string compact = day, count = std::to_string(number);
  compact.erase(std::remove(compact.begin(), compact.end(), '-'), compact.end());
  if (count.size() < 6) count.insert(0, 6 - count.size(), '0');
  return "S" + compact + "-" + node + "-" + count;
}

void put_replaced(store::Tx& tx, store::SessionRow other, const store::SessionRow& by) {
  other.state = "ended";
  other.ended_at = by.granted_at;
  other.end_code = "session.replaced";
  tx.put_session(other);
}

/// A person has one session per path, whichever node serves it: the older ones (`ours`: of this node) end in the same
/// transaction.
void put_granted(store::Tx& tx, const store::SessionRow& row, const std::vector<std::string>& ours, bool shared) {
  for (const std::string& number : ours) {
    const auto other = tx.session(number);
    const bool mine = other && (other->node.empty() || other->node == row.node);
    if (mine && other->state != "ended") put_replaced(tx, *other, row);
  }
  for (const store::SessionRow& other : shared ? tx.open_sessions_of(row.person) : std::vector<store::SessionRow>{}) {
    if (other.path != row.path || other.node == row.node || other.number == row.number) continue;
    put_replaced(tx, other, row);
  }
  tx.put_session(row);
}

bool path_is_closed(const Gate::State& self, const store::SessionRow& row) {
  const GatePath* path = self.path(row.path);
  return path != nullptr && path->closed;
}

/// On a closed path an address is one terminal's and opens one session: another person's, or another path's, is not
/// pushed aside by who comes later.
std::optional<Refusal> address_fault(const Gate::State& self, const store::SessionRow& row) {
  if (!path_is_closed(self, row)) return std::nullopt;
  const auto holder = self.session_at(row.address);
  const bool free = !holder || (holder->row.person == row.person && holder->row.path == row.path);
  if (!admission::enforce("R03", "session.address_in_use", free)) return admission::refusal("session.address_in_use");
  const bool inside = self.pools.at(row.path).contains(row.address);
  if (!admission::enforce("R01", "circuit.other_network", inside)) return admission::refusal("circuit.other_network");
  return std::nullopt;
}

/// This node's sessions of the person on the path.
std::vector<std::shared_ptr<Session>> sessions_of(const Gate::State& self, const store::SessionRow& row) {
  std::vector<std::shared_ptr<Session>> out;
  for (const auto& [number, session] : self.sessions) {
    if (session->row.person == row.person && session->row.path == row.path) out.push_back(session);
  }
  return out;
}

}  // namespace

void give(const std::shared_ptr<Gate::State>& self, const StepPtr& step, Decision decision, Secret cookie, int tries) {
  auto row = std::make_shared<store::SessionRow>(std::move(decision.row));
  const GatePath* path = self->path(row->path);
  SEKISHO_ASSERT(path != nullptr);
  if (path->closed) {
    // The terminal's own: its tunnel is charon's, and there is nothing to give.
    row->address = step->arrival.peer_address;
    if (const auto refusal = address_fault(*self, *row)) return refuse_step(self, step, *refusal, false, row->person);
    tries = 1;
  } else {
    const auto address = self->pools.at(row->path).take();
    if (!address) return refuse_step(self, step, admission::refusal("pool.exhausted"), false, row->person);
    row->address = *address;
  }

  const auto give_up = [weak = self->weak_from_this(), step, row](std::string_view code) {
    if (const auto self = weak.lock()) {
      self->pools.at(row->path).give_back(row->address);
      refuse_step(self, step, admission::refusal(code), false, row->person, {{"session", row->number}});
    }
  };
  audit::Entry entry = login_entry(*step, "session.granted", row->person);
  entry.session = row->number;
  entry.rule = "R04";
  entry.result = "ok";
  entry.detail = json_object("terminal", row->terminal, "contractor", row->contractor, "contract", row->contract,
                             "application", row->application, "zone", row->zone, "address", row->address, "state",
                             row->state, "until", to_rfc3339(row->until));
  if (!step->arrival.circuit.empty()) entry.detail["circuit"] = step->arrival.circuit;
  auto shared_cookie = std::make_shared<Secret>(std::move(cookie));
  const bool admitted = decision.admitted;
  const Instant reported_at = decision.reported_at;
  self->record(std::move(entry), [weak = self->weak_from_this(), step, row, shared_cookie, admitted, reported_at,
                                  give_up, tries](Result<std::uint64_t> durable) {
    const auto self = weak.lock();
    if (!self) return;
    if (!durable) return give_up("gate.unavailable");
    std::vector<std::string> replaced;
    for (const auto& other : sessions_of(*self, *row)) replaced.push_back(other->row.number);
    self->in_store<bool>(
        [row, replaced, shared = self->options.shared_store](store::Tx& tx) {
          put_granted(tx, *row, replaced, shared);
          return true;
        },
        [weak, step, row, replaced, shared_cookie, admitted, reported_at, give_up, tries](Result<bool> stored) {
          const auto self = weak.lock();
          if (!self) return;
          if (!stored && stored.error().code == "store.conflict" && tries > 1) {
            // Another node's; it stays taken here until that node's session has been seen to end.
            self->foreign_addresses.emplace(row->path, row->address);
            return give(self, step, Decision{{}, std::move(*row), admitted, reported_at}, std::move(*shared_cookie),
                        tries - 1);
          }
          const bool taken = stored && address_fault(*self, *row);  // by a login that was quicker
          if (taken) {                                              // what ended with the row has ended
            for (const auto& other : sessions_of(*self, *row)) {
              if (std::ranges::find(replaced, other->row.number) == replaced.end()) continue;
              self->end(other, admission::refusal("session.replaced"), row->number, true);
            }
          }
          if (!stored || taken) {
            audit::Entry undone = login_entry(*step, "session.ended", row->person);
            undone.session = row->number;
            undone.code = "session.not_given";
            undone.result = "ended";
            self->record(std::move(undone));
            // It may stand there all the same: a commit that came too late, or whose answer was lost.
            store::SessionRow ended = *row;
            ended.state = "ended";
            ended.ended_at = self->now();
            ended.end_code = "session.not_given";
            self->store_row(ended);
            const bool conflict = !stored && path_is_closed(*self, *row) && stored.error().code == "store.conflict";
            return give_up(taken || conflict ? "session.address_in_use" : "gate.unavailable");
          }
          const GatePath* path = self->path(row->path);
          auto session = std::make_shared<Session>(*row, admission::PostureWatch(path->policy, row->granted_at));
          session->state = admitted ? SessionState::admitted : SessionState::quarantine;
          session->chain = chain_of(step->arrival);
          if (admitted) session->watch.begin_admitted(reported_at);
          session->last_activity = self->now();
          session->tunnel_by = self->now() + path->policy.first_tunnel_limit;
          // A person has one session per path: an older one ends as the new one begins.
          for (const auto& other : sessions_of(*self, *row)) {
            const bool stored_with_it = std::ranges::find(replaced, other->row.number) != replaced.end();
            self->end(other, admission::refusal("session.replaced"), row->number, stored_with_it);
          }
          // The right may have ended while the entry was being written.
          if (const auto fault = self->fault_of(*row, nullptr)) {
            self->adopt_session(session);
            self->end(session, *fault, "registry");
            return self->refuse(step->caller, *fault);
          }
          self->adopt_session(session);
          self->apply_net(row->path, [weak, step, row, shared_cookie](bool applied) {
            const auto self = weak.lock();
            if (!self) return;
            const auto found = self->sessions.find(row->number);
            if (found == self->sessions.end()) {
              return self->refuse(step->caller, admission::refusal("session.right_ended"));
            }
            if (!applied) {
              self->end(found->second, admission::refusal("gate.unavailable"), "kernel");
              return self->refuse(step->caller, admission::refusal("gate.unavailable"));
            }
            const auto limit = self->path(row->path)->policy.first_tunnel_limit.count();
            self->reply(step->caller, Granted{shared_cookie->clone(), row->number, found->second->state,
                                              static_cast<std::uint32_t>(limit)});
          });
        },
        Gate::State::Commit::shared);
  });
}

RegistryPtr newest(store::Tx& tx, RegistryPtr known) {
  if (tx.generation() == known->generation) return known;
  return std::make_shared<const registry::Registry>(tx.registry());
}

std::optional<registry::Rights> judge_rights(store::Tx& tx, const registry::Registry& registry,
                                             const admission::PathPolicy& policy,
                                             const admission::LoginPassedOut& passed, Instant now, Decision& decision) {
  auto answer =
      registry::rights_of(registry, passed.person, passed.terminal, policy.path, policy.zones, policy.lent_only, now);
  if (!answer.rights) {
    decision.refusal = answer.refusal;
    return std::nullopt;
  }
  const auto posture = tx.posture(passed.terminal);
  if (posture && posture->reported_at <= now && now - posture->reported_at <= policy.prelogin_max_age) {
    if (posture->verdict != "pass") {  // enforces R10/posture.refused_before_login
      const auto results = nlohmann::json::parse(posture->results, nullptr, false);
      decision.refusal = refused_before_login(results.is_array() ? results : nlohmann::json::array());
      return std::nullopt;
    }
    decision.admitted = true;
    decision.reported_at = posture->reported_at;
  }
  return std::move(answer.rights);
}

Decision decide(store::Tx& tx, const StepFacts& facts, const registry::Registry& registry, Step& step,
                const admission::LoginPassedOut& passed, const std::string& cookie_hash) {
  Decision decision;
  const auto rights = judge_rights(tx, registry, facts.policy, passed, facts.now, decision);
  if (!rights) return decision;
  const auto against =
      admission::refuse_circuit(facts.policy, registry, passed.terminal, step.arrival, facts.line, facts.now);
  if (against) {
    decision.refusal = against;
    return decision;
  }
  std::uint64_t number = 0;
  if (facts.number) {
    number = *facts.number;
  } else {
    number = (tx.next_session_count(facts.day) - 1) * kNumbersAtOnce + 1;
    for (std::uint64_t n = kNumbersAtOnce - 1; n > 0; --n) step.more_numbers.push_back(number + n);
  }
  store::SessionRow& row = decision.row;
  row.number = session_number(facts.day, facts.node, number);
  row.cookie_hash = cookie_hash;
  row.certificate = passed.certificate_fingerprint;
  row.person = passed.person;
  row.terminal = passed.terminal;
  row.contractor = rights->contractor;
  row.contract = rights->contract;
  row.application = rights->application;
  row.path = facts.policy.path;
  row.zone = registry::to_string(rights->zone);
  row.desktop = rights->desktop;
  row.peer = step.arrival.peer_address;
  row.language = step.arrival.language.empty() ? "ja" : step.arrival.language;
  row.state = decision.admitted ? "admitted" : "quarantine";
  row.node = facts.node;
  row.granted_at = facts.now;
  row.until = until_of(registry, row, rights->until, facts.policy);
  return decision;
}

std::optional<std::uint64_t> take_number(Gate::State& self, const std::string& day) {
  if (self.numbers_day != day || self.numbers.empty()) return std::nullopt;
  const std::uint64_t out = self.numbers.back();
  self.numbers.pop_back();
  return out;
}

void keep_numbers(Gate::State& self, const std::string& day, const std::vector<std::uint64_t>& numbers) {
  if (numbers.empty() || day < self.numbers_day) return;
  if (std::exchange(self.numbers_day, day) != day) self.numbers.clear();
  self.numbers.insert(self.numbers.end(), numbers.begin(), numbers.end());
  std::sort(self.numbers.begin(), self.numbers.end(), std::greater<>());  // the smallest is taken next
}

}  // namespace sekisho::gate
