// The part of SiteConfig that sekisho-hyperd reads: one entry a zone, each with its virtualisation managers.
// Included by site_config.hpp. Threads: plain values.
#pragma once
#include "base/plugin_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sekisho {

struct ManagerConfig {
  std::string name;  ///< as the registry's servers and desktops name it
  std::string role;  ///< consoles | desktops
  PluginConfig plugin;
  static void describe(auto& d) {
    d.field("name", &ManagerConfig::name, "Name of the manager, as the registry names it: [a-z0-9_-]+",
            {.range = {1, 32}, .required = true});
    d.field("role", &ManagerConfig::role, "consoles: screens of servers; desktops: makes and ends desktops",
            {.required = true, .one_of = {"consoles", "desktops"}});
    d.field("plugin", &ManagerConfig::plugin, "Console driver plugin");
  }
};
struct HyperConfig {
  std::string zone;
  std::uint32_t uid = 0;
  std::vector<ManagerConfig> managers;
  static void describe(auto& d) {
    d.field("zone", &HyperConfig::zone, "Zone whose machines these managers hold",
            {.required = true, .one_of = {"internet_business", "internet_dmz", "my_number"}});
    d.field("uid", &HyperConfig::uid, "User that its sekisho-hyperd runs as");
    d.field("managers", &HyperConfig::managers, "Virtualisation managers of the zone",
            {.range = {1, 16}, .required = true});
  }
};

}  // namespace sekisho
