// Machines of one local libvirt as a console driver. Verbs and limits: sdk/console_driver.hpp.
// Role "consoles" shows every machine and makes none; role "desktops" sees and touches only what create() made, known
// by a mark in the domain itself (T-62). Threads: any, several at once; each call runs on the driver's worker and comes
// back within its limit. Ownership: descriptors go to the caller; late ones are closed. Errors: console.*. Source:
// consoles.md §2.1; decisions.md "Libvirt roles".
#pragma once
#include "config.hpp"
#include "connection.hpp"
#include "worker.hpp"

#include <sekisho/sdk/console_driver.hpp>
#include <sekisho/sdk/plugin.hpp>

#include <memory>

namespace sekisho::libvirt {

class LibvirtDriver final : public ConsoleDriver {
 public:
  /// Errors: config.not_allowed for what the schema cannot say.
  [[nodiscard]] static Result<std::unique_ptr<LibvirtDriver>> make(Config config, PluginHost& host);

  [[nodiscard]] Result<std::vector<Machine>> machines(std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<int> screen(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<int> serial(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<Picture> picture(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<void> power(std::string_view uuid, PowerAction action, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<void> take_snapshot(std::string_view uuid, std::string_view name,
                                           std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<void> revert(std::string_view uuid, std::string_view name,
                                    std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<Machine> create(const DesktopOrder& order, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<void> destroy(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<void> set_login(std::string_view uuid, std::string_view account, const Secret& password,
                                       std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<std::vector<MachineEvent>> events(std::chrono::milliseconds limit) override;

 private:
  struct Manager;  // what the works on the worker's threads share
  LibvirtDriver(std::shared_ptr<Manager> manager, PluginHost& host) : manager_(std::move(manager)), host_(host) {}
  /// Runs `verb(manager, connection, domain)` for the machine of this name.
  template <class T, class Verb>
  [[nodiscard]] Result<T> on_machine(std::string_view uuid, std::chrono::milliseconds limit, Verb verb);
  template <class T, class Verb>
  [[nodiscard]] Result<T> on_manager(std::chrono::milliseconds limit, Verb verb);

  std::shared_ptr<Manager> manager_;
  PluginHost& host_;  // not for works on the worker's threads: a late one may outlive it
  Worker worker_;
};

}  // namespace sekisho::libvirt
