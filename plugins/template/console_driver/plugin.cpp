#include "template_console_driver.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::template_console_driver::Config;
using sekisho::template_console_driver::SocketDriver;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::ConsoleDriver>(new SocketDriver(*std::move(config))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::console_driver, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::trusted_peer, .name = "template_console_driver", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
