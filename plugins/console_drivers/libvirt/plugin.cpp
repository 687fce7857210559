#include "libvirt_driver.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::libvirt::Config;
using sekisho::libvirt::LibvirtDriver;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  auto driver = LibvirtDriver::make(*std::move(config), host);
  if (!driver) return driver.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::ConsoleDriver>(*std::move(driver)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::console_driver, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::trusted_peer, .name = "libvirt", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<Config>, .create = &create)
