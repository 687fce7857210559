#include "libvirt_driver.hpp"

#include "events.hpp"
#include "serial_pipe.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <set>

namespace sekisho::libvirt {
namespace {

constexpr const char* kActions[] = {"start", "shut_down", "power_off", "reboot", "reset"};
constexpr std::chrono::milliseconds kToConnect(2000);

Error not_allowed(const std::string& pointer, const std::string& why) {
  return fail("config.not_allowed", pointer + ": " + why);
}

Result<void> check(const Config& config) {
  const auto starts = [&](const char* with) { return config.uri.starts_with(with); };
  // Elsewhere a screen's descriptor cannot be handed over, and the client would open connections or start programs.
  if (!starts("qemu:///") && !starts("qemu+unix:///") && !starts("test:///")) {
    return not_allowed("/uri", "only a local libvirt: qemu:///, qemu+unix:/// or test:///");
  }
  const bool desktops = config.role == "desktops";
  if (desktops == config.models.empty()) {
    return not_allowed("/models", desktops ? "role desktops needs a model" : "role consoles makes no desktops");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.models.size(); ++i) {
    const Model& model = config.models[i];
    const std::string at = "/models/" + std::to_string(i);
    if (!is_machine_word(model.name, 32) || !names.insert(model.name).second) {
      return not_allowed(at + "/name", "[a-z0-9_-]+, each once");
    }
    if (model.network.empty() == model.bridge.empty()) return not_allowed(at + "/network", "a network or a bridge");
    for (const std::string* path : {&model.base, &model.kernel, &model.initrd}) {
      if (!path->empty() && path->front() != '/') return not_allowed(at, "paths are absolute");
    }
    if (model.kernel.empty() && !(model.initrd.empty() && model.cmdline.empty())) {
      return not_allowed(at + "/kernel", "initrd and cmdline need a kernel");
    }
  }
  return {};
}

}  // namespace

struct LibvirtDriver::Manager {
  explicit Manager(Config c) : config(std::move(c)), connection(config.uri) {}
  const Config config;
  Connection connection;

  [[nodiscard]] bool desktops() const { return config.role == "desktops"; }
  [[nodiscard]] const Model* model(std::string_view name) const {
    const auto found = std::ranges::find(config.models, name, &Model::name);
    return found == config.models.end() ? nullptr : &*found;
  }
  /// Role desktops knows no machine but its own.
  [[nodiscard]] bool sees(virDomainPtr domain) const { return !desktops() || !model_of(domain).empty(); }

  [[nodiscard]] Result<std::vector<Machine>> list(virConnectPtr connect) const {
    virDomainPtr* domains = nullptr;
    const int count = virConnectListAllDomains(connect, &domains, 0);
    if (count < 0) return libvirt_error("list");
    const std::unique_ptr<virDomainPtr, Freed> keep(domains);
    std::vector<Machine> out;
    for (int i = 0; i < count; ++i) {
      const Domain domain(domains[i]);
      if (!sees(domain.get())) continue;
      // One that goes away while the others are listed is no error.
      if (auto machine = describe(domain.get())) out.push_back(*std::move(machine));
    }
    if (!desktops()) return out;
    auto left = leftovers(connect, config.models);
    if (!left) return left.error();
    std::ranges::move(*left, std::back_inserter(out));
    return out;
  }
};

Result<std::unique_ptr<LibvirtDriver>> LibvirtDriver::make(Config config, PluginHost& host) {
  if (auto good = check(config); !good) return good.error();
  return std::unique_ptr<LibvirtDriver>(new LibvirtDriver(std::make_shared<Manager>(std::move(config)), host));
}

template <class T, class Verb>
Result<T> LibvirtDriver::on_manager(std::chrono::milliseconds limit, Verb verb) {
  return worker_.run<T>(limit, [manager = manager_, verb = std::move(verb)]() -> Result<T> {
    const auto connect = manager->connection.get();
    if (!connect) return connect.error();
    Result<T> result = verb(*manager, connect->get());
    if (!result && virConnectIsAlive(connect->get()) != 1) {
      return fail("console.unreachable", result.error().detail, result.error().peer);
    }
    return result;
  });
}

template <class T, class Verb>
Result<T> LibvirtDriver::on_machine(std::string_view uuid, std::chrono::milliseconds limit, Verb verb) {
  if (!is_machine_uuid(uuid)) return fail("console.no_such_machine", "not a canonical UUID");
  return on_manager<T>(
      limit,
      [uuid = std::string(uuid), verb = std::move(verb)](const Manager& manager, virConnectPtr connect) -> Result<T> {
        const auto domain = find(connect, uuid);
        if (!domain) return domain.error();
        if (!manager.sees(domain->get())) return fail("console.no_such_machine", "not a desktop of this gate");
        return verb(manager, connect, domain->get());
      });
}

Result<std::vector<Machine>> LibvirtDriver::machines(std::chrono::milliseconds limit) {
  return on_manager<std::vector<Machine>>(
      limit, [](const Manager& manager, virConnectPtr connect) { return manager.list(connect); });
}

Result<Machine> LibvirtDriver::machine(std::string_view uuid, std::chrono::milliseconds limit) {
  return on_machine<Machine>(uuid, limit,
                             [](const Manager& manager, virConnectPtr, virDomainPtr domain) -> Result<Machine> {
                               auto out = describe(domain);
                               if (!out || !manager.desktops() || out->state != MachineState::running) return out;
                               const Model* model = manager.model(model_of(domain));
                               // Without an agent nobody can tell; it runs, and its screen shows the rest.
                               out->answers = model != nullptr && (model->account.empty() || agent_answers(domain));
                               return out;
                             });
}

Result<int> LibvirtDriver::screen(std::string_view uuid, std::chrono::milliseconds limit) {
  auto fd = on_machine<OwnedFd>(uuid, limit,
                                [](const Manager&, virConnectPtr, virDomainPtr domain) { return open_screen(domain); });
  if (!fd) return fd.error();
  return fd->release();
}

Result<int> LibvirtDriver::serial(std::string_view uuid, std::chrono::milliseconds limit) {
  auto fd = on_machine<OwnedFd>(uuid, limit, [](const Manager&, virConnectPtr connect, virDomainPtr domain) {
    return open_serial(connect, domain);
  });
  if (!fd) return fd.error();
  return fd->release();
}

Result<Picture> LibvirtDriver::picture(std::string_view uuid, std::chrono::milliseconds limit) {
  return on_machine<Picture>(uuid, limit, [](const Manager&, virConnectPtr connect, virDomainPtr domain) {
    return take_picture(connect, domain);
  });
}

Result<void> LibvirtDriver::power(std::string_view uuid, PowerAction action, std::chrono::milliseconds limit) {
  const auto index = static_cast<std::size_t>(action);
  if (index >= std::size(kActions) ||
      std::ranges::find(manager_->config.power, kActions[index]) == manager_->config.power.end()) {
    return fail("console.refused", "the configuration does not allow this");
  }
  auto done = on_machine<void>(uuid, limit, [action](const Manager&, virConnectPtr, virDomainPtr domain) {
    return switch_power(domain, action);
  });
  if (done) host_.log(kPower.id, {{"machine", uuid}, {"action", kActions[index]}});
  return done;
}

Result<void> LibvirtDriver::take_snapshot(std::string_view uuid, std::string_view name,
                                          std::chrono::milliseconds limit) {
  if (!manager_->config.snapshots) return fail("console.refused", "the configuration allows no snapshots");
  if (!is_machine_word(name, 64)) return fail("console.refused", "a snapshot's name is [a-z0-9_-]+");
  return on_machine<void>(uuid, limit, [name = std::string(name)](const Manager&, virConnectPtr, virDomainPtr domain) {
    return make_snapshot(domain, name);
  });
}

Result<void> LibvirtDriver::revert(std::string_view uuid, std::string_view name, std::chrono::milliseconds limit) {
  if (!manager_->config.snapshots) return fail("console.refused", "the configuration allows no snapshots");
  if (!is_machine_word(name, 64)) return fail("console.refused", "a snapshot's name is [a-z0-9_-]+");
  return on_machine<void>(uuid, limit, [name = std::string(name)](const Manager&, virConnectPtr, virDomainPtr domain) {
    return go_back(domain, name);
  });
}

Result<Machine> LibvirtDriver::create(const DesktopOrder& order, std::chrono::milliseconds limit) {
  if (!manager_->desktops()) return fail("console.refused", "role consoles makes no desktops");
  if (!is_machine_uuid(order.uuid)) return fail("console.no_such_machine", "not a canonical UUID");
  if (!is_machine_mac(order.mac)) return fail("console.refused", "not a hardware address of a card");
  if (manager_->model(order.model) == nullptr) return fail("console.refused", "no such model");
  return on_manager<Machine>(limit, [order](const Manager& manager, virConnectPtr connect) {
    return create_desktop(connect, *manager.model(order.model), order);
  });
}

Result<void> LibvirtDriver::destroy(std::string_view uuid, std::chrono::milliseconds limit) {
  if (!manager_->desktops()) return fail("console.refused", "role consoles ends no machines");
  if (!is_machine_uuid(uuid)) return fail("console.no_such_machine", "not a canonical UUID");
  return on_manager<void>(
      limit, [uuid = std::string(uuid)](const Manager& manager, virConnectPtr connect) -> Result<void> {
        const auto domain = find(connect, uuid);
        if (!domain && domain.error().code != "console.no_such_machine") return domain.error();
        return destroy_desktop(connect, domain ? domain->get() : nullptr, manager.config.models, uuid);
      });
}

Result<void> LibvirtDriver::set_login(std::string_view uuid, std::string_view account, const Secret& password,
                                      std::chrono::milliseconds limit) {
  if (!manager_->desktops()) return fail("console.refused", "role consoles gives no logins");
  const auto kept = std::make_shared<Secret>(password.clone());
  return on_machine<void>(uuid, limit,
                          [account = std::string(account), kept](const Manager& manager, virConnectPtr,
                                                                 virDomainPtr domain) -> Result<void> {
                            const Model* model = manager.model(model_of(domain));
                            if (model == nullptr || model->account.empty() || model->account != account) {
                              return fail("console.refused", "the model has no such account");
                            }
                            return set_account_password(domain, account, *kept);
                          });
}

Result<std::vector<MachineEvent>> LibvirtDriver::events(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  if (!manager_->connection.open()) {
    const auto tried = worker_.run<bool>(std::min(limit, kToConnect), [manager = manager_]() -> Result<bool> {
      const auto connect = manager->connection.get();
      if (!connect) return connect.error();
      return true;
    });
    if (!tried) {
      auto seen = manager_->connection.events().take(std::chrono::steady_clock::now());  // that it was lost, perhaps
      if (seen.empty()) return tried.error();
      return seen;
    }
  }
  return manager_->connection.events().take(end);
}

}  // namespace sekisho::libvirt
