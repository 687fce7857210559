// Commands: each adds its subcommands to the command line and does its work when chosen.
// Threads: one. `exit_code` is set by the chosen command (0 done, 1 refused or failed).
#pragma once
#include "programs/sekishoctl/output.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace sekisho::ctl {

struct Session {
  std::string socket = "/run/sekisho/control.sock";
  Output out;
  int exit_code = 0;
  bool only_parse = false;  ///< a test asks whether a line is well formed: no command runs

  /// Calls the API; shows a refusal and sets the exit code. False: refused.
  bool call(const std::string& method, const nlohmann::json& params, nlohmann::json& result);
  void fails(const Error& error) { exit_code = out.failed(error); }
  /// Takes the value, or shows the error and sets the exit code.
  template <class T>
  bool take(Result<T> from, T& to) {
    if (!from) return fails(from.error()), false;
    to = std::move(*from);
    return true;
  }
};

/// `fn` runs when `command` has been parsed, and not in a dry parse.
void on(CLI::App* command, Session& session, std::function<void()> fn);

void add_registry_commands(CLI::App& app, Session& session);
void add_rights_commands(CLI::App& app, Session& session);
/// Below `person`.
void add_factor_commands(CLI::App& person, Session& session);
void add_ca_commands(CLI::App& app, Session& session);
void add_check_commands(CLI::App& app, Session& session);
void add_live_commands(CLI::App& app, Session& session);
void add_journal_commands(CLI::App& app, Session& session);
void add_recording_commands(CLI::App& app, Session& session);

/// The whole program. Exit codes: 0 done, 1 refused or failed, 2 the line is not well formed.
int run(int argc, const char* const* argv);
/// Empty: the words (program's name left out) are a complete command line. Otherwise what is wrong with them.
[[nodiscard]] std::string parse_error(const std::vector<std::string>& words);
/// Every command with its full name ("ca issue"), for the test of the documents.
[[nodiscard]] std::vector<std::string> command_names();

}  // namespace sekisho::ctl
