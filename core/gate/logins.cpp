// From the first evidence to the grant. Every step of the login machine runs inside one store transaction; what it asks
// for (mail, password hash) is done outside, and the grant is on disk before the cookie leaves (T-71).
#include "admission/browser_rule.hpp"
#include "admission/enforce.hpp"
#include "base/json.hpp"
#include "base/json_text.hpp"
#include "base/own_json.hpp"
#include "gate/factor_states.hpp"
#include "gate/lines.hpp"
#include "gate/login_step.hpp"
#include "registry/rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace sekisho::gate {

audit::Entry login_entry(const Step& step, std::string event, std::string person) {
  audit::Entry entry;
  entry.event = std::move(event);
  entry.person = std::move(person);
  entry.from = step.arrival.peer_address;
  entry.path = step.arrival.path;
  return entry;
}

void refuse_step(const std::shared_ptr<Gate::State>& self, const StepPtr& step, const Refusal& refusal, bool may_retry,
                 std::string person, nlohmann::json detail) {
  audit::Entry entry = login_entry(*step, "login.refused", std::move(person));
  entry.rule = refusal.rule;
  entry.code = refusal.code;
  entry.result = "refused";
  entry.detail = std::move(detail);
  if (!step->arrival.circuit.empty()) entry.detail["circuit"] = step->arrival.circuit;
  self->record(std::move(entry));
  self->refuse(step->caller, refusal, may_retry);
}

namespace {

using admission::LoginOutcome;

/// A client fetches by this what its person proved on our pages (SAML form).
constexpr Seconds kHandoverLife{60};
constexpr const char* kHandover = "handover";
constexpr std::size_t kHandleCharacters = 31;  // of 6 bits

void begin_or_answer(const std::shared_ptr<Gate::State>& self, StepPtr step, Kind kind,
                     admission::LoginDocument document, EffectResult effect);

void after_decision(const std::shared_ptr<Gate::State>& self, const StepPtr& step, const std::string& person) {
  Decision decision = *std::exchange(step->decision, std::nullopt);
  if (decision.refusal) return refuse_step(self, step, *decision.refusal, false, person);
  if (const auto stop = self->stopped(step->arrival.path)) return refuse_step(self, step, *stop, false, person);
  give(self, step, std::move(decision), std::move(step->cookie));
}

/// All factors said yes on our pages, for a client that fetches its session itself: rights and posture are judged now,
/// where the person can read a refusal, and once more when the client comes with the one-time id.
void hand_over(const std::shared_ptr<Gate::State>& self, const StepPtr& step, admission::LoginPassedOut passed) {
  const GatePath* path = self->path(step->arrival.path);
  const Instant now = self->now();
  const std::string id = random_token(self->services.entropy).substr(0, kHandleCharacters);
  const nlohmann::json document = {{kHandover, true},
                                   {"person", passed.person},
                                   {"terminal", passed.terminal},
                                   {"certificate", passed.certificate_fingerprint},
                                   {"leaf", leaf_fingerprint(step->arrival)},
                                   {"path", step->arrival.path},
                                   {"address", step->arrival.peer_address}};
  self->in_store<Decision>(
      [policy = path->policy, known = self->registry, passed, now, hash = sha256_hex(id),
       text = document.dump()](store::Tx& tx) {
        Decision decision;
        if (judge_rights(tx, *newest(tx, known), policy, passed, now, decision))
          tx.put_login({hash, text, now + kHandoverLife});
        return decision;
      },
      [weak = self->weak_from_this(), step, id, person = passed.person](Result<Decision> end) {
        const auto self = weak.lock();
        if (!self) return;
        if (!end) {
          return refuse_step(self, step, admission::refusal("gate.unavailable"), false, person,
                             {{"why", end.error().code}});
        }
        if (end->refusal) return refuse_step(self, step, *end->refusal, false, person);
        audit::Entry entry = login_entry(*step, "login.handed_over", person);
        entry.result = "ok";
        self->record(std::move(entry));
        Ask ask;
        ask.field = kHandover;
        self->reply(step->caller, LoginAsked{id, std::move(ask)});
      });
}

/// The client is here with a handover's document: same path, source and certificate as on the pages (T-25).
std::optional<Refusal> taken_by_another(const nlohmann::json& document, const Arrival& arrival) {
  if (!admission::enforce("R04", "login.other_path", document.at("path") == arrival.path)) {
    return admission::refusal("login.other_path");
  }
  if (!admission::enforce("R04", "login.other_address", document.at("address") == arrival.peer_address)) {
    return admission::refusal("login.other_address");
  }
  if (!admission::enforce("R04", "login.other_certificate", document.at("leaf") == leaf_fingerprint(arrival))) {
    return admission::refusal("login.other_certificate");
  }
  return std::nullopt;
}

LoginOutcome take_handover(const nlohmann::json& document, const Arrival& arrival) {
  LoginOutcome outcome;
  outcome.person = document.at("person").get<std::string>();
  // Only a client takes it: a page would begin the round once more.
  auto refusal = arrival.form == LoginForm::client ? taken_by_another(document, arrival)
                                                   : std::optional(admission::refusal("login.unknown_handle"));
  if (refusal) {
    outcome.end = admission::LoginRefusedOut{std::move(*refusal), false};
  } else {
    outcome.end = admission::LoginPassedOut{outcome.person, document.at("terminal").get<std::string>(),
                                            document.at("certificate").get<std::string>()};
  }
  return outcome;
}

void send_mails(const std::shared_ptr<Gate::State>& self, const StepPtr& step, std::vector<SendMail> mails,
                const std::string& person) {
  for (SendMail& mail : mails) {
    self->services.mail.send(std::move(mail), [weak = self->weak_from_this(), step, person](Result<void> sent) {
      const auto self = weak.lock();
      if (!self) return;
      audit::Entry entry = login_entry(*step, sent ? "mail.handed_over" : "mail.failed", person);
      entry.result = sent ? "ok" : "error";
      if (!sent) entry.code = sent.error().code;
      self->record(std::move(entry));
    });
  }
}

void after_step(const std::shared_ptr<Gate::State>& self, const StepPtr& step) {
  if (step->fresh) self->adopt_registry(std::exchange(step->fresh, nullptr));
  LoginOutcome outcome = std::move(*step->outcome);
  step->outcome.reset();
  send_mails(self, step, std::move(outcome.mails), outcome.person);
  if (auto* asked = std::get_if<admission::LoginAskedOut>(&outcome.end)) {
    audit::Entry entry = login_entry(*step, "login.asked", outcome.person);
    entry.result = "ok";
    entry.detail = outcome.journal;
    self->record(std::move(entry));
    return self->reply(step->caller, LoginAsked{asked->handle, asked->ask});
  }
  if (auto* refused = std::get_if<admission::LoginRefusedOut>(&outcome.end)) {
    return refuse_step(self, step, refused->refusal, refused->may_retry, outcome.person, outcome.journal);
  }
  if (auto* waiting = std::get_if<admission::LoginWaitingOut>(&outcome.end)) {
    auto work = std::make_shared<VerifyPassword>(std::move(waiting->work));
    auto document = std::make_shared<admission::LoginDocument>(std::move(outcome.document));
    return run::run_blocking<bool>(
        self->services.blocking, run::Pool::password, self->options.hash_limit,
        [work, verify = self->plugins.verify_password] { return verify(*work); },
        [weak = self->weak_from_this(), step, document](Result<bool> matched) {
          const auto self = weak.lock();
          if (!self) return;
          EffectResult effect;
          effect.done = matched.has_value();
          effect.matched = matched && *matched;
          if (!matched) effect.error_code = matched.error().code;
          begin_or_answer(self, step, Kind::resume, std::move(*document), std::move(effect));
        });
  }
  auto passed = std::get<admission::LoginPassedOut>(std::move(outcome.end));
  if (step->arrival.form == LoginForm::page_for_client) return hand_over(self, step, std::move(passed));
  after_decision(self, step, passed.person);
}

/// One step of the machine. `document` is that of `resume`; `answer` reads it by handle.
LoginOutcome run_step(store::Tx& tx, const StepFacts& facts, const registry::Registry& registry, const Step& step,
                      admission::LoginDocument document) {
  if (facts.kind == Kind::answer) {
    const auto row = tx.login(step.handle_hash);
    if (row) tx.drop_login(step.handle_hash);  // a handle is good for one answer
    const bool late = row && row->expires_at <= facts.now;
    if (row) document = parse_own_json(row->document);
    if (late || !document.is_object()) {  // a document that cannot be read is no login
      LoginOutcome outcome;
      outcome.end =
          admission::LoginRefusedOut{admission::refusal(late ? "login.expired" : "login.unknown_handle"), false};
      return outcome;
    }
    if (document.contains(kHandover)) return take_handover(document, step.arrival);
  }
  TxFactorStates states(tx, facts.now);
  const admission::LoginContext context{registry, facts.policy,   facts.authenticators,
                                        states,   *facts.entropy, facts.now};
  switch (facts.kind) {
    case Kind::begin:
      break;
    case Kind::answer:
      return answer_login(context, std::move(document), step.arrival, step.evidence);
    case Kind::resume:
      return resume_login(context, std::move(document), step.arrival, step.evidence, facts.effect);
  }
  return begin_login(context, step.arrival, step.evidence);
}

/// Runs one step in a transaction, and when it is the last one, what follows from it.
void begin_or_answer(const std::shared_ptr<Gate::State>& self, StepPtr step, Kind kind,
                     admission::LoginDocument document, EffectResult effect) {
  const Instant now = self->now();
  const std::string day = to_date(now);
  const auto number = take_number(*self, day);
  StepFacts facts{kind,
                  std::move(effect),
                  now,
                  day,
                  number,
                  self->path(step->arrival.path)->policy,
                  self->options.node,
                  self->registry,
                  self->plugins.authenticators,
                  &self->services.entropy,
                  self->lines->line(step->arrival.path, step->arrival.circuit)};
  self->in_store<bool>(
      [step, document = std::move(document), facts = std::move(facts)](store::Tx& tx) mutable {
        const RegistryPtr registry = newest(tx, facts.known);
        if (registry != facts.known) step->fresh = registry;
        step->outcome = run_step(tx, facts, *registry, *step, std::move(document));
        if (const auto* asked = std::get_if<admission::LoginAskedOut>(&step->outcome->end)) {
          tx.put_login({sha256_hex(asked->handle), json_text(step->outcome->document), step->outcome->expires_at});
          tx.drop_logins_before(facts.now);
        }
        const auto* passed = std::get_if<admission::LoginPassedOut>(&step->outcome->end);
        if (passed != nullptr && step->arrival.form != LoginForm::page_for_client) {
          step->cookie = Secret(random_token(*facts.entropy));
          step->decision = decide(tx, facts, *registry, *step, *passed, sha256_hex(step->cookie.reveal()));
        }
        return true;
      },
      [weak = self->weak_from_this(), step, day, number](Result<bool> end) {
        const auto self = weak.lock();
        if (!self) return;
        const bool given = end && step->decision && !step->decision->refusal;
        if (number && !given) keep_numbers(*self, day, {*number});
        if (!end) {
          return refuse_step(self, step, admission::refusal("gate.unavailable"), false, {},
                             {{"why", end.error().code}});
        }
        keep_numbers(*self, day, std::exchange(step->more_numbers, {}));
        after_step(self, step);
      },
      Gate::State::Commit::shared);
}

/// What refuses before anything is looked at: stopped, unknown path, a journal that cannot hold the grant, the circuit
/// of the closed network (R01–R03).
/// And on our pages the browser (R09), at every step: nobody types a password into one that will not be let in.
std::optional<Refusal> closed(const Gate::State& self, const Arrival& arrival) {
  const GatePath* path = self.path(arrival.path);
  if (path == nullptr) return admission::refusal("zone.other_path");
  if (auto stop = self.stopped(arrival.path)) return stop;
  if (!self.journal.healthy()) return admission::refusal("gate.unavailable");
  const auto certificate = self.registry->certificates.find(leaf_fingerprint(arrival));
  const std::string terminal =
      certificate == self.registry->certificates.end() ? std::string() : certificate->second.terminal;
  if (auto refusal = self.lines->refuse(arrival, terminal)) return refusal;
  return admission::refuse_browser(path->policy, self.plugins.checks, *self.registry, terminal, arrival, self.now());
}

}  // namespace

void Gate::State::begin(const Caller& caller, BeginLogin request) {
  auto step = std::make_shared<Step>();
  step->caller = caller;
  step->arrival = std::move(request.arrival);
  lines->place(step->arrival);
  step->evidence = std::move(request.evidence);
  if (const auto refusal = closed(*this, step->arrival)) {
    return refuse_step(shared_from_this(), step, *refusal, false, {});
  }
  begin_or_answer(shared_from_this(), std::move(step), Kind::begin, {}, {});
}

void Gate::State::answer(const Caller& caller, AnswerLogin request) {
  auto step = std::make_shared<Step>();
  step->caller = caller;
  step->arrival = std::move(request.arrival);
  lines->place(step->arrival);
  step->evidence = std::move(request.evidence);
  step->handle_hash = sha256_hex(request.handle);
  if (const auto refusal = closed(*this, step->arrival)) {
    return refuse_step(shared_from_this(), step, *refusal, false, {});
  }
  begin_or_answer(shared_from_this(), std::move(step), Kind::answer, {}, {});
}

}  // namespace sekisho::gate
