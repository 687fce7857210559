// One login step on its way through store, hash and journal, and what a passed one leads to. Not a public header:
// logins.cpp runs the steps, grants.cpp decides and gives. Threads: as state.hpp; a Step is shared by the store job and
// the loop, never by both at once.
#pragma once
#include "admission/login.hpp"
#include "gate/state.hpp"
#include "registry/circuits.hpp"

namespace sekisho::gate {

using RegistryPtr = std::shared_ptr<const registry::Registry>;

/// What a passed login leads to, decided in one transaction with the newest registry.
struct Decision {
  std::optional<Refusal> refusal;
  store::SessionRow row;
  bool admitted = false;
  Instant reported_at{};
};

/// One login step in flight.
struct Step {
  Caller caller;
  Arrival arrival;
  Evidence evidence;
  std::string handle_hash;  // of the answered question; empty at the beginning
  std::optional<admission::LoginOutcome> outcome;
  std::optional<Decision> decision;         // with an outcome that has passed and is not for another client
  Secret cookie;                            // of that
  std::vector<std::uint64_t> more_numbers;  // taken from the store beside the decision's own
  RegistryPtr fresh;                        // set when the store's registry was newer than ours
};
using StepPtr = std::shared_ptr<Step>;

enum class Kind : std::uint8_t { begin, answer, resume };

/// What a step's transaction needs of the gate: copies and what outlives it.
struct StepFacts {
  Kind kind = Kind::begin;
  EffectResult effect;
  Instant now;
  std::string day;                      ///< of now
  std::optional<std::uint64_t> number;  ///< for the session, if there will be one; of `day`
  admission::PathPolicy policy;
  std::string node;
  RegistryPtr known;
  std::map<std::string, Authenticator*> authenticators;
  Entropy* entropy = nullptr;
  registry::Line line = registry::Line::unknown;  ///< of the arrival's circuit
};

[[nodiscard]] audit::Entry login_entry(const Step& step, std::string event, std::string person);
void refuse_step(const std::shared_ptr<Gate::State>& self, const StepPtr& step, const Refusal& refusal, bool may_retry,
                 std::string person, nlohmann::json detail = nlohmann::json::object());

/// Addresses that other nodes took since this one was told are found out by the store; as many are tried.
inline constexpr int kAddressTries = 8;

/// Journal entry on disk, then the row, then the kernel, then the cookie.
void give(const std::shared_ptr<Gate::State>& self, const StepPtr& step, Decision decision, Secret cookie,
          int tries = kAddressTries);

/// `known`, or the store's when that is newer.
[[nodiscard]] RegistryPtr newest(store::Tx& tx, RegistryPtr known);
/// Rights (R01, R03, R16–R19), then the newest posture verdict (R05–R10). Null: `decision.refusal` says why.
[[nodiscard]] std::optional<registry::Rights> judge_rights(store::Tx& tx, const registry::Registry& registry,
                                                           const admission::PathPolicy& policy,
                                                           const admission::LoginPassedOut& passed, Instant now,
                                                           Decision& decision);
/// All factors said yes: rights and posture, and the session's row. In the transaction of the last step.
[[nodiscard]] Decision decide(store::Tx& tx, const StepFacts& facts, const registry::Registry& registry, Step& step,
                              const admission::LoginPassedOut& passed, const std::string& cookie_hash);

/// A session number of `day` that is left of those taken from the store.
[[nodiscard]] std::optional<std::uint64_t> take_number(Gate::State& self, const std::string& day);
/// For later logins of the same day.
void keep_numbers(Gate::State& self, const std::string& day, const std::vector<std::uint64_t>& numbers);

}  // namespace sekisho::gate
