#include "lines.hpp"

#include "world.hpp"

#include <algorithm>

namespace sekisho::sim {

registry::Line Lines::of(const std::string& circuit) const {
  const auto found = lost_.find(circuit);
  return found == lost_.end() ? registry::Line::up : found->second.how;
}

void Lines::lose(const std::string& circuit, registry::Line how, Instant::duration span) {
  if (world_.tracing()) world_.say("the line " + circuit + (how == registry::Line::down ? " is down" : " is unknown"));
  Lost& lost = lost_[circuit];
  lost.how = how;
  lost.until = std::max(lost.until, world_.heap().now() + span);
  world_.judge().line_is(circuit, false);
  tell(circuit);
  world_.heap().at(0, lost.until, [this, circuit] { back(circuit); });
}

void Lines::back(const std::string& circuit) {
  const auto found = lost_.find(circuit);
  if (found == lost_.end() || found->second.until > world_.heap().now()) return;  // lost once more meanwhile
  lost_.erase(found);
  if (world_.tracing()) world_.say("the line " + circuit + " is up");
  world_.judge().line_is(circuit, true);
  tell(circuit);
}

void Lines::tell_lost() {
  for (const auto& [circuit, lost] : lost_) tell(circuit);
}

void Lines::tell(const std::string& circuit) {
  if (gate::Gate* gate = world_.gatehouse().gate()) gate->line_changed(kClosed, circuit);
}

}  // namespace sekisho::sim
