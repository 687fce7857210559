// The plugin's one exported symbol.
#include "posture_page.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::posture_page::Config;
using sekisho::posture_page::PosturePage;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::shared_ptr<sekisho::AccessPath>(std::make_shared<PosturePage>(std::move(*config))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::access_path, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "posture_page", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
