#include "windows_update.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::windows_update::Config;
using sekisho::windows_update::UpdateCheck;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  std::string table(sekisho::windows_update::compiled_in_updates());
  if (!config->updates_file.empty()) {
    auto read = host.read_file(config->updates_file);
    if (!read) return read.error();
    table = std::move(*read);
  }
  auto releases = sekisho::windows_update::parse_releases(table);
  if (!releases) return releases.error();
  return sekisho::PluginObject(
      std::unique_ptr<sekisho::PostureCheck>(new UpdateCheck(std::move(*config), std::move(*releases))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "windows_update", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
