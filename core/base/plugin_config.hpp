// One plugin as the site's configuration names it. Threads: plain values.
#pragma once
#include <nlohmann/json.hpp>

#include <string>

namespace sekisho {

struct PluginConfig {
  std::string plugin;                                ///< name of the plugin's manifest
  bool critical = true;                              ///< a failure keeps the program from starting
  nlohmann::json config = nlohmann::json::object();  ///< checked against the plugin's schema
  static void describe(auto& d) {
    d.field("plugin", &PluginConfig::plugin, "Name of the plugin: [a-z0-9_]+", {.range = {1, 64}, .required = true});
    d.field("critical", &PluginConfig::critical, "Whether its failure keeps the program from starting");
    d.field("config", &PluginConfig::config, "The plugin's own fields, checked against its schema");
  }
};

}  // namespace sekisho
