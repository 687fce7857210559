// Posture: challenge, signed envelope, facts, verdict (posture.md §2, §7, §8), and the watch over a session's reports.
// Threads: PostureDesk gives challenges on any thread, all else on one; PostureWatch is a plain machine per session.
// Units: seconds of gate time. Ranges: report <= 64 KiB, depth <= 8. Errors: HTTP status and code in ReportVerdict.
#pragma once
#include "admission/policy.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/posture_check.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sekisho::admission {

struct PostureOptions {
  std::string gate_id;                           ///< the `aud` of reports
  std::vector<std::string> server_fingerprints;  ///< SHA-256 hex of the certificates a report may name as `srv`
  bool allow_simulator = false;                  ///< facts with source "simulator": labs only
  Seconds nonce_life{120};
  Seconds clock_tolerance{300};
  std::size_t nonces = 65536;  ///< open challenges; beyond that the oldest go
  /// Whether `signature` over `message` was made with the key of `jwk` (canonical); empty: ES256. The simulator hands
  /// in a model that costs one hash.
  std::function<bool(std::string_view jwk, std::string_view message, std::string_view signature)> verify;
};

/// The session that a posture request inside a tunnel belongs to.
struct SessionRef {
  std::string number, address, terminal, path;
};

/// What the store keeps of a terminal (store::PostureRow has the same fields).
struct TerminalPosture {
  std::int64_t last_seq = -1;
  nlohmann::json memory = nlohmann::json::object();  ///< check -> memory
};

struct ReportVerdict {
  std::uint16_t http_status = 200;
  std::string answer;    ///< JSON for the agent: decision, checks[], next_nonce, recheck_s, heartbeat_s; or error
  bool counted = false;  ///< the envelope was good: `results` are a verdict about `terminal`
  bool passed = false;   ///< no enforced check failed or is unknown
  std::string terminal, reason;  ///< reason: connect | interval | event
  std::vector<CheckResult> results;
  std::optional<Refusal> refusal;  ///< of the worst failed check, or of the envelope ("report.replayed", …)
  bool clone_suspected = false;    ///< seq went back on a good signature
  TerminalPosture posture;         ///< to be stored when counted
};

struct EnrolVerdict {
  std::uint16_t http_status = 200;
  std::string answer;
  std::optional<registry::Terminal> terminal;  ///< with its new key; to be stored when set
};

class PostureDesk {
 public:
  PostureDesk(PostureOptions options, std::map<std::string, const PostureCheck*> checks, Entropy& entropy);
  ~PostureDesk();
  PostureDesk(const PostureDesk&) = delete;
  PostureDesk& operator=(const PostureDesk&) = delete;

  /// JSON {nonce, sid, gateway, server_time, ttl_s}; sid = session number, or "pre:<random>" before login.
  [[nodiscard]] std::string challenge(const std::optional<SessionRef>& session, Instant now);
  /// `jws` is untrusted. `load` gives what is stored of a terminal (called at most once, for a known key).
  using Load = std::function<TerminalPosture(const std::string& terminal)>;
  [[nodiscard]] ReportVerdict report(std::string_view jws, const std::optional<SessionRef>& session,
                                     const registry::Registry& registry, const PathPolicy& policy,
                                     const std::string& user_agent, const Load& load, Instant now);
  /// openfortivpn's unsigned claim (fortinet-sslvpn.md §3.2), percent-encoded or not: can only deny, never admit
  /// without an accepted exception (posture.md §1).
  [[nodiscard]] ReportVerdict hostcheck(std::string_view form, const SessionRef& session,
                                        const registry::Registry& registry, const PathPolicy& policy, Instant now);
  /// Body: {"token","jwk"}; the one-time token names the terminal.
  [[nodiscard]] EnrolVerdict enrol(std::string_view body, const registry::Registry& registry, Instant now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Watches one session: when is it admitted, back in quarantine, or closed (decisions.md "Posture loss")?
class PostureWatch {
 public:
  enum class Action : std::uint8_t { none, admit, quarantine, close };
  struct Step {
    Action action = Action::none;
    std::optional<Refusal> refusal;  ///< with quarantine and close
  };
  PostureWatch(const PathPolicy& policy, Instant granted_at);
  /// A good pre-login report was found at grant time: begins admitted.
  void begin_admitted(Instant reported_at);
  [[nodiscard]] Step on_report(const ReportVerdict& verdict, Instant now);
  /// Agent's heartbeat: a challenge fetched in the tunnel counts as a sign of life.
  void on_sign_of_life(Instant now);
  /// A report came and the gate itself could not judge it (the store is lost): the time to the next one begins anew,
  /// nothing else changes.
  void on_unjudged_report(Instant now);
  [[nodiscard]] Step on_time(Instant now);
  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] bool admitted() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sekisho::admission
