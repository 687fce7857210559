// Screens behind Unix sockets in one directory: the smallest console driver.
// Threads: any worker; no state but the configuration. Ownership: screen() hands the socket over. The other verbs it
// leaves to the base class, which answers console.not_supported.
// Errors: console.no_such_machine, console.unreachable, console.timed_out. Source: sdk/console_driver.hpp.
#pragma once
#include "config.hpp"

#include <sekisho/sdk/console_driver.hpp>

namespace sekisho::template_console_driver {

class SocketDriver final : public ConsoleDriver {
 public:
  explicit SocketDriver(Config config) : config_(std::move(config)) {}
  [[nodiscard]] Result<std::vector<Machine>> machines(std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<Machine> machine(std::string_view uuid, std::chrono::milliseconds limit) override;
  [[nodiscard]] Result<int> screen(std::string_view uuid, std::chrono::milliseconds limit) override;

 private:
  [[nodiscard]] std::string path_of(std::string_view uuid) const;
  Config config_;
};

}  // namespace sekisho::template_console_driver
