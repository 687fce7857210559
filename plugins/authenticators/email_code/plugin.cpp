#include "email_code.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<sekisho::email_code::Config>(json);
  if (!config) return config.error();
  auto pepper = host.read_file(config->pepper_file);
  if (!pepper) return pepper.error();
  auto factor = sekisho::email_code::EmailCode::make(*config, sekisho::Secret(std::move(*pepper)), host.entropy());
  if (!factor) return factor.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::Authenticator>(std::move(*factor)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "email_code", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<sekisho::email_code::Config>, .create = &create)
