#include "antivirus.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::antivirus::AntivirusCheck;
using sekisho::antivirus::Config;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  std::string table(sekisho::antivirus::compiled_in_vendors());
  if (!config->vendors_file.empty()) {
    auto read = host.read_file(config->vendors_file);
    if (!read) return read.error();
    table = std::move(*read);
  }
  auto vendors = sekisho::antivirus::parse_vendors(table);
  if (!vendors) return vendors.error();
  auto check = AntivirusCheck::make(std::move(*config), std::move(*vendors));
  if (!check) return check.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::PostureCheck>(new AntivirusCheck(std::move(*check))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::posture_check, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "antivirus", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<Config>, .create = &create)
