// create() throws what is no std::exception.
#include "broken.hpp"

SEKISHO_BROKEN_HEADER(create,
                      [](sekisho::PluginHost&, const nlohmann::json&) -> sekisho::Result<sekisho::PluginObject> {
                        throw 42;
                      })
