// The verbs on a connection and a domain that are already there; each blocks as long as libvirt does.
// Threads: a worker's. Ownership: connection and domain are borrowed. Errors: console.*.
#pragma once
#include "config.hpp"
#include "handles.hpp"

#include <sekisho/sdk/console_driver.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sekisho::libvirt {

// --- any machine
/// Errors: console.no_such_machine; a name that is not canonical is none.
[[nodiscard]] Result<Domain> find(virConnectPtr connect, std::string_view uuid);
[[nodiscard]] Result<Machine> describe(virDomainPtr domain);
[[nodiscard]] Result<OwnedFd> open_screen(virDomainPtr domain);
[[nodiscard]] Result<Picture> take_picture(virConnectPtr connect, virDomainPtr domain);
[[nodiscard]] Result<void> switch_power(virDomainPtr domain, PowerAction action);
[[nodiscard]] Result<void> make_snapshot(virDomainPtr domain, const std::string& name);
[[nodiscard]] Result<void> go_back(virDomainPtr domain, const std::string& name);

// --- desktops (desktops.cpp)
/// The name of its model, or "" when create() has not made it.
[[nodiscard]] std::string model_of(virDomainPtr domain);
[[nodiscard]] Result<Machine> create_desktop(virConnectPtr connect, const Model& model, const DesktopOrder& order);
/// `domain` may be null: what is left of it is removed all the same.
[[nodiscard]] Result<void> destroy_desktop(virConnectPtr connect, virDomainPtr domain, const std::vector<Model>& models,
                                           std::string_view uuid);
/// Overlays without a domain, as stopped machines.
[[nodiscard]] Result<std::vector<Machine>> leftovers(virConnectPtr connect, const std::vector<Model>& models);
[[nodiscard]] bool agent_answers(virDomainPtr domain);
[[nodiscard]] Result<void> set_account_password(virDomainPtr domain, const std::string& account,
                                                const Secret& password);

}  // namespace sekisho::libvirt
