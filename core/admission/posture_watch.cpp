// PostureWatch: one session's reports against the clock.
//
//                 good report                    silence 120 s / reports overdue
//   first ─────────────────────▶ admitted ─────────────────────────────▶ silent
//     │ 120 s without one           │  ▲──────────── good report ──────────│
//     ▼                             │ loss, or mendable for 120 s          │ silence 300 s / overdue / loss
//   closed ◀────────────────────────┴──────────────────────────────────────┘
//
// A sign of life is anybody's on the terminal (it is not signed), so reports have a clock of their own. One bad report
// starts the time to mend; one good report stops it, but only two good ones in a row give a new one (T-53: flapping
// does not buy time).
#include "admission/enforce.hpp"
#include "admission/posture.hpp"
#include "admission/posture_refusals.hpp"

#include <sekisho/sdk/result.hpp>

#include <algorithm>

namespace sekisho::admission {
namespace {

constexpr Instant kNever = Instant::max();
constexpr int kGoodInARow = 2;

/// The key is gone from this terminal: nothing else it says can be believed.
bool is_loss_of_key(std::string_view code) {
  return code == "device.key_unknown" || code == "device.key_revoked" || code == "report.other_terminal" ||
         code == "device.clone_suspected";
}

bool denies(const CheckResult& r) {
  return r.verdict == CheckVerdict::fail || r.verdict == CheckVerdict::unknown;
}

Refusal text_of(std::string_view code) {
  const Refusal* known = posture_refusal(code);
  SEKISHO_ASSERT(known != nullptr);
  return *known;
}

}  // namespace

struct PostureWatch::State {
  enum class Phase : std::uint8_t { first, admitted, silent, closed };

  State(const PathPolicy& p, Instant at) : policy(p), granted_at(at), last_sign(at), last_report(at) {}

  PathPolicy policy;
  Phase phase = Phase::first;
  Instant granted_at, last_sign, last_report;
  std::optional<Instant> mend_until;
  int good_in_a_row = 0;
  std::optional<Refusal> last_failure;

  [[nodiscard]] Seconds overdue() const { return 2 * policy.report_interval + Seconds(60); }
  [[nodiscard]] bool mending() const { return mend_until && good_in_a_row == 0; }

  Step close(Refusal why) {
    phase = Phase::closed;
    return {Action::close, std::move(why)};
  }
  [[nodiscard]] Refusal failure_or(std::string_view code) const { return last_failure ? *last_failure : text_of(code); }

  Step on_good() {
    ++good_in_a_row;
    if (good_in_a_row >= kGoodInARow) mend_until.reset();
    last_failure.reset();
    if (phase == Phase::admitted) return {};
    phase = Phase::admitted;
    return {Action::admit, std::nullopt};
  }
  Step on_bad(const ReportVerdict& verdict, Instant now) {
    good_in_a_row = 0;
    last_failure = verdict.refusal ? *verdict.refusal : text_of("posture.failed");
    if (phase == Phase::first) return {};  // the person may still mend; the first report's limit runs
    const bool lost =
        std::ranges::any_of(verdict.results, [](const CheckResult& r) { return denies(r) && !is_mendable(r.code); });
    if (lost || std::ranges::none_of(verdict.results, denies)) return close(*last_failure);
    if (!mend_until) mend_until = now + policy.mend_limit;
    if (now >= *mend_until) return close(*last_failure);
    return {};
  }
  static bool holds(std::string_view point, bool in_time) { return enforce("R10", point, in_time); }
};

PostureWatch::PostureWatch(const PathPolicy& policy, Instant granted_at)
    : state_(std::make_shared<State>(policy, granted_at)) {}

void PostureWatch::begin_admitted(Instant reported_at) {
  State& s = *state_;
  if (s.phase != State::Phase::first) return;
  s.phase = State::Phase::admitted;
  // However old the report, the agent has the first report's limit to speak inside the tunnel.
  s.last_report =
      std::min(s.granted_at, std::max(reported_at, s.granted_at + s.policy.first_report_limit - s.overdue()));
}

PostureWatch::Step PostureWatch::on_report(const ReportVerdict& verdict, Instant now) {
  State& s = *state_;
  if (s.phase == State::Phase::closed) return {};
  if (verdict.clone_suspected) return s.close(text_of("device.clone_suspected"));
  if (!verdict.counted) {
    // Before the first good report an unregistered key may still be enrolled; a revoked one is over at once.
    const std::string code = verdict.refusal ? verdict.refusal->code : std::string();
    // An unsigned claim names no key that could be lost; it has results, a refused envelope has none.
    const bool over = verdict.results.empty() &&
                      (s.phase == State::Phase::first ? code == "device.key_revoked" : is_loss_of_key(code));
    if (over) return s.close(*verdict.refusal);
    if (verdict.refusal && s.phase == State::Phase::first) s.last_failure = verdict.refusal;
    return {};
  }
  s.last_sign = std::max(s.last_sign, now);
  s.last_report = std::max(s.last_report, now);
  return verdict.passed ? s.on_good() : s.on_bad(verdict, now);
}

void PostureWatch::on_sign_of_life(Instant now) {
  state_->last_sign = std::max(state_->last_sign, now);
}

void PostureWatch::on_unjudged_report(Instant now) {
  State& s = *state_;
  s.last_sign = std::max(s.last_sign, now);
  if (s.phase == State::Phase::admitted) s.last_report = std::max(s.last_report, now);
}

PostureWatch::Step PostureWatch::on_time(Instant now) {
  State& s = *state_;
  switch (s.phase) {
    case State::Phase::closed:
      return {};
    case State::Phase::first:
      if (State::holds("posture.no_report", now < s.granted_at + s.policy.first_report_limit)) return {};
      return s.close(s.failure_or("posture.no_report"));
    case State::Phase::admitted:
      if (s.mending() && now >= *s.mend_until) return s.close(s.failure_or("posture.failed"));
      if (!State::holds("posture.silent", now < s.last_sign + s.policy.silence_to_quarantine)) {
        s.phase = State::Phase::silent;
        return {Action::quarantine, text_of("posture.silent")};
      }
      if (!State::holds("report.missed", now < s.last_report + s.overdue())) {
        s.phase = State::Phase::silent;
        return {Action::quarantine, text_of("report.missed")};
      }
      return {};
    case State::Phase::silent:
      if (s.mending() && now >= *s.mend_until) return s.close(s.failure_or("posture.failed"));
      if (!State::holds("posture.silent", now < s.last_sign + s.policy.silence_to_close)) {
        return s.close(text_of("posture.silent"));
      }
      if (!State::holds("report.missed", now < s.last_report + 3 * s.policy.report_interval)) {
        return s.close(text_of("report.missed"));
      }
      return {};
  }
  return {};
}

Instant PostureWatch::next_deadline() const {
  const State& s = *state_;
  Instant next = kNever;
  switch (s.phase) {
    case State::Phase::closed:
      return kNever;
    case State::Phase::first:
      return s.granted_at + s.policy.first_report_limit;
    case State::Phase::admitted:
      next = std::min(s.last_sign + s.policy.silence_to_quarantine, s.last_report + s.overdue());
      break;
    case State::Phase::silent:
      next = std::min(s.last_sign + s.policy.silence_to_close, s.last_report + 3 * s.policy.report_interval);
      break;
  }
  return s.mending() ? std::min(next, *s.mend_until) : next;
}

bool PostureWatch::admitted() const {
  return state_->phase == State::Phase::admitted;
}

}  // namespace sekisho::admission
