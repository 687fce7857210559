#include "gate/machine_states.hpp"

namespace sekisho::gate {
namespace {

constexpr Seconds kCountsFor{2};

MachineStates::States states_of(const std::vector<seam::HyperMachine>& machines) {
  MachineStates::States out;
  for (const seam::HyperMachine& machine : machines) {
    if (machine.state == MachineState::running) out[machine.uuid] = "on";
    if (machine.state == MachineState::stopped || machine.state == MachineState::crashed) out[machine.uuid] = "off";
  }
  return out;
}

}  // namespace

void MachineStates::of(registry::Zone zone, const std::string& manager, Done done) {
  Held& held = held_[{zone, manager}];
  if (!held.asked && clock_.now() < held.until) return done(held.states);
  held.waiting.push_back(std::move(done));
  if (std::exchange(held.asked, true)) return;
  hypervisors_.list(zone, manager, [this, &held](const Result<std::vector<seam::HyperMachine>>& machines) {
    held.asked = false;
    held.until = clock_.now() + kCountsFor;
    held.states = machines ? Result<States>(states_of(*machines)) : Result<States>(machines.error());
    const Result<States> told = held.states;
    for (const Done& each : std::exchange(held.waiting, {})) each(told);
  });
}

}  // namespace sekisho::gate
