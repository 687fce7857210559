#include "hyper_house.hpp"

#include "registry/rules.hpp"

#include <utility>

namespace sekisho::python {
namespace {

std::vector<hyperd::Drivers> drivers_of(const std::vector<HyperManager>& managers) {
  std::vector<hyperd::Drivers> out;
  for (const HyperManager& manager : managers) out.push_back({manager.name, manager.role, manager.driver.get()});
  return out;
}

}  // namespace

HyperHouse::HyperHouse(GateHouse& gate, registry::Zone zone, std::vector<HyperManager> managers)
    : time_(gate.shared_time()), zone_(registry::to_string(zone)), managers_(std::move(managers)) {
  auto& fake = time_->fake;
  const auto close_link = [this](const std::string& relay) {  // not inside the neighbour's own callback
    time_->fake.timers.post([this, relay, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      relay.empty() ? neighbour_->close() : part(relay);
    });
  };
  window_ = std::make_unique<hyperd::Window>(zone, drivers_of(managers_), fake.timers, fake.blocking, log_, close_link);
  neighbour_ = gate.attach("hyperd", zone_, [this](seam::Message message) {
    if (window_) window_->from_gate(std::move(message));
  });
  window_->set_gate(neighbour_->far_link());
  time_->settle();
}

void HyperHouse::attach(RelayHouse& relay) {
  if (!window_) throw Failure(fail("hyper.closed", "this hyperd has been closed"));
  const std::string& name = relay.name();
  part(name);
  auto& one = *(relays_[name] = std::make_unique<Relay>());
  one.house = &relay;
  one.near.hear = [this, name](seam::Message message, const run::Fd&) {
    if (window_) window_->from_relay(name, std::move(message));
  };
  one.far.hear = [this, name, &relay](const seam::Message& message, run::Fd fd) {
    if (!relay.is_open()) return;  // a descriptor that came along is closed
    if (!relay.hyper_screens().on_message(zone_, message, std::move(fd))) part(name);
  };
  one.links = run::testing::make_memory_links(time_->fake.timers, one.near, one.far);
  window_->set_relay(name, one.links.first.get());
  relay.hyper_screens().set_link(zone_, one.links.second.get());
  time_->settle();
}

void HyperHouse::part(const std::string& relay) {
  const auto found = relays_.find(relay);
  if (found == relays_.end()) return;
  if (window_) window_->set_relay(relay, nullptr);
  if (found->second->house->is_open()) found->second->house->hyper_screens().set_link(zone_, nullptr);
  found->second->links.first->close();
  found->second->links.second->close();
  // Kept until the timers have let its ends go.
  time_->fake.timers.post([kept = std::shared_ptr<Relay>(std::move(found->second))] {});
  relays_.erase(found);
}

void HyperHouse::saw(const std::string& manager, const MachineEvent& event) {
  if (!window_) throw Failure(fail("hyper.closed", "this hyperd has been closed"));
  window_->saw(manager, event);
  time_->settle();
}

void HyperHouse::close() {
  if (!window_) return;
  while (!relays_.empty()) part(relays_.begin()->first);
  window_->set_gate(nullptr);
  window_.reset();
  neighbour_->close();
  time_->settle();
}

}  // namespace sekisho::python
