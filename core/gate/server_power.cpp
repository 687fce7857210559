// Staff switch a server's machine. What may be done is the manager's own policy (the driver's `power`, nothing by
// default); the journal has who and what before the manager hears of it.
#include "base/json_object.hpp"
#include "gate/state.hpp"

#include <utility>

namespace sekisho::gate {
namespace {

std::string_view word_of(PowerAction action) {
  switch (action) {
    case PowerAction::start:
      return "start";
    case PowerAction::shut_down:
      return "shut_down";
    case PowerAction::power_off:
      return "power_off";
    case PowerAction::reboot:
      return "reboot";
    case PowerAction::reset:
      return "reset";
  }
  return "unknown";
}

}  // namespace

registry::Zone zone_of(const registry::Registry& registry, const registry::Server& server) {
  const auto system = registry.systems.find(server.system);
  SEKISHO_ASSERT(system != registry.systems.end());  // registry::validate()
  return system->second.zone;
}

void Gate::switch_server(std::string id, PowerAction action, std::string by, std::function<void(Result<void>)> done) {
  State& s = *state_;
  const auto server = s.registry->servers.find(id);
  if (server == s.registry->servers.end()) return done(fail("registry.no_such_object", id));
  if (server->second.kind != registry::ServerKind::virtual_machine) {
    return done(fail("server.not_switched", "a physical server"));
  }
  audit::Entry entry;
  entry.event = "server.power";
  entry.rule = "R12";
  entry.result = "ok";
  entry.detail = json_object("by", by, "server", id, "action", word_of(action), "manager", server->second.manager,
                             "machine", server->second.machine);
  auto failed = std::make_shared<audit::Entry>(entry);
  s.record(std::move(entry), [weak = s.weak_from_this(), server = server->second, action, failed,
                              zone = zone_of(*s.registry, server->second),
                              done = std::move(done)](Result<std::uint64_t> durable) mutable {
    if (!durable) return done(durable.error());
    const auto self = weak.lock();
    if (!self) return;
    self->hypervisors->power(zone, server.manager, server.machine, action,
                             [weak, failed, done = std::move(done)](const Result<void>& switched) {
                               if (switched) return done({});
                               failed->event = "server.power_failed";
                               failed->result = "error";
                               failed->code = switched.error().code;
                               if (const auto self = weak.lock()) self->record(std::move(*failed));
                               const bool gone = switched.error().code == "hyper.gone";
                               done(fail(gone ? "server.no_hypervisor" : "server.not_switched", switched.error().code));
                             });
  });
}

}  // namespace sekisho::gate
