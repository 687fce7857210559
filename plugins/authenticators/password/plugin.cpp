#include "password.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<sekisho::password::Config>(json);
  if (!config) return config.error();
  return sekisho::PluginObject(
      std::unique_ptr<sekisho::Authenticator>(new sekisho::password::PasswordFactor(*config, host.entropy())));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "password", .version = "1.0.0", .needs = "",
               .schema = &sekisho::schema_text<sekisho::password::Config>, .create = &create)
