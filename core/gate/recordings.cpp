// Recordings that leave the environment: only an auditor takes one out, and the journal has it before he does (R15).
#include "gate/state.hpp"

#include <algorithm>

namespace sekisho::gate {

void Gate::export_recording(recording::ExportRequest wanted, std::string caller,
                            std::function<void(Result<void>)> done) {
  State& s = *state_;
  const auto all = registry();
  const auto found = all->people.find(wanted.by);
  const Instant now = s.now();
  const bool may = found != all->people.end() && found->second.valid.holds(now) &&
                   !(found->second.ended_at && *found->second.ended_at <= now) &&
                   std::ranges::find(found->second.roles, registry::Role::auditor) != found->second.roles.end();
  const std::string refusal = may ? "" : "recording.not_auditor";
  s.record(recording::export_entry(wanted, caller, refusal, now),
           [refusal, by = wanted.by, done = std::move(done)](Result<std::uint64_t> durable) {
             if (!refusal.empty()) return done(fail(refusal, by));
             if (!durable) return done(durable.error());
             done({});
           });
}

}  // namespace sekisho::gate
