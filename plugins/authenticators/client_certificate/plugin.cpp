#include "certificate.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<sekisho::client_certificate::Config>(json);
  if (!config) return config.error();
  auto factor = sekisho::client_certificate::CertificateFactor::make(*config, host);
  if (!factor) return factor.error();
  return sekisho::PluginObject(std::unique_ptr<sekisho::Authenticator>(std::move(*factor)));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::alpha,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "client_certificate", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<sekisho::client_certificate::Config>, .create = &create)
