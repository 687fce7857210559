#include "template_authenticator.hpp"

#include <sekisho/sdk/config.hpp>
#include <sekisho/sdk/plugin.hpp>

namespace {

using sekisho::template_authenticator::Config;
using sekisho::template_authenticator::PhraseFactor;

sekisho::Result<sekisho::PluginObject> create(sekisho::PluginHost& host, const nlohmann::json& json) {
  auto config = sekisho::read_config<Config>(json);
  if (!config) return config.error();
  auto text = host.read_file(config->phrase_file);
  if (!text) return text.error();
  text->resize(std::min(text->find('\n'), text->size()));
  if (text->empty())
    return sekisho::fail("template_authenticator.empty", config->phrase_file + ": its first line is empty");
  return sekisho::PluginObject(
      std::unique_ptr<sekisho::Authenticator>(new PhraseFactor(*std::move(config), sekisho::Secret(*std::move(text)))));
}

}  // namespace

SEKISHO_PLUGIN(.kind = sekisho::PluginKind::authenticator, .status = sekisho::PluginStatus::wip,
               .posture = sekisho::PluginPosture::untrusted_peer, .name = "template_authenticator", .version = "1.0.0",
               .needs = "", .schema = &sekisho::schema_text<Config>, .create = &create)
