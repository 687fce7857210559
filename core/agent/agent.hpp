// The posture agent as a machine: facts in, signed reports out, the gate's verdicts told. No socket, no clock, no file.
//
//   resting ─due, beat, change─▶ collecting ─facts─▶ asking ─challenge─▶ reporting ─verdict─▶ resting …
//                                                      └─ nothing to report: the challenge alone is the sign of life
//
// A report is due at the beginning, when the gate's recheck time has come, when somebody says that something changed,
// and when the facts differ from the last ones the gate has seen. Nonce and gate time always come from a challenge that
// is milliseconds old: the machine's own clock measures differences only, it is never compared with the gate's.
// The report goes only to the certificate that gave the challenge.
//
// Once: one report, then it ends (passed, denied, or why not). Stay: until the session that it found is over.
// Failures: retried after 1 s doubling to 20 s, half of it by chance, so that a crowd does not come back at once.
// Threads: one. Ownership: key, book and entropy outlive it. Units: `now` is any clock that never steps back.
// Errors: as news and ends, with agent.* refusals (refusals.hpp). Source: posture.md §1, §8; decisions.md "Posture".
#pragma once
#include "admission/device_key.hpp"
#include "agent/facts.hpp"
#include "agent/messages.hpp"
#include "agent/wire.hpp"

#include <sekisho/sdk/services.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::agent {

/// The key's report counter. It survives everything: a number that the gate sees twice means a cloned terminal.
class SequenceBook {
 public:
  virtual ~SequenceBook() = default;
  /// The next number, durable before it is returned. The book is taken (also from other processes) until settle(), so
  /// that numbers reach the gate in order. Errors: agent.state_*.
  [[nodiscard]] virtual Result<std::int64_t> take() = 0;
  virtual void settle() = 0;
};

enum class Mode : std::uint8_t { once, stay };

struct Options {
  Mode mode = Mode::once;
  /// Once: a report before login is wanted. Otherwise a gate that sees no session is an error.
  bool before_login = false;
  std::string gateway = {};      ///< the gate's id as it was at enrolment; empty: any
  Seconds once_limit{12};        ///< no further try after this
  Seconds no_session_limit{60};  ///< stay: the gate refuses or is silent and no session was ever seen, or it was denied
  Seconds lost_limit{300};       ///< stay: no answer at all in a session; the gate has closed it by then
};

enum class EndKind : std::uint8_t { passed, denied, gate_failed, local_failed, session_over };
struct End {
  EndKind kind = EndKind::local_failed;
  std::optional<Refusal> refusal;  ///< why; absent for passed, and for a verdict that was told as news
};

/// A verdict has come.
struct Judged {
  std::string session;  ///< empty before login
  std::string reason;   ///< connect, interval, event
  Verdict verdict;
};
/// The gate refused a challenge or a report, or it cannot be reached; `again_in` when it is tried again.
struct Trouble {
  Refusal refusal;
  std::string detail;  ///< for the operator
  std::optional<std::chrono::milliseconds> again_in;
};
/// The session's first good report, its fall into quarantine, its end.
struct SessionNews {
  enum class What : std::uint8_t { admitted, quarantined, ended } what = What::admitted;
  std::string session;
};
using News = std::variant<Judged, Trouble, SessionNews>;

/// What the driver does now, in this order: tell the news; end; else send, else collect, else wait for
/// next_deadline().
struct Step {
  std::vector<News> news;
  std::optional<End> end;
  std::optional<WireAsk> send;
  bool collect = false;
};

class Agent {
 public:
  Agent(Options options, const admission::DeviceKey& key, SequenceBook& book, Entropy& entropy);

  [[nodiscard]] Step begin(Instant now);
  /// Answers `collect`.
  [[nodiscard]] Step on_facts(Result<nlohmann::json> facts, Instant now);
  /// Answers `send`. The error's code is agent.unreachable or agent.certificate.
  [[nodiscard]] Step on_answer(Result<WireAnswer> answer, Instant now);
  /// Something changed on the terminal: report at once.
  [[nodiscard]] Step on_change(Instant now);
  [[nodiscard]] Step on_time(Instant now);
  /// Set while resting only.
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] const std::string& session() const { return session_; }

 private:
  enum class State : std::uint8_t { fresh, resting, collecting, asking, reporting, over };

  Step collect();
  Step ask_challenge();
  Step on_challenge(const WireAnswer& answer, Instant now);
  Step on_new_challenge(const Challenge& challenge, const WireAnswer& answer, Instant now);
  Step on_verdict(const WireAnswer& answer, Instant now);
  Step on_refused_report(const WireAnswer& answer, Instant now);
  Step report(const Challenge& challenge, const WireAnswer& answer);
  /// A failure that may pass: tells it, rests and tries again, or ends when the patience is over.
  Step again(const Refusal& why, std::string detail, Instant now, Step step = {});
  Step over(EndKind kind, std::optional<Refusal> refusal, Step step = {});
  Step session_over(std::optional<Refusal> refusal, Step step = {});
  Step rest(Instant now, Step step = {});
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds span, std::uint32_t percent);

  const Options options_;
  const admission::DeviceKey& key_;
  SequenceBook& book_;
  Entropy& entropy_;

  State state_ = State::fresh;
  Instant began_{}, last_good_{}, wake_at_{};
  std::optional<Instant> recheck_at_;  ///< nullopt: a report is due
  Seconds heartbeat_{30};
  unsigned failures_ = 0;
  bool changed_ = false;     ///< somebody said so after the facts in hand were collected
  bool event_ = false;       ///< or before
  bool stale_once_ = false;  ///< the last report came too late for its nonce

  std::optional<nlohmann::json> facts_;
  std::string facts_digest_, seen_digest_;  ///< of the facts in hand; of the last ones that the gate judged
  FixtureAge age_;

  std::string session_, reason_ = "connect";
  bool reported_in_session_ = false, admitted_ = false, denied_last_ = false;
};

}  // namespace sekisho::agent
