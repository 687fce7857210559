#include "totp.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<sekisho::totp::Config>(json);
  if (!config) return config.error();
  auto key = host.read_file(config->key_file);
  if (!key) return key.error();
  auto factor = sekisho::totp::Totp::make(*config, sekisho::Secret(std::move(*key)), host.entropy());
  if (!factor) return factor.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::Authenticator>(std::move(*factor)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "totp", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<sekisho::totp::Config>, .create = &create)
