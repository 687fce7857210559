// A login bench for tests: a small registry, counted entropy, factor states in memory and factors that do as told.
// Threads: one. Ownership: the bench owns everything; LoginContext borrows from it.
#pragma once
#include "admission/login.hpp"

#include <sekisho/sdk/revoking.hpp>

#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::admission::testing {

/// Unpredictable enough for uniqueness, the same in every run.
class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::byte>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_ = 42;
};

class MemoryStates final : public FactorStates {
 public:
  nlohmann::json load(std::string_view scope, std::string_view key, std::string_view factor) override {
    const auto found = rows.find(name(scope, key, factor));
    return found == rows.end() ? nlohmann::json() : found->second;
  }
  void save(std::string_view scope, std::string_view key, std::string_view factor,
            const nlohmann::json& state) override {
    rows[name(scope, key, factor)] = state;
  }
  static std::string name(std::string_view scope, std::string_view key, std::string_view factor) {
    return std::string(scope) + "|" + std::string(key) + "|" + std::string(factor);
  }
  std::map<std::string, nlohmann::json> rows;
};

inline Refusal no(std::string code) {
  return {"R04", std::move(code), {"不可", "No."}, {"理由", "Because."}, {"対処", "Do this."}};
}

/// What a scripted factor saw, without secrets.
struct Seen {
  std::string person;
  bool known = false;
  bool resumed = false;
  bool owner_certificate = false;
  std::string transaction;
};

class Scripted final : public Authenticator, public Revoking {
 public:
  using Script = std::function<AuthStep(AuthRequest)>;
  Scripted(std::string factor, Script script) : factor_(std::move(factor)), script_(std::move(script)) {}
  std::string_view factor() const override { return factor_; }
  unsigned weight() const override { return 1; }
  AuthStep step(AuthRequest request) override {
    seen.push_back({request.subject.person, request.subject.known, request.effect.has_value(),
                    request.owner_certificate, request.transaction});
    return script_(std::move(request));
  }
  void refresh(Instant) override { ++refreshed; }
  [[nodiscard]] bool revoked(const std::vector<std::string>& chain, Instant) const override {
    return taken_back.contains(chain.front());
  }
  void becomes(Script script) { script_ = std::move(script); }
  std::vector<Seen> seen;
  std::size_t refreshed = 0;
  std::set<std::string> taken_back;  ///< leaves

 private:
  std::string factor_;
  Script script_;
};

inline AuthStep kept(AuthRequest& request, Verdict verdict) {
  AuthStep step;
  step.verdict = verdict;
  step.account_state = std::move(request.account_state);
  step.source_state = std::move(request.source_state);
  step.transaction_state = std::move(request.transaction_state);
  return step;
}
inline AuthStep says_yes(AuthRequest request) {
  return kept(request, Verdict::yes);
}
inline AuthStep says_no(AuthRequest request) {
  AuthStep step = kept(request, Verdict::no);
  step.refusal = no("password.wrong");
  return step;
}
inline AuthStep throws(AuthRequest) {
  throw std::runtime_error("broken factor");
}
/// Asks for `field` until it is answered with "right".
inline Scripted::Script asks(std::string field) {
  return [field](AuthRequest request) {
    const auto found = request.evidence.find(field);
    if (found == request.evidence.end() || found->second.empty()) {
      AuthStep step = kept(request, Verdict::ask);
      step.ask = Ask{field, field, {"どうぞ", "Please"}, 0};
      return step;
    }
    return found->second.reveal() == "right" ? says_yes(std::move(request)) : says_no(std::move(request));
  };
}
/// Wants one hash, and believes its end.
inline AuthStep hashes(AuthRequest request) {
  if (!request.effect) {
    AuthStep step = kept(request, Verdict::wait);
    step.effects.push_back(VerifyPassword{"hash", Secret("candidate")});
    return step;
  }
  const bool matched = request.effect->done && request.effect->matched;
  return matched ? says_yes(std::move(request)) : says_no(std::move(request));
}

class LoginBench {
 public:
  LoginBench() {
    policy.path = "internet";
    registry::Person mori;
    mori.id = "mori";
    mori.login = "mori";
    mori.name = "森 花子";
    mori.mail = "mori@contractor.test";
    mori.password_hash = "hash-of-mori";
    registry.people.emplace("mori", mori);
    registry::Person tani = mori;
    tani.id = "tani";
    tani.login = "tani";
    tani.mail = "tani@contractor.test";
    registry.people.emplace("tani", tani);
    registry::Certificate certificate;
    certificate.fingerprint_sha256 = std::string(64, 'a');
    certificate.person = "mori";
    certificate.terminal = "pc-mori";
    registry.certificates.emplace(certificate.fingerprint_sha256, certificate);
    arrival.path = "internet";
    arrival.peer_address = "203.0.113.7";
    arrival.certificate_chain = {"leaf of mori"};
  }

  void use(Scripted& factor) {
    authenticators[std::string(factor.factor())] = &factor;
    policy.factors.emplace_back(factor.factor());
  }
  [[nodiscard]] LoginContext context() { return {registry, policy, authenticators, states, entropy, now}; }

  static Evidence evidence(std::initializer_list<std::pair<const char*, const char*>> pairs) {
    Evidence out;
    for (const auto& [name, value] : pairs) out.emplace(name, Secret(value));
    return out;
  }
  LoginOutcome begin(const Evidence& given) { return begin_login(context(), arrival, given); }
  LoginOutcome answer(const LoginOutcome& before, const Evidence& given) {
    return answer_login(context(), before.document, arrival, given);
  }
  LoginOutcome resume(const LoginOutcome& before, const Evidence& given, EffectResult effect) {
    return resume_login(context(), before.document, arrival, given, effect);
  }

  registry::Registry registry;
  PathPolicy policy;
  std::map<std::string, Authenticator*> authenticators;
  MemoryStates states;
  CountingEntropy entropy;
  Instant now = Instant(std::chrono::seconds(1795305600));
  Arrival arrival;
};

/// "asked:code", "waiting", "passed:mori", "refused:password.wrong".
inline std::string end_of(const LoginOutcome& outcome) {
  if (const auto* asked = std::get_if<LoginAskedOut>(&outcome.end)) return "asked:" + asked->ask.field;
  if (std::get_if<LoginWaitingOut>(&outcome.end) != nullptr) return "waiting";
  if (const auto* passed = std::get_if<LoginPassedOut>(&outcome.end)) return "passed:" + passed->person;
  return "refused:" + std::get<LoginRefusedOut>(outcome.end).refusal.code;
}

}  // namespace sekisho::admission::testing
