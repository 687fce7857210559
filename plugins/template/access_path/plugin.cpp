#include "template_access_path.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::template_access_path::Config;
using sekisho::template_access_path::LinePath;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::shared_ptr<sekisho::AccessPath>(std::make_shared<LinePath>(*config)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::access_path, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "template_access_path", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
