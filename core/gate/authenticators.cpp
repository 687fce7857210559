// What authenticators learn between two logins: their files are read again every half minute, and a session whose
// certificate its issuer has revoked meanwhile ends (R04; threats.md §8 "Revocation"). Reading and checking run in the
// general pool. A session that was open before the gatekeeper started has no chain in memory until its client comes
// again; that is refused then.
#include "gate/state.hpp"

#include <sekisho/sdk/revoking.hpp>

#include <algorithm>
#include <utility>

namespace sekisho::gate {
namespace {

constexpr std::chrono::seconds kAllOfIt{20};  // hundreds of chains and a slow file

struct Shown {
  std::string session;
  std::shared_ptr<const std::vector<std::string>> chain;
  std::vector<const Revoking*> by;
};

}  // namespace

std::vector<const Revoking*> Gate::State::revoking(const std::string& path_name) const {
  std::vector<const Revoking*> out;
  const GatePath* of = path(path_name);
  if (of == nullptr) return out;
  for (const std::string& factor : of->policy.factors) {
    const auto found = plugins.authenticators.find(factor);
    if (found == plugins.authenticators.end()) continue;
    if (const auto* one = dynamic_cast<const Revoking*>(found->second)) out.push_back(one);
  }
  return out;
}

bool Gate::State::not_revoked(const Arrival& arrival) const {
  if (arrival.certificate_chain.empty()) return true;  // whether it must have one is the session's question
  return std::ranges::none_of(revoking(arrival.path),
                              [&](const Revoking* one) { return one->revoked(arrival.certificate_chain, now()); });
}

void Gate::State::refresh_authenticators() {
  authenticator_timer = services.timers.at(now() + options.authenticator_refresh, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->closing) return;
    self->refresh_authenticators();
    if (self->refreshing->exchange(true)) return;  // a file that hangs: its turn is not over
    std::vector<Authenticator*> all;
    for (const auto& [name, one] : self->plugins.authenticators) all.push_back(one);
    std::vector<Shown> shown;
    for (const auto& [number, session] : self->sessions) {
      if (session->chain) shown.push_back({number, session->chain, self->revoking(session->row.path)});
    }
    run::run_blocking<std::vector<std::string>>(
        self->services.blocking, run::Pool::general, kAllOfIt,
        [all = std::move(all), shown = std::move(shown), at = self->now(),
         over = std::shared_ptr<void>(nullptr, [busy = self->refreshing](void*) { *busy = false; })] {
          for (Authenticator* one : all) one->refresh(at);
          std::vector<std::string> revoked;
          for (const Shown& each : shown) {
            const bool gone =
                std::ranges::any_of(each.by, [&](const Revoking* one) { return one->revoked(*each.chain, at); });
            if (gone) revoked.push_back(each.session);
          }
          return revoked;
        },
        [weak](const Result<std::vector<std::string>>& revoked) {
          const auto self = weak.lock();
          if (!self || !revoked) return;
          for (const std::string& number : *revoked) {
            const auto found = self->sessions.find(number);
            if (found == self->sessions.end()) continue;
            self->end(found->second, admission::refusal("certificate.revoked"), "certificate");
          }
        });
  });
}

}  // namespace sekisho::gate
