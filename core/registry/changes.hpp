// What staff may change, and what a change does to the rest: pure functions from one registry to the next.
// Each takes the newest registry by value and answers with a next one in which nothing is wrong that was not so before
// in an object untouched (findings_of_change()), or with an Error whose code has words in refusals.hpp
// (registry.invalid carries findings, findings.hpp). Of a whole import everything must be right. They run inside a
// store transaction (gate::Control). Threads: pure functions. Source: mission.md R16–R18; threats.md T-34, T-36, T-38;
// decisions.md "Rights".
//
// An application's life. Any edit of its substance voids a decision (T-38):
//
//   submit ─▶ submitted ─accept─▶ accepted ─end─▶ ended
//               ▲   └────return──▶ returned ──end──▶ ended
//               └──────edit──────────┘ (also from accepted)
#pragma once
#include "registry/fields.hpp"
#include "registry/model.hpp"

#include <sekisho/sdk/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace sekisho::registry {

/// The whole registry from an import. Kept from `current` whatever `next` says: stops, revocations, and the secrets
/// that an export leaves out (password hashes, open enrolments) where `next` has none. An accepted application that
/// `next` changes without a newer decision becomes submitted. Errors: registry.generation_differs (`if_generation`
/// given and not current), registry.invalid.
[[nodiscard]] Result<Registry> replace_all(Registry current, Registry next, std::optional<std::uint64_t> if_generation);

struct Put {
  Registry registry;
  std::string key;
};
/// Adds or replaces one object, given in its JSON form. An application is added as submitted and keeps its decision
/// only if nothing else changes. Errors: registry.invalid, registry.stop_by_hand, certificate.revocation_final,
/// application.state_by_hand, application.wrong_state (an ended one).
[[nodiscard]] Result<Put> put_object(Registry current, Kind kind, const nlohmann::json& object);
/// Errors: registry.no_such_object, registry.in_use, registry.stop_by_hand, certificate.revocation_final.
[[nodiscard]] Result<Registry> remove_object(Registry current, Kind kind, const std::string& key);
/// Ends now: contract, person, terminal, circuit, application, exception; a certificate is revoked.
/// Errors: registry.no_such_object, registry.cannot_end, registry.already_ended.
[[nodiscard]] Result<Registry> end_object(Registry current, Kind kind, const std::string& key, Instant now);

/// A new application. Errors: registry.exists and those of put_object().
[[nodiscard]] Result<Put> submit_application(Registry current, const nlohmann::json& object);
struct Decision {
  std::string by;  ///< person id of an approver in force who is no applicant
  std::string note{};
  bool build_up_exception = false;  ///< with accept only: R18, work that is not maintenance may be done remotely
};
/// Errors: registry.no_such_object, application.wrong_state, application.own_decision, application.not_approver.
[[nodiscard]] Result<Registry> accept_application(Registry current, const std::string& id, const Decision& decision,
                                                  Instant now);
[[nodiscard]] Result<Registry> return_application(Registry current, const std::string& id, const Decision& decision,
                                                  Instant now);

/// `phc` is Argon2id in PHC form, m >= 47104 KiB (threats.md §8). Errors: registry.no_such_object,
/// person.bad_password_hash.
[[nodiscard]] Result<Registry> set_password_hash(Registry current, const std::string& person, std::string_view phc);

/// `object` is a certificate's JSON form without revoked_at. With `replace` the pair's earlier certificates are
/// revoked. Errors: registry.exists, registry.invalid.
[[nodiscard]] Result<Put> register_certificate(Registry current, const nlohmann::json& object, bool replace,
                                               Instant now);

/// Opens (or re-opens) the enrolment of a terminal's key. Errors: registry.no_such_object, registry.already_ended.
[[nodiscard]] Result<Registry> open_enrolment(Registry current, const std::string& terminal,
                                              std::string token_sha256_hex, Instant until, Instant now);

/// A new exception, its approver being an approver in force who is no applicant. Errors: registry.exists,
/// application.own_decision, application.not_approver, registry.invalid.
[[nodiscard]] Result<Put> grant_exception(Registry current, const nlohmann::json& object, Instant now);

}  // namespace sekisho::registry
