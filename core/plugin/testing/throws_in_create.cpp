// create() throws a std::exception.
#include "broken.hpp"

#include <stdexcept>

SEKISHO_BROKEN_HEADER(create,
                      [](sekisho::PluginHost&, const nlohmann::json&) -> sekisho::Result<sekisho::PluginObject> {
                        throw std::runtime_error("thrown by the plugin");
                      })
