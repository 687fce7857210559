// The login machine. A login is one JSON document between steps:
//
//   {v, transaction, begun_at, path, address, certificate, login, person, account, asked, waiting,
//    slots: {factor: {yes, terminal, state}}}
//
// Each factor writes its own slot and nothing else; the verdict is the AND over the policy's factors for the one
// identity that was fixed when the login id came (T-21). An unknown id gets a pseudo account of its own, so that
// questions, counters, lock-outs and refusals are the same as for a known person with a wrong password (T-32).
#include "admission/login.hpp"

#include "admission/device_key.hpp"
#include "admission/enforce.hpp"
#include "admission/enforcement_points.hpp"
#include "base/json_object.hpp"
#include "registry/rules.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <utility>

namespace sekisho::admission {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kMaxState = 8 * 1024;
constexpr std::size_t kMaxDetail = 1024;
constexpr std::string_view kRule = "R04";

std::string random_token(Entropy& entropy, std::size_t bytes) {
  std::string raw(bytes, '\0');
  entropy.fill(std::as_writable_bytes(std::span(raw.data(), raw.size())));
  return base64url(raw);
}

std::int64_t micros(Instant at) {
  return at.time_since_epoch().count();
}

std::string certificate_of(const Arrival& arrival) {
  return arrival.certificate_chain.empty() ? std::string() : sha256_hex(arrival.certificate_chain.front());
}

const Secret* given(const Evidence& evidence, const std::string& name) {
  const auto found = evidence.find(name);
  return found == evidence.end() || found->second.empty() ? nullptr : &found->second;
}

/// At least as many bytes as `value` has as text; kTextTells when only the text itself can tell (other than ASCII).
constexpr std::size_t kTextTells = std::numeric_limits<std::size_t>::max() / 4;
std::size_t most_text_bytes(std::string_view text) {
  std::size_t out = 2;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return kTextTells;
    out += c >= 0x20 && c != '"' && c != '\\' && c != 0x7f ? 1 : 6;
  }
  return out;
}
std::size_t most_bytes(const json& value) {
  std::size_t out = 2;
  const auto add = [&out](std::size_t more) { out = std::min(out + more + 1, kTextTells); };
  switch (value.type()) {
    case json::value_t::object:
      for (const auto& [key, member] : value.get_ref<const json::object_t&>()) {
        add(most_text_bytes(key));
        add(most_bytes(member));
      }
      return out;
    case json::value_t::array:
      for (const json& entry : value.get_ref<const json::array_t&>()) add(most_bytes(entry));
      return out;
    case json::value_t::string:
      return most_text_bytes(value.get_ref<const std::string&>());
    case json::value_t::binary:
    case json::value_t::discarded:
      return kTextTells;
    default:
      return 32;  // a number, a boolean, null
  }
}

bool is_state(const json& state) {
  if (!state.is_null() && !state.is_object()) return false;
  return most_bytes(state) <= kMaxState || state.dump().size() <= kMaxState;  // dump() throws for what is no UTF-8
}

bool has_both(const Text& text) {
  return !text.ja.empty() && !text.en.empty();
}

bool is_well_formed(const Refusal& refusal) {
  return !refusal.rule.empty() && !refusal.code.empty() && has_both(refusal.what) && has_both(refusal.why) &&
         has_both(refusal.remedy);
}

/// What a step may look like (T-21: garbage is "no"). `resumed`: the step was given the end of its effect.
bool is_well_formed(const AuthStep& step, const Subject& subject, bool resumed) {
  std::size_t hashes = 0;
  for (const Effect& effect : step.effects) {
    if (const auto* mail = std::get_if<SendMail>(&effect)) {
      if (!subject.known || mail->to.empty() || mail->to != subject.mail) return false;  // R04: registered address only
    } else {
      ++hashes;
    }
  }
  if (!is_state(step.account_state) || !is_state(step.source_state) || !is_state(step.transaction_state)) return false;
  if (step.refusal && !is_well_formed(*step.refusal)) return false;
  switch (step.verdict) {
    case Verdict::no:
      return step.refusal.has_value() && hashes == 0;
    case Verdict::yes:
      return !step.refusal && !step.ask && hashes == 0;
    case Verdict::ask:
      return step.ask && !step.ask->field.empty() && has_both(step.ask->prompt) && hashes == 0;
    case Verdict::wait:
      return !step.refusal && !step.ask && hashes == 1 && !resumed;
  }
  return false;
}

/// Unknown ids share 65,536 pseudo accounts, chosen with a stored salt: the table stays bounded and nobody can aim two
/// spellings at one bucket to learn which of them is real.
std::string pseudo_account(FactorStates& states, Entropy& entropy, const std::string& typed) {
  json salt = states.load("account", "#unknown", "login");
  if (!salt.is_object() || !salt.contains("salt")) {
    salt = {{"salt", random_token(entropy, 32)}};
    states.save("account", "#unknown", "login", salt);
  }
  return "#" + sha256_hex(salt.at("salt").get<std::string>() + ":" + typed).substr(0, 4);
}

class Machine {
 public:
  Machine(const LoginContext& context, const Arrival& arrival, const Evidence& evidence, json document)
      : context_(context), arrival_(arrival), evidence_(evidence), document_(std::move(document)) {}

  LoginOutcome begin() {
    document_ =
        json_object("v", kVersion, "transaction", random_token(context_.entropy, 16), "begun_at", micros(context_.now),
                    "path", arrival_.path, "address", arrival_.peer_address, "certificate", certificate_of(arrival_),
                    "login", "", "person", "", "account", "", "asked", "", "waiting", "", "slots", json::object());
    if (refused_by("login.other_path", arrival_.path == context_.policy.path)) return refuse();
    return go_on(nullptr);
  }

  LoginOutcome answer() {
    if (refused_by("login.out_of_order", text("waiting").empty() && !text("asked").empty())) return refuse();
    if (!still_the_same()) return refuse();
    for (const auto& [factor, slot] : document_.at("slots").items()) {
      const bool repeated = slot.at("yes").get<bool>() && given(evidence_, factor) != nullptr;
      if (refused_by("login.second_answer", !repeated)) return refuse();
    }
    document_["asked"] = "";
    return go_on(nullptr);
  }

  LoginOutcome resume(const EffectResult& effect) {
    if (refused_by("login.out_of_order", !text("waiting").empty())) return refuse();
    if (!still_the_same()) return refuse();
    return go_on(&effect);
  }

 private:
  [[nodiscard]] std::string text(const char* key) const { return document_.at(key).get<std::string>(); }

  /// True when the rule does not hold; remembers the code.
  bool refused_by(std::string_view code, bool holds) {
    if (enforce(kRule, code, holds)) return false;
    refusal_ = refusal(code);
    return true;
  }

  /// T-25: time, path, source, certificate and login id are those of the beginning.
  bool still_the_same() {
    if (refused_by("login.expired", context_.now < expires_at())) return false;
    if (refused_by("login.other_path", text("path") == arrival_.path && text("path") == context_.policy.path)) {
      return false;
    }
    if (refused_by("login.other_address", text("address") == arrival_.peer_address)) return false;
    if (refused_by("login.other_certificate", text("certificate") == certificate_of(arrival_))) return false;
    const Secret* login = given(evidence_, "login");
    return login == nullptr || text("login").empty() ||
           !refused_by("login.other_login", digest_of(canonical(*login)) == text("login"));
  }

  [[nodiscard]] Instant expires_at() const {
    return Instant(Instant::duration(document_.at("begun_at").get<std::int64_t>())) + context_.policy.login_life;
  }

  /// What identity hangs on; an impossible spelling is an id of its own that nobody has.
  static std::string canonical(const Secret& typed) {
    if (auto login = registry::canonical_login(typed.reveal())) return *login;
    return "!" + std::string(typed.reveal());
  }
  static std::string digest_of(const std::string& canonical) { return sha256_hex("login:" + canonical); }

  /// Fixes the identity when the login id comes. False: it is still missing.
  bool identify() {
    if (!text("login").empty()) return true;
    const Secret* login = given(evidence_, "login");
    if (login == nullptr) return false;
    const std::string id = canonical(*login);
    document_["login"] = digest_of(id);
    if (const auto* person = registry::find_login(context_.registry, id)) {
      document_["person"] = person->id;
      document_["account"] = person->id;
    } else {
      document_["account"] = pseudo_account(context_.states, context_.entropy, id);
    }
    return true;
  }

  /// From the newest registry, at every step: who was removed or renamed since is unknown now.
  [[nodiscard]] Subject subject() const {
    Subject out;
    out.person = text("account");
    if (text("person").empty()) return out;
    const auto found = context_.registry.people.find(text("person"));
    if (found == context_.registry.people.end() || digest_of(found->second.login) != text("login")) return out;
    const registry::Person& person = found->second;
    out.known = true;
    out.name = person.name;
    out.mail = person.mail;
    out.password_hash = person.password_hash;
    for (const auto& [fingerprint, certificate] : context_.registry.certificates) {
      if (certificate.person != person.id) continue;
      out.certificates.push_back({fingerprint, certificate.serial_hex, certificate.person, certificate.terminal,
                                  certificate.not_before, certificate.not_after, certificate.revoked_at.has_value()});
    }
    return out;
  }

  LoginOutcome go_on(const EffectResult* effect) {
    if (refused_by("login.no_factors", !context_.policy.factors.empty())) return refuse();
    if (!identify()) {
      return ask({"login", "login", {"ID を入力してください", "Enter your ID"}, 0});
    }
    const Subject who = subject();
    const std::string waiting = std::exchange(document_["waiting"], json("")).get<std::string>();
    for (const std::string& factor : context_.policy.factors) {
      if (slot_says_yes(factor)) continue;
      const bool resumed = effect != nullptr && waiting == factor;
      AuthStep step;
      if (!run_factor(factor, who, resumed ? effect : nullptr, step)) return refuse();
      switch (step.verdict) {
        case Verdict::yes:
          mark_yes(factor, step);
          break;
        case Verdict::no:
          if (!overruled(*step.refusal)) return refuse(step.may_retry);
          mark_yes(factor, step);
          break;
        case Verdict::ask:
          // A question with a refusal means: the last answer was wrong, try again.
          if (step.refusal && overruled(*step.refusal)) {
            mark_yes(factor, step);
            break;
          }
          return ask(std::move(*step.ask));
        case Verdict::wait:
          return wait(factor, std::get<VerifyPassword>(std::move(step.effects.front())));
      }
    }
    return pass(who);
  }

  /// Calls the factor, checks its answer, keeps its states and mails. False: refusal_ is set.
  bool run_factor(const std::string& factor, const Subject& who, const EffectResult* effect, AuthStep& step) {
    const auto found = context_.authenticators.find(factor);
    const bool loaded = found != context_.authenticators.end() && found->second != nullptr;
    if (refused_by("login.factor_missing", loaded)) return false;
    if (!loaded) return step = yes_for_test(), true;

    const std::string account = text("account");
    const std::string source = source_network(arrival_.peer_address);
    json& slot = document_["slots"][factor];
    if (slot.is_null()) slot = json_object("yes", false, "terminal", "", "state", nullptr);
    AuthRequest request{.arrival = arrival_,
                        .evidence = evidence_,
                        .subject = who,
                        .now = context_.now,
                        .transaction = text("transaction"),
                        .account_state = context_.states.load("account", account, factor),
                        .source_state = context_.states.load("source", source, factor),
                        .transaction_state = slot.at("state"),
                        .effect = effect != nullptr ? std::optional(*effect) : std::nullopt,
                        .owner_certificate = who.known && proved_certificate()};
    const json account_before = request.account_state, source_before = request.source_state;

    bool sound = false;
    try {
      step = found->second->step(std::move(request));
      sound = is_well_formed(step, who, effect != nullptr);
    } catch (const std::exception&) {
    } catch (...) {
    }
    if (refused_by("login.factor_failed", sound)) {
      outcome_.journal[factor] = {{"verdict", "failed"}};
      return false;
    }
    if (!sound) return step = yes_for_test(), true;

    if (step.account_state != account_before) context_.states.save("account", account, factor, step.account_state);
    if (step.source_state != source_before) context_.states.save("source", source, factor, step.source_state);
    slot["state"] = std::move(step.transaction_state);
    for (Effect& out : step.effects) {
      if (auto* mail = std::get_if<SendMail>(&out)) outcome_.mails.push_back(std::move(*mail));
    }
    note(factor, step);
    return true;
  }

  /// Only reached when the test build has switched a point off: the factor counts as proved, without a terminal.
  static AuthStep yes_for_test() {
    AuthStep step;
    step.verdict = Verdict::yes;
    return step;
  }

  void note(const std::string& factor, const AuthStep& step) {
    static constexpr std::array<const char*, 4> kNames = {"no", "yes", "ask", "wait"};
    json line = json_object("verdict", kNames.at(static_cast<std::size_t>(step.verdict)));
    if (step.refusal) line["code"] = step.refusal->code;
    if (!step.detail.is_null() &&
        (most_bytes(step.detail) <= kMaxDetail ||
         step.detail.dump(-1, ' ', false, json::error_handler_t::replace).size() <= kMaxDetail)) {
      line["detail"] = step.detail;
    }
    outcome_.journal[factor] = std::move(line);
  }

  /// Asks enforce() about a factor's "no". A code that stands in no table (a foreign plugin's) counts under one name.
  bool overruled(const Refusal& said) {
    const bool known = is_enforcement_point(said.rule, said.code);
    if (enforce(known ? said.rule : kRule, known ? said.code : "login.factor_refused", false)) return true;
    refusal_ = said;
    return false;
  }

  [[nodiscard]] bool slot_says_yes(const std::string& factor) const {
    const auto& slots = document_.at("slots");
    return slots.contains(factor) && slots.at(factor).at("yes").get<bool>();
  }
  void mark_yes(const std::string& factor, const AuthStep& step) {
    document_["slots"][factor] = json_object("yes", true, "terminal", step.terminal, "state", nullptr);
  }
  [[nodiscard]] bool proved_certificate() const {
    for (const auto& [factor, slot] : document_.at("slots").items()) {
      if (slot.at("yes").get<bool>() && !slot.at("terminal").get<std::string>().empty()) return true;
    }
    return false;
  }

  LoginOutcome ask(Ask question) {
    document_["asked"] = question.factor.empty() ? question.field : question.factor;
    LoginAskedOut out{std::move(question), random_token(context_.entropy, 23)};  // 31 characters
    return finish(std::move(out), true);
  }
  LoginOutcome wait(const std::string& factor, VerifyPassword work) {
    document_["waiting"] = factor;
    return finish(LoginWaitingOut{std::move(work)}, true);
  }
  LoginOutcome refuse(bool may_retry = false) { return finish(LoginRefusedOut{refusal_, may_retry}, false); }

  /// The AND, once more over the whole policy, and for an identity that exists and proved at most one terminal.
  LoginOutcome pass(const Subject& who) {
    LoginPassedOut out;
    out.person = who.person;
    bool all = who.known, one_terminal = true;
    for (const std::string& factor : context_.policy.factors) {
      all = all && slot_says_yes(factor);
      const std::string terminal = document_.at("slots").at(factor).at("terminal").get<std::string>();
      if (terminal.empty()) continue;
      one_terminal = one_terminal && (out.terminal.empty() || out.terminal == terminal);
      out.terminal = terminal;
    }
    if (!all || refused_by("login.factor_failed", one_terminal)) {
      refusal_ = refusal("login.factor_failed");
      return refuse();
    }
    if (!out.terminal.empty()) out.certificate_fingerprint = text("certificate");
    return finish(std::move(out), false);
  }

  template <class End>
  LoginOutcome finish(End end, bool keep) {
    outcome_.end = std::move(end);
    outcome_.expires_at = expires_at();
    outcome_.person = text("person");
    if (keep) outcome_.document = std::move(document_);
    return std::move(outcome_);
  }

  const LoginContext& context_;
  const Arrival& arrival_;
  const Evidence& evidence_;
  json document_;
  Refusal refusal_;
  LoginOutcome outcome_;
};

bool is_document(const json& document) {
  if (!document.is_object() || !document.contains("v") || document.at("v") != kVersion) return false;
  for (const char* key :
       {"transaction", "path", "address", "certificate", "login", "person", "account", "asked", "waiting"}) {
    if (!document.contains(key) || !document.at(key).is_string()) return false;
  }
  if (!document.contains("begun_at") || !document.at("begun_at").is_number_integer()) return false;
  if (!document.contains("slots") || !document.at("slots").is_object()) return false;
  for (const auto& slot : document.at("slots")) {
    if (!slot.is_object() || !slot.contains("yes") || !slot.at("yes").is_boolean() || !slot.contains("state") ||
        !slot.contains("terminal") || !slot.at("terminal").is_string()) {
      return false;
    }
  }
  return true;
}

LoginOutcome broken_document() {
  LoginOutcome out;
  out.end = LoginRefusedOut{refusal("login.unknown_handle"), false};
  return out;
}

}  // namespace

LoginOutcome begin_login(const LoginContext& context, const Arrival& arrival, const Evidence& evidence) {
  return Machine(context, arrival, evidence, json::object()).begin();
}

LoginOutcome answer_login(const LoginContext& context, LoginDocument document, const Arrival& arrival,
                          const Evidence& evidence) {
  if (!is_document(document)) return broken_document();
  return Machine(context, arrival, evidence, std::move(document)).answer();
}

LoginOutcome resume_login(const LoginContext& context, LoginDocument document, const Arrival& arrival,
                          const Evidence& evidence, const EffectResult& effect) {
  if (!is_document(document)) return broken_document();
  return Machine(context, arrival, evidence, std::move(document)).resume(effect);
}

}  // namespace sekisho::admission
