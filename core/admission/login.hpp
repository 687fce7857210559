// Login: the pure state machine of one login (R04, T-20..T-32). The caller runs each step inside one store transaction,
// performs the effects afterwards and comes back with their results.
//
//   begin ──▶ asked ──answer──▶ asked … ──▶ passed
//     │         │                  │
//     └──▶ waiting (password hash) ┘          any ──▶ refused
//
// Threads: no state of its own; one call at a time per transaction. Ownership: everything borrowed during the call.
// Errors: refusals with rule and code; exceptions of an authenticator count as "no" (T-21).
#pragma once
#include "admission/policy.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/authenticator.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sekisho::admission {

/// Factor state as the store keeps it (store::Tx implements the same two calls through an adapter in core/gate).
class FactorStates {
 public:
  virtual ~FactorStates() = default;
  virtual nlohmann::json load(std::string_view scope, std::string_view key, std::string_view factor) = 0;
  virtual void save(std::string_view scope, std::string_view key, std::string_view factor, const nlohmann::json&) = 0;
};

struct LoginContext {
  const registry::Registry& registry;
  const PathPolicy& policy;
  const std::map<std::string, Authenticator*>& authenticators;  ///< by factor name; a missing one refuses (T-23)
  FactorStates& states;
  Entropy& entropy;
  Instant now{};
};

/// Between steps a login is one JSON document: slots per factor, subject id, source, certificate, times. No secret in
/// clear. The gate stores it under the hash of the current handle.
using LoginDocument = nlohmann::json;

struct LoginAskedOut {
  Ask ask;
  std::string handle;  ///< fresh, <= 31 characters of [A-Za-z0-9_-]
};
struct LoginRefusedOut {
  Refusal refusal;
  bool may_retry = false;
};
struct LoginWaitingOut {
  VerifyPassword work;
};
/// Every factor said yes for the same identity. Rights and posture are judged after this (registry::rights_of,
/// posture).
struct LoginPassedOut {
  std::string person, terminal, certificate_fingerprint;
};

struct LoginOutcome {
  std::variant<LoginAskedOut, LoginRefusedOut, LoginWaitingOut, LoginPassedOut> end;
  LoginDocument document;                             ///< to be kept with asked and waiting; dropped otherwise
  Instant expires_at{};                               ///< of the document
  std::vector<SendMail> mails;                        ///< to be sent whatever the end
  std::string person;                                 ///< internal id when known, for the journal
  nlohmann::json journal = nlohmann::json::object();  ///< factor -> verdict and detail, no secret
};

[[nodiscard]] LoginOutcome begin_login(const LoginContext&, const Arrival&, const Evidence&);
/// `document` was found by the handle; a handle that is unknown or late never gets here (gate: login.unknown_handle).
/// Refuses when certificate, source address or path differ from the beginning's (T-25).
[[nodiscard]] LoginOutcome answer_login(const LoginContext&, LoginDocument document, const Arrival&, const Evidence&);
/// Goes on after LoginWaitingOut.
[[nodiscard]] LoginOutcome resume_login(const LoginContext&, LoginDocument document, const Arrival&, const Evidence&,
                                        const EffectResult&);

/// The source network that counters hang on: the IPv4 address or the IPv6 /64.
[[nodiscard]] std::string source_network(std::string_view address);

/// The texts of every refusal code of admission, gate, registry rights and posture (Japanese and English, remedy);
/// aborts on an unknown code.
[[nodiscard]] Refusal refusal(std::string_view code);
/// As refusal(), but an unknown code is nullopt: for codes that come from a plugin or from the store.
[[nodiscard]] std::optional<Refusal> find_refusal(std::string_view code);
/// All codes with their rule, for the operator page and the catalogue test.
[[nodiscard]] std::vector<Refusal> all_refusals();

}  // namespace sekisho::admission
