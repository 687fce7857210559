// R12: at the console page the person's password once more, through the login machine with that one factor, so that
// tries count on the same counters as every other way in (T-46). What it proves is bound to session and desktop.
#include "admission/enforce.hpp"
#include "gate/consoles.hpp"
#include "gate/factor_states.hpp"
#include "gate/login_step.hpp"

#include <utility>

namespace sekisho::gate {

struct Consoles::ConsoleAttempt {
  AskingPtr asking;
  Arrival arrival;
  Evidence evidence;
  admission::PathPolicy policy;
  admission::LoginDocument document;
  EffectResult effect;
  std::optional<admission::LoginOutcome> outcome;
};

void Consoles::login(const AskingPtr& asking, seam::ConsoleLogin wanted) {
  const std::string& session = asking->session->row.number;
  logins_.erase(session);  // whoever types now is who counts from now on
  if (!logging_in_.insert(session).second) return refuse(*asking, "gate.busy");
  auto attempt = std::make_shared<ConsoleAttempt>();
  attempt->asking = asking;
  attempt->arrival.path = asking->path;
  attempt->arrival.peer_address = asking->request.peer_address;
  attempt->arrival.user_agent = asking->request.user_agent;
  attempt->arrival.form = LoginForm::page;
  attempt->evidence.emplace("login", Secret(std::move(wanted.login)));
  attempt->evidence.emplace("password", std::move(wanted.password));
  attempt->policy = gate_.path(asking->path)->policy;
  attempt->policy.factors = {"password"};
  login_step(attempt, true);
}

void Consoles::login_refused(const ConsoleAttempt& attempt, const Refusal& refusal, const std::string& person) {
  const Asking& asking = *attempt.asking;
  logging_in_.erase(asking.session->row.number);
  audit::Entry entry;
  entry.event = "console.login_refused";
  entry.session = asking.session->row.number;
  entry.person = person;
  entry.from = asking.request.peer_address;
  entry.path = asking.path;
  entry.rule = "R12";
  entry.code = refusal.code;
  entry.result = "refused";
  gate_.record(std::move(entry));
  answer(asking, seam::ConsoleRefused{refusal, refusal.code == "gate.unavailable"});
}

void Consoles::login_step(const std::shared_ptr<ConsoleAttempt>& attempt, bool begin) {
  gate_.in_store<bool>(
      [attempt, begin, now = gate_.now(), registry = gate_.registry, authenticators = gate_.plugins.authenticators,
       entropy = &gate_.services.entropy](store::Tx& tx) {
        TxFactorStates states(tx, now);
        const admission::LoginContext context{*registry, attempt->policy, authenticators, states, *entropy, now};
        attempt->outcome = begin ? begin_login(context, attempt->arrival, attempt->evidence)
                                 : resume_login(context, std::move(attempt->document), attempt->arrival,
                                                attempt->evidence, attempt->effect);
        return true;
      },
      [this, weak = gate_.weak_from_this(), attempt](Result<bool> stored) {
        if (weak.expired()) return;
        if (!stored) return login_refused(*attempt, admission::refusal("gate.unavailable"), {});
        admission::LoginOutcome outcome = std::move(*attempt->outcome);
        attempt->outcome.reset();
        if (auto* waiting = std::get_if<admission::LoginWaitingOut>(&outcome.end)) {
          attempt->document = std::move(outcome.document);
          auto work = std::make_shared<VerifyPassword>(std::move(waiting->work));
          return run::run_blocking<bool>(
              gate_.services.blocking, run::Pool::password, gate_.options.hash_limit,
              [work, verify = gate_.plugins.verify_password] { return verify(*work); },
              [this, weak, attempt](Result<bool> matched) {
                if (weak.expired()) return;
                attempt->effect = {};
                attempt->effect.done = matched.has_value();
                attempt->effect.matched = matched && *matched;
                if (!matched) attempt->effect.error_code = matched.error().code;
                login_step(attempt, false);
              });
        }
        if (auto* refused = std::get_if<admission::LoginRefusedOut>(&outcome.end)) {
          return login_refused(*attempt, refused->refusal, outcome.person);
        }
        const auto* passed = std::get_if<admission::LoginPassedOut>(&outcome.end);
        if (passed == nullptr)
          return login_refused(*attempt, admission::refusal("login.factor_failed"), outcome.person);
        const Asking& asking = *attempt->asking;
        const bool same = passed->person == asking.session->row.person;
        if (!admission::enforce("R12", "console.other_person", same)) {
          return login_refused(*attempt, admission::refusal("console.other_person"), passed->person);
        }
        if (asking.session->state != SessionState::admitted) {
          return login_refused(*attempt, admission::refusal("session.right_ended"), passed->person);
        }
        const std::string session = asking.session->row.number;
        logging_in_.erase(session);
        logins_[session] = {asking.request.peer_address};
        audit::Entry entry;
        entry.event = "console.login";
        entry.session = session;
        entry.person = passed->person;
        entry.from = asking.request.peer_address;
        entry.path = asking.path;
        entry.rule = "R12";
        entry.result = "ok";
        gate_.record(std::move(entry));
        answer(asking, seam::ConsoleDone{});
      });
}

}  // namespace sekisho::gate
