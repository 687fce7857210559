// Commands: each adds its subcommands to the command line and does its work when chosen.
// Threads: one. `exit_code` is set by the chosen command (0 done, 1 refused or failed).
#pragma once
#include "programs/sekishoctl/output.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sekisho::ctl {

struct Session {
  std::string socket = "/run/sekisho/control.sock";
  Output out;
  int exit_code = 0;

  /// Calls the API; shows a refusal and sets the exit code. False: refused.
  bool call(const std::string& method, const nlohmann::json& params, nlohmann::json& result);
};

void add_registry_commands(CLI::App& app, Session& session);
void add_live_commands(CLI::App& app, Session& session);
void add_journal_commands(CLI::App& app, Session& session);

/// A whole file, at most 16 MiB; "-" is stdin. Errors: ctl.unreadable.
[[nodiscard]] Result<std::string> read_input(const std::string& path);

}  // namespace sekisho::ctl
