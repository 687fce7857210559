#include "agent/agent.hpp"

#include "admission/posture_envelope.hpp"
#include "agent/refusals.hpp"

#include <algorithm>
#include <utility>

namespace sekisho::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{1000};
constexpr milliseconds kLongestPause{20'000};
constexpr milliseconds kBusyPause{10'000};
constexpr Seconds kAfterRefusal{30};
/// How much of a pause is left to chance: of a retry's, of a recheck's.
constexpr std::uint32_t kRetryChance = 50, kRecheckChance = 10;

/// The key itself is refused: nothing that this process does can mend it.
bool is_final(std::string_view code) {
  return code.starts_with("device.") || code == "report.bad_signature";
}

}  // namespace

Agent::Agent(Options options, const admission::DeviceKey& key, SequenceBook& book, Entropy& entropy)
    : options_(std::move(options)), key_(key), book_(book), entropy_(entropy) {}

milliseconds Agent::jittered(milliseconds span, std::uint32_t percent) {
  const auto most = static_cast<std::uint32_t>(span.count() * percent / 100);
  return most == 0 ? span : span - milliseconds(entropy_.below(most + 1));
}

Step Agent::over(EndKind kind, std::optional<Refusal> refusal, Step step) {
  state_ = State::over;
  step.end = End{kind, std::move(refusal)};
  return step;
}

Step Agent::session_over(std::optional<Refusal> refusal, Step step) {
  step.news.emplace_back(SessionNews{SessionNews::What::ended, session_});
  return over(denied_last_ ? EndKind::denied : EndKind::session_over, std::move(refusal), std::move(step));
}

Step Agent::rest(Instant now, Step step) {
  state_ = State::resting;
  wake_at_ = now + heartbeat_;
  if (recheck_at_ && *recheck_at_ > now) wake_at_ = std::min(wake_at_, *recheck_at_);
  if (changed_) wake_at_ = now;
  return step;
}

Step Agent::again(const Refusal& why, std::string detail, Instant now, Step step) {
  const bool busy = why.code == "report.too_many";
  const milliseconds pause = jittered(
      std::min(busy ? kBusyPause : kFirstPause * (1U << std::min(failures_, 5U)), kLongestPause), kRetryChance);
  ++failures_;
  Instant limit = began_ + options_.once_limit;
  if (options_.mode == Mode::stay) {
    // Whoever was denied expects the gate to close the session.
    const bool patient = !session_.empty() && !denied_last_;
    limit = std::max(began_, last_good_) + (patient ? options_.lost_limit : options_.no_session_limit);
  }
  if (now + pause > limit) {
    if (session_.empty() || options_.mode == Mode::once) return over(EndKind::gate_failed, why, std::move(step));
    step.news.emplace_back(Trouble{why, std::move(detail), std::nullopt});
    step.news.emplace_back(SessionNews{SessionNews::What::ended, session_});
    return over(denied_last_ ? EndKind::denied : EndKind::gate_failed, refusal("agent.session_lost"), std::move(step));
  }
  changed_ = changed_ || std::exchange(event_, false);
  step.news.emplace_back(Trouble{why, std::move(detail), pause});
  state_ = State::resting;
  wake_at_ = now + pause;
  return step;
}

Step Agent::begin(Instant now) {
  SEKISHO_ASSERT(state_ == State::fresh);
  began_ = now;
  return collect();
}

Step Agent::collect() {
  state_ = State::collecting;
  event_ = std::exchange(changed_, false);  // what changes from here on is for the next report
  Step step;
  step.collect = true;
  return step;
}

Step Agent::on_facts(Result<nlohmann::json> facts, Instant) {
  SEKISHO_ASSERT(state_ == State::collecting);
  if (facts) {
    facts_ = std::move(*facts);
    facts_digest_ = facts_digest(*facts_);
    return ask_challenge();
  }
  if (options_.mode == Mode::once) return over(EndKind::local_failed, refusal(facts.error().code));
  // Old facts are not reported as if they were new. The gate hears that the agent lives, and misses the report.
  facts_.reset();
  Step step = ask_challenge();
  step.news.emplace_back(Trouble{refusal(facts.error().code), facts.error().detail, heartbeat_});
  return step;
}

Step Agent::ask_challenge() {
  state_ = State::asking;
  Step step;
  step.send = WireAsk{"GET", "/posture/v1/challenge", {}, {}, {}};
  return step;
}

Step Agent::on_answer(Result<WireAnswer> answer, Instant now) {
  SEKISHO_ASSERT(state_ == State::asking || state_ == State::reporting);
  if (state_ == State::reporting) book_.settle();
  if (!answer) {
    const Refusal& why = refusal(answer.error().code);
    // A wrong certificate does not become right within seconds.
    if (options_.mode == Mode::once && why.code == "agent.certificate") return over(EndKind::gate_failed, why);
    return again(why, answer.error().detail, now);
  }
  return state_ == State::asking ? on_challenge(*answer, now) : on_verdict(*answer, now);
}

Step Agent::on_challenge(const WireAnswer& answer, Instant now) {
  if (answer.status == 200) {
    const auto challenge = read_challenge(answer.body);
    if (!challenge) return again(refusal(challenge.error().code), challenge.error().detail, now);
    return on_new_challenge(*challenge, answer, now);
  }
  const auto told = read_refusal(answer.body);
  if (answer.status >= 400 && answer.status < 500 && answer.status != 429 && told) {
    if (!session_.empty()) return session_over(told);
    if (options_.mode == Mode::once) return over(EndKind::denied, told);
  }
  return again(told ? *told : refusal("agent.answer_malformed"), "status " + std::to_string(answer.status), now);
}

Step Agent::on_new_challenge(const Challenge& challenge, const WireAnswer& answer, Instant now) {
  if (!options_.gateway.empty() && challenge.gateway != options_.gateway) {
    return over(EndKind::gate_failed, refusal("agent.other_gate"));
  }
  if (!session_.empty() && challenge.sid != session_) return session_over(std::nullopt);
  if (challenge.in_session() && session_.empty()) {
    session_ = challenge.sid;
    recheck_at_.reset();
    reason_ = "connect";
  }
  if (options_.mode == Mode::once && !challenge.in_session() && !options_.before_login) {
    return over(EndKind::gate_failed, refusal("agent.no_session"));
  }
  last_good_ = now;
  if (!facts_) return rest(now);
  const bool due = !recheck_at_ || *recheck_at_ <= now;
  const bool differs = facts_digest_ != seen_digest_;
  if (!due && !event_ && !differs) {
    failures_ = 0;
    return rest(now);
  }
  if (!seen_digest_.empty() && recheck_at_) reason_ = event_ || differs ? "event" : "interval";
  return report(challenge, answer);
}

Step Agent::report(const Challenge& challenge, const WireAnswer& answer) {
  const auto seq = book_.take();
  if (!seq) return over(EndKind::local_failed, refusal(seq.error().code));
  const Instant gate_time = challenge.server_time;  // milliseconds ago
  admission::ReportPayload payload;
  payload.aud = challenge.gateway;
  payload.sid = challenge.sid;
  payload.nonce = challenge.nonce;
  if (challenge.in_session()) payload.ip = answer.local_address;
  payload.srv = answer.server_fingerprint;
  payload.iat = std::chrono::floor<Seconds>(gate_time.time_since_epoch()).count();
  payload.seq = *seq;
  payload.reason = reason_;
  payload.facts = age_.at(*facts_, gate_time);
  auto jws = admission::seal_report(payload, key_);
  if (!jws) {
    book_.settle();
    return over(EndKind::local_failed, refusal("agent.internal"));
  }
  state_ = State::reporting;
  Step step;
  step.send = WireAsk{"POST", "/posture/v1/report", "application/jose", std::move(*jws), answer.server_fingerprint};
  return step;
}

Step Agent::on_verdict(const WireAnswer& answer, Instant now) {
  if (answer.status != 200) return on_refused_report(answer, now);
  auto verdict = read_verdict(answer.body);
  if (!verdict) return again(refusal(verdict.error().code), verdict.error().detail, now);
  failures_ = 0;
  stale_once_ = false;
  last_good_ = now;
  seen_digest_ = facts_digest_;
  heartbeat_ = verdict->heartbeat;
  recheck_at_ = now + jittered(verdict->recheck, kRecheckChance);
  denied_last_ = !verdict->admitted;
  Step step;
  const bool admitted = verdict->admitted, in_session = !session_.empty();
  step.news.emplace_back(Judged{session_, reason_, std::move(*verdict)});
  if (in_session && admitted && !admitted_) step.news.emplace_back(SessionNews{SessionNews::What::admitted, session_});
  if (in_session && !admitted && (admitted_ || !reported_in_session_)) {
    step.news.emplace_back(SessionNews{SessionNews::What::quarantined, session_});
  }
  if (in_session) {
    admitted_ = admitted;
    reported_in_session_ = true;
  }
  if (options_.mode == Mode::once) {
    return over(admitted ? EndKind::passed : EndKind::denied, std::nullopt, std::move(step));
  }
  return rest(now, std::move(step));
}

Step Agent::on_refused_report(const WireAnswer& answer, Instant now) {
  const auto told = read_refusal(answer.body);
  const Refusal why = told ? *told : refusal("agent.answer_malformed");
  const std::string detail = "status " + std::to_string(answer.status);
  // The nonce was too old or taken: a fresh one at once, but not for ever.
  if (answer.status == 409 && !std::exchange(stale_once_, true)) return ask_challenge();
  if (answer.status == 409 || answer.status == 429 || answer.status >= 500) return again(why, detail, now);
  if (answer.status != 403 || !told) {  // our own fault, or no gate of ours
    if (options_.mode == Mode::once) return over(EndKind::gate_failed, why);
    return again(why, detail, now);
  }
  denied_last_ = true;
  if (options_.mode == Mode::once || is_final(why.code)) return over(EndKind::denied, why);
  last_good_ = now;
  recheck_at_.reset();
  Step step;
  step.news.emplace_back(Trouble{why, detail, kAfterRefusal});
  state_ = State::resting;
  wake_at_ = now + std::min(kAfterRefusal, heartbeat_);
  return step;
}

Step Agent::on_change(Instant) {
  changed_ = true;
  if (state_ != State::resting) return {};
  return collect();
}

Step Agent::on_time(Instant now) {
  if (state_ != State::resting || now < wake_at_) return {};
  return collect();
}

std::optional<Instant> Agent::next_deadline() const {
  if (state_ != State::resting) return std::nullopt;
  return wake_at_;
}

}  // namespace sekisho::agent
