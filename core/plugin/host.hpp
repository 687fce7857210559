// SystemPluginHost: what production lends to plugins: the program's entropy, the log, bounded reading of files.
// Threads: any; read_file() at create(), on the loader's thread, and in Authenticator::refresh(), in a blocking pool.
// Ownership: Entropy and Log are borrowed and outlive the host.
#pragma once
#include "base/log.hpp"

#include <sekisho/sdk/plugin.hpp>

#include <string>

namespace sekisho::plugin {

class SystemPluginHost final : public PluginHost {
 public:
  /// `plugin` names the borrower in log lines; a host may serve one plugin or a whole program.
  SystemPluginHost(std::string plugin, Entropy& entropy, Log& log)
      : plugin_(std::move(plugin)), entropy_(entropy), log_(log) {}
  Entropy& entropy() override { return entropy_; }
  void log(std::string_view event, const nlohmann::json& fields) override { log_.plugin_event(plugin_, event, fields); }
  /// Errors: plugin.unreadable_file (absent, a link, no regular file, not absolute), plugin.unsafe_file,
  /// plugin.large_file
  /// (> 1 MiB).
  Result<std::string> read_file(std::string_view path) override;

 private:
  std::string plugin_;
  Entropy& entropy_;
  Log& log_;
};

}  // namespace sekisho::plugin
