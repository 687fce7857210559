// The plugin's one exported symbol.
#include "entrance.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::ip_vpn::Config;
using sekisho::ip_vpn::Entrance;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::shared_ptr<sekisho::AccessPath>(std::make_shared<Entrance>(std::move(*config))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::access_path, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "ip_vpn", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<Config>, .create = &create)
