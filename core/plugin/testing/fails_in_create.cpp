// create() gives an error.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(create,
                      [](sekisho::PluginHost&, const nlohmann::json&) -> sekisho::Result<sekisho::PluginObject> {
                        return sekisho::fail("broken.no_key", "the key is missing");
                      })
