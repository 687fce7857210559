#include "browser.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::browser::BrowserCheck;
using sekisho::browser::Config;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost&, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::PostureCheck>(new BrowserCheck(std::move(*config))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "browser", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<Config>, .create = &create)
