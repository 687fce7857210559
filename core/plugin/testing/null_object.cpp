// create() gives a null pointer.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(create,
                      [](sekisho::PluginHost&, const nlohmann::json&) -> sekisho::Result<sekisho::PluginObject> {
                        return sekisho::PluginObject(std::unique_ptr<sekisho::Authenticator>());
                      })
