// The plugin's one exported symbol.
#include "config.hpp"
#include "fortinet_path.hpp"

#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::PluginKind;
using sekisho::PluginPosture;
using sekisho::PluginStatus;
using sekisho::fortinet::FortinetConfig;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& config) {
  auto parsed = sekisho::read_config<FortinetConfig>(config);
  if (!parsed) return parsed.error();
  auto path = sekisho::fortinet::FortinetPath::make(std::move(*parsed));
  if (!path) return path.error();
  return sekisho::PluginObject(std::move(*path));
}

}  // namespace

SEKISHO_PLUGIN(.kind = PluginKind::access_path, .status = PluginStatus::alpha, .posture = PluginPosture::untrusted_peer,
               .name = "fortinet_sslvpn", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<FortinetConfig>, .create = &create)
