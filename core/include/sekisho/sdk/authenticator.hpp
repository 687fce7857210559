// Authenticator: one factor of a login, as a sans-I/O class that asks, judges and names effects; the host performs
// them. Threads: the host calls step() from its store thread, one call at a time per instance. No exception may leave
// step(). Ownership: everything in AuthRequest is borrowed until step() returns. Source: threats.md §3, §8; design.md.
// Since: plugin API 1.0
#pragma once
#include <sekisho/sdk/arrival.hpp>
#include <sekisho/sdk/refusal.hpp>
#include <sekisho/sdk/services.hpp>
#include <sekisho/sdk/time.hpp>

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sekisho {

/// A client certificate that the registry knows (R04, R22): one per (person, terminal).
struct KnownCertificate {
  std::string fingerprint_sha256;  ///< lower-case hex of the DER
  std::string serial_hex;
  std::string person;
  std::string terminal;
  Instant not_before{}, not_after{};
  bool revoked = false;
};

/// Who the login is about. For an unknown login id `known` is false and the rest is empty; a factor must then take the
/// same path, the same time and give the same answer as for a known person with a wrong proof (T-32).
struct Subject {
  bool known = false;
  std::string person;  ///< internal id; counters hang on it, never on a spelling (T-20)
  std::string name;    ///< for mails, never for logs
  std::string mail;
  std::string password_hash;  ///< PHC string of Argon2id, or empty
  std::vector<KnownCertificate> certificates;
};

/// Effects: asked for by step(), performed by the host outside the store transaction.
struct SendMail {
  std::string to;             ///< one address, no CR/LF
  std::string subject, body;  ///< UTF-8; the body may hold a code, the subject never
};
/// The host hashes in its bounded pool and calls step() again with EffectResult::matched.
struct VerifyPassword {
  std::string encoded_hash;
  Secret candidate;
};
using Effect = std::variant<SendMail, VerifyPassword>;

struct EffectResult {
  bool done = false;     ///< false: the service failed, was full or late; a factor must then refuse
  bool matched = false;  ///< VerifyPassword
  std::string error_code;
};

/// The state documents belong to this factor alone. The host loads them, calls step() and stores them in one
/// transaction, so whatever step() consumes is consumed exactly once (T-25). Sizes: <= 8 KiB each.
struct AuthRequest {
  const Arrival& arrival;
  const Evidence& evidence;  ///< empty values of absent names; never logged
  const Subject& subject;
  Instant now{};
  std::string transaction;             ///< id of this login transaction, unguessable
  nlohmann::json account_state;        ///< of this person (all paths, nodes, restarts); null at first
  nlohmann::json source_state;         ///< of the source network (IPv4 address, IPv6 /64); null at first
  nlohmann::json transaction_state;    ///< of this login; null at first
  std::optional<EffectResult> effect;  ///< set when an effect of the previous step() has ended
  bool owner_certificate = false;      ///< an earlier factor proved this subject's own certificate (T-30 bucket)
};

enum class Verdict : std::uint8_t { no, yes, ask, wait };

/// A question to the person. `field` names the Evidence entry that answers it.
struct Ask {
  std::string factor;
  std::string field;
  Text prompt;
  std::uint32_t resend_after_s = 0;  ///< seconds until a resend may be asked for; 0: now, if at all
};

struct AuthStep {
  Verdict verdict = Verdict::no;
  std::optional<Refusal> refusal;  ///< required with `no`; with `ask`: why the last answer was not taken
  bool may_retry = false;          ///< with `no`: the person may try this factor again in this transaction
  std::optional<Ask> ask;          ///< required with `ask`
  std::vector<Effect> effects;     ///< with `wait`: exactly one VerifyPassword; SendMail may come with any verdict
  nlohmann::json account_state, source_state, transaction_state;  ///< as in the request unless changed
  std::string terminal;   ///< with `yes`: the terminal this factor proved, or empty
  nlohmann::json detail;  ///< for the journal: no secret, <= 1 KiB
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// "certificate", "password", "code": how policies name this factor.
  [[nodiscard]] virtual std::string_view factor() const = 0;
  /// How many real factors it counts for in a policy (threats.md T-29): the mailed code counts 0.
  [[nodiscard]] virtual unsigned weight() const = 0;
  [[nodiscard]] virtual AuthStep step(AuthRequest request) = 0;
  /// Called every 30 s from a blocking pool, to read changed files again (a revocation list). It may run while step()
  /// runs on another thread: what both touch needs a lock, held only to swap. No exception may leave it.
  virtual void refresh(Instant /*now*/) {}
};

}  // namespace sekisho
