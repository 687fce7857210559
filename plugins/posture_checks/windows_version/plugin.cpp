#include "windows_version.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::windows_version::Config;
using sekisho::windows_version::WindowsCheck;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  std::string table(sekisho::windows_version::compiled_in_builds());
  if (!config->builds_file.empty()) {
    auto read = host.read_file(config->builds_file);
    if (!read) return read.error();
    table = std::move(*read);
  }
  auto builds = sekisho::windows_version::parse_builds(table);
  if (!builds) return builds.error();
  return sekisho::PluginObject(
      std::unique_ptr<sekisho::PostureCheck>(new WindowsCheck(std::move(*config), std::move(*builds))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "windows_version", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
