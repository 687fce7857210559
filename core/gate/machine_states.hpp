// MachineStates: whether servers' machines run, by manager, as hyperd lists them. Pages that stay open ask again and
// again: an answer counts for 2 s, and who asks meanwhile waits for the one on its way.
// Threads: the gate's loop; `done` comes there, at once when the answer is known. Ownership: both are borrowed; nothing
// is told after the end of this. Errors: those of Hypervisors::list, which count for 2 s too.
#pragma once
#include "gate/hypervisors.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sekisho::gate {

class MachineStates {
 public:
  /// "on" or "off" by machine; one that is not in it: nobody knows.
  using States = std::map<std::string, std::string>;
  using Done = std::function<void(const Result<States>&)>;
  MachineStates(Hypervisors& hypervisors, const run::Clock& clock) : hypervisors_(hypervisors), clock_(clock) {}
  MachineStates(const MachineStates&) = delete;
  MachineStates& operator=(const MachineStates&) = delete;

  void of(registry::Zone zone, const std::string& manager, Done done);

 private:
  struct Held {
    Result<States> states = fail("hyper.no_answer");
    Instant until{};
    bool asked = false;
    std::vector<Done> waiting;
  };
  Hypervisors& hypervisors_;
  const run::Clock& clock_;
  std::map<std::pair<registry::Zone, std::string>, Held> held_;  // as many as the registry names managers
};

}  // namespace sekisho::gate
