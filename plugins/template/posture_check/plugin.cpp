#include "template_posture_check.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::template_posture_check::Config;
using sekisho::template_posture_check::DiskCheck;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::PostureCheck>(new DiskCheck(*config)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "template_posture_check", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
